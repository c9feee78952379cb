#include "log/directory/store_owner.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

namespace datawal::log {

namespace {

using safeatomic::Access;
using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;

bool is_root() noexcept { return ::geteuid() == 0; }

bool is_no_segment(const safeatomic::Error& error) noexcept {
  return error.code == safeatomic::Errc::not_found || error.code == safeatomic::Errc::not_regular;
}

safeatomic::Result<Access> access_of_directory(const Directory& directory, std::uint32_t mode) {
  const safeatomic::Result<FileInfo> info = directory.info();
  if (!info) return safeatomic::propagate(info);
  return Access{.mode = mode & 0777U, .owner = info->owner, .group = info->group};
}

}  // namespace

StoreOwner StoreOwner::of(const Access& access) {
  StoreOwner owner;
  if (access.owner != 0 && is_root()) owner.access_ = access;
  return owner;
}

safeatomic::Result<StoreOwner> StoreOwner::of_segment(Directory& directory, std::uint32_t id, const FileInfo& info) {
  if (info.owner == 0 || !is_root()) return StoreOwner();
  const safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(segment::filename(id), {.inspect = true});
  if (!file) return safeatomic::propagate(file);
  const safeatomic::Result<Access> access = safeatomic::access_of(**file);
  if (!access) return safeatomic::propagate(access);
  return of(*access);
}

safeatomic::Result<StoreOwner> StoreOwner::of_directory(const Directory& directory, std::uint32_t mode) {
  if (!is_root()) return StoreOwner();
  const safeatomic::Result<Access> access = access_of_directory(directory, mode);
  if (!access) return safeatomic::propagate(access);
  return of(*access);
}

safeatomic::Result<StoreOwner> StoreOwner::of(Directory& directory, std::uint32_t mode) {
  if (!is_root()) return StoreOwner();
  const safeatomic::Result<std::vector<std::string>> names = directory.list();
  if (!names) return safeatomic::propagate(names);
  std::uint32_t newest = 0;
  for (const std::string& name : *names) newest = std::max(newest, segment::parse_filename(name).value_or(0));
  if (newest != 0) {
    const safeatomic::Result<FileInfo> info = directory.info_of(segment::filename(newest));
    if (!info && !is_no_segment(info.error())) return safeatomic::propagate(info);
    // Readers of the store refuse anything else by that name.
    if (info && info->kind == safeatomic::FileKind::regular) return of_segment(directory, newest, *info);
  }
  return of_directory(directory, mode);
}

safeatomic::Result<void> StoreOwner::give(File& made) const {
  if (!access_) return {};
  // If the mount or the user namespace decides ownership, the file stays as it is, like the others.
  return safeatomic::give_access(made, *access_, safeatomic::KeepAccess::if_possible);
}

safeatomic::Result<std::unique_ptr<File>> StoreOwner::create(safeatomic::FileSystem& file_system, Directory& directory,
                                                             std::string_view name, std::uint32_t mode) const {
  if (!access_) return directory.open_file(name, {.write = true, .create = true, .exclusive = true, .mode = mode});
  safeatomic::Result<safeatomic::TemporaryFile> made = safeatomic::TemporaryFile::create(file_system, directory, 0600);
  if (!made) return safeatomic::propagate(made);
  if (const safeatomic::Result<void> given = give(made->file()); !given) return safeatomic::propagate(given);
  if (const safeatomic::Result<void> synced = made->file().sync_all(); !synced) return safeatomic::propagate(synced);
  const safeatomic::Result<bool> named = made->publish_new(name);
  if (!named) return safeatomic::propagate(named);
  if (!*named) {
    return std::unexpected(
        safeatomic::Error{safeatomic::Errc::already_exists, "create", directory.path() / name, EEXIST});
  }
  return made->release();
}

}  // namespace datawal::log
