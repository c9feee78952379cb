#pragma once
// Writes a long file while its next bytes are being made.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/mutex.hpp"

namespace datawal::kv {

/// Writes a file from its beginning, and starts the writeback of what was written, so that the sync at the end has little to do.
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

/// The same in a thread of its own, a buffer at a time. Used by one thread, which may touch the writer only between wait() and
/// write().
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
  Mutex mutex_;
  Condition changed_;
  std::string bytes_;  // while it is full, the thread's; else whose `mutex_` is
  bool is_full_ DATAWAL_GUARDED_BY(mutex_) = false;
  bool is_ended_ DATAWAL_GUARDED_BY(mutex_) = false;
  safeatomic::Result<void> result_ DATAWAL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace datawal::kv
