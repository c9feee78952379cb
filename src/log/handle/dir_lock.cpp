#include <datawal/dir_lock.hpp>

#include <memory>
#include <utility>

#include "log/directory/lock.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] DirLock::Impl {
  log::StoreLock lock;
};

DirLock::DirLock(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DirLock::DirLock(DirLock&&) noexcept = default;
DirLock& DirLock::operator=(DirLock&& other) noexcept {
  if (this != &other) {
    release();
    impl_ = std::move(other.impl_);
  }
  return *this;
}
DirLock::~DirLock() { release(); }

void DirLock::release() noexcept {
  if (impl_) impl_->lock.release();
  impl_.reset();
}

Result<DirLock> DirLock::acquire(const std::filesystem::path& dir, const OpenOptions& options) {
  if (Result<void> sensible = log::refuse_options(options); !sensible) return propagate(sensible);
  safeatomic::FileSystem& file_system = log::file_system_of(options.file_system);
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(file_system, dir);
  if (!directory) return propagate(directory);
  Result<log::StoreLock> lock = log::StoreLock::acquire(file_system, std::move(*directory), options.file_mode);
  if (!lock) return propagate(lock);
  return DirLock(std::make_unique<Impl>(std::move(*lock)));
}

}  // namespace datawal
