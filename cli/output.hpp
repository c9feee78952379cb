#pragma once
// Standard output that loses no bytes silently.

#include <mutex>
#include <string>
#include <string_view>

namespace datawal::cli {

/// A buffered stream over a descriptor that it does not own. The first failed write is kept and everything after it
/// dropped: the program asks at the end, and long loops ask on the way. A reader that takes nothing does not hold up the end that a
/// StopSignal asks for: then the write fails with EINTR. Any thread.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) { buffer_.reserve(buffer_len); }

  void write(std::string_view bytes);

  /// Writes what is buffered.
  /// @return false if anything was lost, now or earlier
  bool flush();

  [[nodiscard]] bool has_failed() const;
  [[nodiscard]] int os_errno() const;  ///< of the first failed write; 0 if none failed

 private:
  static constexpr std::size_t buffer_len = 64 * 1024;

  void write_out(std::string_view bytes);
  void flush_locked();

  const int fd_;
  mutable std::mutex mutex_;
  std::string buffer_;
  int os_errno_ = 0;
};

}  // namespace datawal::cli
