#include "kv/jsonl/jsonl_import.hpp"

#include <memory>
#include <span>
#include <string>
#include <utility>

#include <simdjson.h>

#include <datawal/base64.hpp>
#include <datawal/record.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "kv/jsonl/line_reader.hpp"

namespace datawal::kv {

namespace {

constexpr std::size_t line_overhead = 256;  // bytes: names, quotes, and some white space by other writers
constexpr std::size_t max_line = base64_len(max_key_len) + base64_len(max_payload_len) + line_overhead;

// One line as a record. The views of the fields end with the next call.
class LineParser {
 public:
  // What is wrong with the line; empty if nothing is.
  [[nodiscard]] std::string_view parse(std::string_view line) {
    simdjson::dom::object object;
    // The reader keeps the padding after every line readable, so nothing is copied.
    if (parser_.parse(line.data(), line.size(), false).get(object) != simdjson::SUCCESS) return "it is no JSON object";
    bool has_key = false;
    bool has_value = false;
    for (const simdjson::dom::key_value_pair field : object) {
      std::string_view text;
      if (field.value.get(text) != simdjson::SUCCESS) return "a field is no string";
      if (field.key == "key_b64" && !has_key) {
        has_key = true;
        if (!decode_base64(text, key)) return "key_b64 is no base64";
      } else if (field.key == "value_b64" && !has_value) {
        has_value = true;
        if (!decode_base64(text, value)) return "value_b64 is no base64";
      } else {
        return "it has a field that is not key_b64 or value_b64, or one of them twice";
      }
    }
    if (!has_key) return "key_b64 is missing";
    if (!has_value) return "value_b64 is missing";
    if (key.size() > max_key_len) return "the key is too long";
    if (value.size() > max_payload_len) return "the value is too long";
    return {};
  }

  std::string key;
  std::string value;

 private:
  simdjson::dom::parser parser_;
};

bool is_blank(std::string_view line) noexcept { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

std::unexpected<Error> bad_line(const std::filesystem::path& name, std::uint64_t number, std::string_view what) {
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "import",
                               .path = name,
                               .detail = "line " + std::to_string(number) + ": " + std::string(what)});
}

}  // namespace

Result<ImportStats> import_lines(const JsonlSource& source, const std::filesystem::path& name,
                                 std::uint64_t bytes_total, const ImportOptions& options, const PutFunction& put) {
  constexpr std::uint64_t progress_interval = 4 << 20;  // bytes
  LineReader reader(source, max_line, simdjson::SIMDJSON_PADDING);
  LineParser parser;
  ImportStats stats;
  Progress progress{.bytes_total = bytes_total};
  for (std::uint64_t number = 1;; ++number) {
    Result<std::optional<LineReader::Line>> line = reader.next();
    if (!line) return propagate(line);
    if (!*line) break;
    if (is_blank((*line)->text) && !(*line)->too_long) continue;
    const std::string_view wrong = (*line)->too_long ? "it is longer than any record" : parser.parse((*line)->text);
    if (!wrong.empty()) {
      if (!options.skip_bad) return bad_line(name, number, wrong);
      ++stats.lines_rejected;
      continue;
    }
    ++stats.records_read;
    if (Result<void> written = put(parser.key, parser.value); !written) return propagate(written);
    ++stats.records_written;
    if (options.on_progress && reader.bytes_read() >= progress.bytes_done + progress_interval) {
      progress.bytes_done = reader.bytes_read();
      options.on_progress(progress);
    }
  }
  if (options.on_progress) options.on_progress({.bytes_done = reader.bytes_read(), .bytes_total = reader.bytes_read()});
  return stats;
}

Result<ImportStats> import_file(safeatomic::FileSystem& file_system, const std::filesystem::path& file,
                                const ImportOptions& options, const PutFunction& put) {
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> directory = file_system.open_directory(file.parent_path());
  if (!directory) return io_failure(directory, "import");
  safeatomic::Result<std::unique_ptr<safeatomic::File>> input = (*directory)->open_file(file.filename().string(), {});
  if (!input) return io_failure(input, "import");
  const safeatomic::Result<safeatomic::FileInfo> info = (*input)->info();
  if (!info) return io_failure(info, "import");
  std::uint64_t offset = 0;
  const JsonlSource source = [&](std::span<char> into) -> Result<std::size_t> {
    const safeatomic::Result<std::size_t> got = safeatomic::read_all(**input, offset, into);
    if (!got) return io_failure(got, "import");
    offset += *got;
    return *got;
  };
  return import_lines(source, file, info->size, options, put);
}

}  // namespace datawal::kv
