#pragma once
// Splits a stream of bytes into lines, in bounded memory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/jsonl.hpp>

namespace datawal::kv {

/// One thread at a time.
class LineReader {
 public:
  /// @param max_line  bytes; a longer line is skipped in memory of that size
  /// @param padding   bytes that may be read after a line's end, whatever they hold
  LineReader(const JsonlSource& source, std::size_t max_line, std::size_t padding)
      : source_(source), max_line_(max_line), padding_(padding) {}

  struct Line {
    std::string_view text{};  ///< without its newline; valid until the next call
    bool too_long = false;    ///< then `text` is empty
  };

  /// The next line, nullopt at the end of the input. The last one need not end with a newline. Errors are the source's.
  [[nodiscard]] Result<std::optional<Line>> next();

  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  [[nodiscard]] Result<bool> fill();

  const JsonlSource& source_;
  const std::size_t max_line_;
  const std::size_t padding_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of the next line, in the buffer
  std::size_t filled_ = 0;
  std::uint64_t bytes_read_ = 0;
  bool at_end_ = false;
};

}  // namespace datawal::kv
