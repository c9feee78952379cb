#include "log/store_directory.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

#include "format/seam_error.hpp"

namespace datawal {

namespace {

using safeatomic::Directory;
using safeatomic::FileSystem;

Result<void> refuse_network(const Directory& directory, const OpenOptions& options) {
  if (options.allow_network_filesystem) return {};
  const safeatomic::Result<bool> network = directory.is_network();
  if (!network) return format::lift(network, "ask for the filesystem's type");
  if (!*network) return {};
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "open store",
                               .path = directory.path(),
                               .detail = "locks and mappings do not hold on a network filesystem; use a local one, or set "
                                         "allow_network_filesystem if only this machine ever writes here"});
}

Result<std::unique_ptr<Directory>> make_directory_at(FileSystem& file_system, const std::filesystem::path& dir,
                                                     const OpenOptions& options) {
  safeatomic::Result<std::unique_ptr<Directory>> opened = file_system.open_directory(dir);
  if (opened) {
    if (Result<void> local = refuse_network(**opened, options); !local) return propagate(local);
    return std::move(*opened);
  }
  if (opened.error().code != safeatomic::Errc::not_found || dir.empty()) return format::lift(opened, "open directory");
  if (!dir.has_filename()) return make_directory_at(file_system, dir.parent_path(), options);  // "a/b/" is "a/b"

  Result<std::unique_ptr<Directory>> parent = make_directory_at(file_system, dir.parent_path(), options);
  if (!parent) return propagate(parent);
  const std::string name = dir.filename().string();
  if (safeatomic::Result<void> made = (*parent)->make_directory(name, options.directory_mode);
      !made && made.error().code != safeatomic::Errc::already_exists) {
    return format::lift(made, "make directory");
  }
  if (safeatomic::Result<void> synced = (*parent)->sync(); !synced) return format::lift(synced, "sync directory");
  opened = (*parent)->open_directory(name);
  if (!opened) return format::lift(opened, "open directory");
  return std::move(*opened);
}

}  // namespace

FileSystem& file_system_of(FileSystem* chosen) noexcept {
  return chosen != nullptr ? *chosen : safeatomic::posix_file_system();
}

Result<std::unique_ptr<Directory>> open_store_directory(FileSystem& file_system, const std::filesystem::path& dir) {
  safeatomic::Result<std::unique_ptr<Directory>> opened = file_system.open_directory(dir);
  if (!opened) return format::lift(opened, "open store");
  return std::move(*opened);
}

Result<std::unique_ptr<Directory>> make_store_directory(FileSystem& file_system, const std::filesystem::path& dir,
                                                        const OpenOptions& options) {
  if (dir.empty()) {
    return std::unexpected(Error{.code = Errc::invalid_argument, .action = "open store", .detail = "the path is empty"});
  }
  return make_directory_at(file_system, dir, options);
}

Result<void> sync_with_ancestors(Directory& directory) {
  if (safeatomic::Result<void> synced = directory.sync(); !synced) return format::lift(synced, "sync directory");
  safeatomic::Result<safeatomic::FileInfo> info = directory.info();
  if (!info) return format::lift(info, "inspect directory");
  std::unique_ptr<Directory> above;
  for (Directory* at = &directory;;) {
    safeatomic::Result<std::unique_ptr<Directory>> parent = at->open_parent();
    if (!parent && parent.error().code == safeatomic::Errc::permission) {
      // It may not be opened, so it cannot be synced by itself; its filesystem as a whole can.
      if (safeatomic::Result<void> synced = directory.sync_file_system(); !synced) {
        return format::lift(synced, "sync filesystem");
      }
      return {};
    }
    if (!parent) return format::lift(parent, "open parent directory");
    safeatomic::Result<safeatomic::FileInfo> parent_info = (*parent)->info();
    if (!parent_info) return format::lift(parent_info, "inspect directory");
    if (parent_info->device != info->device || parent_info->inode == info->inode) return {};  // a mount point, or the root
    if (safeatomic::Result<void> synced = (*parent)->sync(); !synced) return format::lift(synced, "sync directory");
    info = parent_info;
    above = std::move(*parent);
    at = above.get();
  }
}

Result<StoreListing> list_store(Directory& directory) {
  const safeatomic::Result<std::vector<std::string>> names = directory.list();
  if (!names) return format::lift(names, "list store");
  StoreListing listing;
  for (const std::string& name : *names) {
    if (const std::optional<std::uint32_t> id = segment::parse_filename(name)) {
      const safeatomic::Result<safeatomic::FileInfo> info = directory.info_of(name);
      if (!info && info.error().code == safeatomic::Errc::not_found) continue;  // gone since it was listed
      if (!info) return format::lift(info, "inspect segment");
      if (info->kind != safeatomic::FileKind::regular) {
        return std::unexpected(Error{.code = Errc::corruption,
                                     .action = "list store",
                                     .path = directory.path() / name,
                                     .segment = *id,
                                     .detail = "it is named like a segment, but is not a regular file"});
      }
      listing.segments.push_back({*id, *info});
    } else if (safeatomic::is_temporary_name(name)) {
      listing.temporaries.push_back(name);
    } else if (name.find(".dwal.torn-") != std::string::npos) {
      ++listing.quarantined;
    }
  }
  std::ranges::sort(listing.segments, {}, &SegmentEntry::id);
  return listing;
}

}  // namespace datawal
