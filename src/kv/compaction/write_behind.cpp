#include "kv/compaction/write_behind.hpp"

#include <cerrno>
#include <new>
#include <utility>

#include <safeatomic/io.hpp>

#include "base/library_thread.hpp"

namespace datawal::kv {

namespace {

constexpr std::uint64_t writeback_step = 16ULL << 20;  // bytes

}  // namespace

safeatomic::Result<void> SequentialWriter::write(std::string_view bytes) {
  if (safeatomic::Result<void> done = safeatomic::write_all(file_, written_, bytes); !done) return done;
  written_ += bytes.size();
  if (written_ - started_ >= writeback_step) {
    (void)file_.start_writeback(started_, written_ - started_);
    started_ = written_;
  }
  return {};
}

Result<std::unique_ptr<WriteBehind>> WriteBehind::start(SequentialWriter& writer) {
  std::unique_ptr<WriteBehind> made(new WriteBehind(writer));
  Result<std::thread> thread = start_thread([behind = made.get()] { behind->run(); });
  if (!thread) return propagate(thread);
  made->thread_ = std::move(*thread);
  return made;
}

WriteBehind::~WriteBehind() {
  if (!thread_.joinable()) return;
  {
    const Locked guard(mutex_);
    is_ended_ = true;
  }
  changed_.notify_all();
  join(thread_);
}

safeatomic::Result<void> WriteBehind::wait() {
  const CancellationOff off;
  Lock guard(mutex_);
  while (is_full_) changed_.wait(mutex_);
  return result_;
}

safeatomic::Result<void> WriteBehind::write(std::string& bytes) {
  if (safeatomic::Result<void> before = wait(); !before) return before;
  {
    const Locked guard(mutex_);
    bytes_.swap(bytes);
    is_full_ = true;
  }
  changed_.notify_all();
  bytes.clear();
  return {};
}

// An exception in this thread would end the program: the next write returns it as an error instead.
safeatomic::Result<void> WriteBehind::write_without_throwing() noexcept {
  try {
    return writer_.write(bytes_);
  } catch (const std::bad_alloc&) {
    return std::unexpected(
        safeatomic::Error{.code = safeatomic::Errc::io, .action = "write", .path = {}, .os_errno = ENOMEM});
  }
}

void WriteBehind::run() {
  Lock guard(mutex_);
  for (;;) {
    while (!is_full_ && !is_ended_) changed_.wait(mutex_);
    if (!is_full_) return;
    guard.unlock();
    safeatomic::Result<void> written = write_without_throwing();
    guard.lock();
    result_ = std::move(written);
    is_full_ = false;
    changed_.notify_all();
  }
}

}  // namespace datawal::kv
