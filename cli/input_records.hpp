#pragma once
// Cutting input into records.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/record.hpp>

#include "cli/framing.hpp"
#include "cli/stop_signal.hpp"

namespace datawal::cli {

/// Memory for the input that is being cut: enough for the longest record and its separator, allocated once and touched only as
/// far as the records need it.
class InputBuffer {
 public:
  static constexpr std::size_t capacity = std::size_t{max_payload_len} + 8;
  InputBuffer() : bytes_(std::make_unique_for_overwrite<char[]>(capacity)) {}
  [[nodiscard]] char* data() noexcept { return bytes_.get(); }

 private:
  std::unique_ptr<char[]> bytes_;
};

/// The records of one input, which it reads itself. One thread.
class InputRecords {
 public:
  /// @param fd    open for reading; not owned
  /// @param name  for messages
  InputRecords(int fd, std::string name, Framing framing, InputBuffer& buffer, const StopSignal& stop);

  /// The next record, in the buffer until the next call; nullopt at the end, or when a stop was asked for.
  /// @return a sentence that names the input and the record: it cannot be read, a record is too long, or the last
  ///   length-prefixed record is cut. Every record before it was returned.
  [[nodiscard]] std::expected<std::optional<std::string_view>, std::string> next();

  /// Where the record that next() returned last, or failed to, stands: "FILE, line 17".
  [[nodiscard]] std::string place() const;

 private:
  using Outcome = std::expected<std::optional<std::string_view>, std::string>;

  Outcome next_separated(char separator);
  Outcome next_whole();
  Outcome next_length_prefixed();

  /// Reads what there is, at least one byte unless the input ends or a stop is asked for.
  std::expected<void, std::string> fill();
  std::string_view take(std::size_t len, std::size_t skip);
  [[nodiscard]] std::string_view buffered() const noexcept { return {buffer_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] std::unexpected<std::string> too_long(std::string_view how) const;

  const int fd_;
  const std::string name_;
  const Framing framing_;
  InputBuffer& buffer_;
  const StopSignal& stop_;
  std::size_t begin_ = 0;  // of what is buffered
  std::size_t end_ = 0;
  std::uint64_t number_ = 0;  // of the record returned last, from 1
  bool at_end_ = false;
  bool stopped_ = false;
};

}  // namespace datawal::cli
