#pragma once
// What `--json` prints: one JSON object per line.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace datawal::cli {

/// Writes `{"schema":"datawal.cli.v1","kind":KIND,...}`, fields in the order of the calls. Names are ours and need no
/// escaping; texts may hold any bytes.
class JsonLine {
 public:
  explicit JsonLine(std::string_view kind) { start(kind); }

  /// Begins the next line, reusing the memory.
  void start(std::string_view kind);

  /// Bytes that are not well-formed UTF-8 become U+FFFD.
  JsonLine& text(std::string_view name, std::string_view value);
  JsonLine& texts(std::string_view name, std::span<const std::string> values);
  JsonLine& base64(std::string_view name, std::string_view bytes);
  JsonLine& number(std::string_view name, std::uint64_t value);
  JsonLine& boolean(std::string_view name, bool value);
  JsonLine& null(std::string_view name);
  /// A value that is already JSON.
  JsonLine& raw(std::string_view name, std::string_view json);

  /// The whole line with its newline. Nothing can be added afterwards.
  [[nodiscard]] std::string_view finish();

 private:
  void begin_field(std::string_view name);
  void append_quoted(std::string_view value);

  std::string line_;
};

}  // namespace datawal::cli
