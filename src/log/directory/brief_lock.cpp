#include "log/directory/brief_lock.hpp"

#include <chrono>
#include <new>
#include <thread>
#include <utility>

#include "base/io_error.hpp"
#include "base/library_thread.hpp"

namespace datawal::log {

using safeatomic::File;

safeatomic::Result<std::shared_ptr<File>> open_to_lock(safeatomic::Directory& directory, std::string_view name) {
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(name, {.write = true});
  const bool may_be_there = file || (file.error().code != safeatomic::Errc::not_found &&
                                     file.error().code != safeatomic::Errc::not_regular);
  if (!file && may_be_there) file = directory.open_file(name, {});
  if (!file) return std::unexpected(std::move(file.error()));
  return std::shared_ptr<File>(std::move(*file));
}

Result<std::optional<BriefLock>> BriefLock::attempt(std::shared_ptr<File> file, std::string_view action) {
  const safeatomic::Result<bool> taken = file->try_lock(safeatomic::LockKind::flock);
  if (!taken) return io_failure(taken, action);
  if (!*taken) return std::nullopt;
  return BriefLock(std::move(file));
}

Result<BriefLock> BriefLock::wait_for(const std::shared_ptr<File>& file, std::string_view action) {
  using namespace std::chrono;
  const steady_clock::time_point until = steady_clock::now() + seconds(30);
  for (;;) {
    Result<std::optional<BriefLock>> lock = attempt(file, action);
    if (!lock) return propagate(lock);
    if (*lock) return std::move(**lock);
    if (steady_clock::now() >= until) {
      return std::unexpected(Error{.code = Errc::locked,
                                   .action = action,
                                   .path = file->path(),
                                   .detail = "another process has held its lock for half a minute"});
    }
    const CancellationOff off;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

BriefLock::~BriefLock() {
  if (!file_) return;
  try {
    (void)file_->unlock(safeatomic::LockKind::flock);
  } catch (const std::bad_alloc&) {
    return;  // for its error; it is given back when the file is closed
  }
}

}  // namespace datawal::log
