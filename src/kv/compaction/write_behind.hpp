#pragma once
// Writing a long file while its next bytes are being made.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::kv {

/// Writes a file from its beginning, and starts the writeback of what lies behind, so that the sync at the end has little to do.
/// One thread at a time.
class SequentialWriter {
 public:
  explicit SequentialWriter(safeatomic::File& file) : file_(file) {}

  [[nodiscard]] safeatomic::Result<void> write(std::string_view bytes);

 private:
  safeatomic::File& file_;
  std::uint64_t written_ = 0;
  std::uint64_t started_ = 0;
};

/// The same by a thread of its own, a buffer at a time. To be used by one thread, which leaves the writer alone but for between
/// wait() and write().
class WriteBehind {
 public:
  /// @return as start_thread
  [[nodiscard]] static Result<std::unique_ptr<WriteBehind>> start(SequentialWriter& writer);
  /// Waits until what was handed over is written, and ends the thread.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// Waits for the buffer that was handed over before; hands this one over and makes it empty.
  /// @return why a write before failed; nothing is written after that
  [[nodiscard]] safeatomic::Result<void> write(std::string& bytes);

  /// Waits until all is written.
  /// @return as write
  [[nodiscard]] safeatomic::Result<void> wait();

 private:
  explicit WriteBehind(SequentialWriter& writer) : writer_(writer) {}
  void run();
  [[nodiscard]] safeatomic::Result<void> write_without_throwing() noexcept;

  SequentialWriter& writer_;
  std::mutex mutex_;  // guards what follows, but for `bytes_` while it is full: then it is the thread's
  std::condition_variable changed_;
  std::string bytes_;
  bool is_full_ = false;
  bool is_ended_ = false;
  safeatomic::Result<void> result_;
  std::thread thread_;
};

}  // namespace datawal::kv
