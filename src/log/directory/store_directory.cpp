#include "log/directory/store_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include <datawal/record_log.hpp>
#include <datawal/segment.hpp>
#include <safeatomic/directories.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"

namespace datawal::log {

using safeatomic::Directory;
using safeatomic::FileSystem;

namespace {

std::unexpected<Error> empty_path() {
  return std::unexpected(Error{.code = Errc::invalid_argument, .action = "open store", .detail = "the path is empty"});
}

// A path to something other than a directory is the caller's mistake, not the disk's.
std::unexpected<Error> not_opened(const safeatomic::Error& failed) {
  Error error = error_of(failed, "open store");
  const bool is_no_directory = failed.os_errno == ENOTDIR || failed.os_errno == ELOOP ||
                               failed.os_errno == ENAMETOOLONG;
  if (is_no_directory) error.code = Errc::invalid_argument;
  return std::unexpected(std::move(error));
}

bool is_quarantine_name(std::string_view name) noexcept { return name.find(".dwal.torn-") != std::string_view::npos; }

}  // namespace

namespace {

// Recognizes a store by what one leaves in its directory, but not by what a refused or interrupted open leaves in any.
Result<bool> holds_store(Directory& directory) {
  const safeatomic::Result<std::vector<std::string>> names = directory.list();
  if (!names) return io_failure(names, "list store");
  return std::ranges::any_of(*names, [](const std::string& name) {
    return is_store_name(name) && name != lock_name && !safeatomic::is_temporary_name(name);
  });
}

Result<std::unique_ptr<Directory>> open_store_that_exists(FileSystem& file_system, const std::filesystem::path& dir,
                                                          const OpenOptions& options) {
  Result<std::unique_ptr<Directory>> directory = open_store_directory(file_system, dir);
  if (!directory) return directory;
  if (Result<void> wanted = refuse_mode(**directory, options.mode); !wanted) return propagate(wanted);
  if (Result<void> local = refuse_network(**directory, options); !local) return propagate(local);
  return directory;
}

}  // namespace

bool is_store_name(std::string_view name) {
  return name == lock_name || name == watermark_name || name == holds_name || name == index_name ||
         name == state_name || segment::parse_filename(name).has_value() || is_quarantine_name(name) ||
         safeatomic::is_temporary_name(name);
}

FileSystem& file_system_of(FileSystem* chosen) noexcept {
  return chosen != nullptr ? *chosen : safeatomic::posix_file_system();
}

Result<std::unique_ptr<Directory>> open_store_directory(FileSystem& file_system, const std::filesystem::path& dir) {
  if (dir.empty()) return empty_path();
  safeatomic::Result<std::unique_ptr<Directory>> opened = file_system.open_directory(dir);
  if (!opened) return not_opened(opened.error());
  return std::move(*opened);
}

Result<void> refuse_network(const Directory& directory, const OpenOptions& options) {
  if (options.allow_network_filesystem) return {};
  const safeatomic::Result<bool> network = directory.is_network();
  if (!network) return io_failure(network, "ask for the filesystem's type");
  if (!*network) return {};
  return std::unexpected(
      Error{.code = Errc::invalid_argument,
            .action = "open store",
            .path = directory.path(),
            .detail = "locks and mappings do not hold on a network filesystem; use a local one, or set "
                      "allow_network_filesystem if only this machine ever writes here"});
}

Result<void> refuse_mode(Directory& directory, OpenMode mode) {
  if (mode == OpenMode::create_if_missing) return {};
  Result<bool> there = holds_store(directory);
  if (!there) return propagate(there);
  if (mode == OpenMode::must_exist && !*there) {
    return std::unexpected(Error{
        .code = Errc::not_found, .action = "open store", .path = directory.path(), .detail = "it holds no segment"});
  }
  if (mode == OpenMode::must_be_new && *there) {
    return std::unexpected(Error{
        .code = Errc::already_exists, .action = "make store", .path = directory.path(), .detail = "it holds a store"});
  }
  return {};
}

Result<void> refuse_options(const OpenOptions& options) {
  const auto refused = [](const char* why) {
    return std::unexpected(Error{.code = Errc::invalid_argument, .action = "open store", .detail = why});
  };
  constexpr std::uint32_t known_bits = 07777;
  if ((options.file_mode & ~known_bits) != 0) return refused("file_mode has bits beyond 07777");
  if ((options.directory_mode & ~known_bits) != 0) return refused("directory_mode has bits beyond 07777");
  if ((options.file_mode & 0600) != 0600)
    return refused("file_mode does not let the owner read and write: the store could not be opened again");
  if ((options.directory_mode & 0700) != 0700)
    return refused("directory_mode does not let the owner read, write and enter: the store could not be opened again");
  const double ratio = options.auto_compact.garbage_ratio;
  if (!(ratio >= 0 && ratio <= 1)) return refused("auto_compact.garbage_ratio is not from 0 to 1");
  return {};
}

Result<std::unique_ptr<Directory>> make_store_directory(FileSystem& file_system, const std::filesystem::path& dir,
                                                        const OpenOptions& options) {
  if (dir.empty()) return empty_path();
  if (Result<void> sensible = refuse_options(options); !sensible) return propagate(sensible);
  if (options.mode == OpenMode::must_exist) return open_store_that_exists(file_system, dir, options);
  // New directories will lie on the filesystem of the lowest existing one.
  for (std::filesystem::path there = dir;; there = there.parent_path()) {
    const safeatomic::Result<std::unique_ptr<Directory>> found = file_system.open_directory(there);
    if (found) {
      if (there == dir) {
        if (Result<void> wanted = refuse_mode(**found, options.mode); !wanted) return propagate(wanted);
      }
      if (Result<void> local = refuse_network(**found, options); !local) return propagate(local);
      break;
    }
    if (found.error().code != safeatomic::Errc::not_found || there.empty()) return not_opened(found.error());
  }
  safeatomic::Result<std::unique_ptr<Directory>> made = safeatomic::make_directories(file_system, dir,
                                                                                     options.directory_mode);
  if (!made) return io_failure(made, "make directory");
  return std::move(*made);
}

Result<void> refuse_place_inside(FileSystem& file_system, const std::filesystem::path& place, const Directory& store,
                                 std::string_view action) {
  const safeatomic::Result<safeatomic::FileInfo> forbidden = store.info();
  if (!forbidden) return io_failure(forbidden, action);
  safeatomic::Result<std::unique_ptr<Directory>> at = file_system.open_directory(place);
  if (at) at = (*at)->open_parent();
  for (std::filesystem::path there = place; !at && !there.empty();) {
    there = there.parent_path() == there ? std::filesystem::path() : there.parent_path();
    at = file_system.open_directory(there);
  }
  for (std::uint64_t below = 0; at;) {
    const safeatomic::Result<safeatomic::FileInfo> info = (*at)->info();
    if (!info) return io_failure(info, action);
    if (info->inode == forbidden->inode && info->device == forbidden->device) {
      return std::unexpected(Error{.code = Errc::invalid_argument,
                                   .action = action,
                                   .path = place,
                                   .detail = "that is inside the store itself; name a place beside it"});
    }
    if (info->inode == std::exchange(below, info->inode)) return {};  // the root
    at = (*at)->open_parent();
  }
  return {};  // what cannot be opened is not ours to look into
}

namespace {

// Synced even if there is none: an earlier removal may have been cut short after the unlink.
Result<void> remove_caches(Directory& directory, std::initializer_list<const char*> names) {
  bool is_ours = false;
  for (const char* const name : names) {
    const safeatomic::Result<safeatomic::FileInfo> info = directory.info_of(name);
    if (!info && info.error().code != safeatomic::Errc::not_found) return io_failure(info, "remove index");
    if (info && info->kind != safeatomic::FileKind::regular) continue;
    is_ours = true;
    if (!info) continue;
    const safeatomic::Result<void> removed = directory.unlink(name);
    if (!removed && removed.error().code != safeatomic::Errc::not_found) return io_failure(removed, "remove index");
  }
  if (!is_ours) return {};
  if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
  return {};
}

}  // namespace

Result<void> remove_cache(Directory& directory, const char* name) { return remove_caches(directory, {name}); }
Result<void> remove_index_and_state(Directory& directory) { return remove_caches(directory, {index_name, state_name}); }

Result<void> sync_with_ancestors(Directory& directory) {
  if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
  if (safeatomic::Result<void> synced = safeatomic::sync_ancestors(directory); !synced) {
    return io_failure(synced, "sync directory");
  }
  return {};
}

Result<Quarantine> quarantine_in(Directory& directory) {
  const safeatomic::Result<std::vector<std::string>> names = directory.list();
  if (!names) return io_failure(names, "list store");
  Quarantine quarantine;
  for (const std::string& name : *names) {
    if (!is_quarantine_name(name)) continue;
    const safeatomic::Result<safeatomic::FileInfo> info = directory.info_of(name);
    if (!info) continue;  // moved away just now
    ++quarantine.files;
    quarantine.bytes += info->size;
  }
  return quarantine;
}

Result<StoreListing> list_store(Directory& directory) {
  const safeatomic::Result<std::vector<std::string>> names = directory.list();
  if (!names) return io_failure(names, "list store");
  StoreListing listing;
  for (const std::string& name : *names) {
    Result<std::optional<segment::Entry>> entry = segment::look_at(directory, name);
    if (!entry) return propagate(entry);
    if (*entry) {
      listing.segments.push_back(**entry);
    } else if (safeatomic::is_temporary_name(name)) {
      listing.temporaries.push_back(name);
    } else if (is_quarantine_name(name)) {
      ++listing.quarantined;
    }
  }
  std::ranges::sort(listing.segments, {}, &segment::Entry::id);
  return listing;
}

}  // namespace datawal::log

namespace datawal {

Result<bool> is_store(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (directory) return log::holds_store(**directory);
  const Error& error = directory.error();
  if (error.code == Errc::not_found || error.os_errno == ENOTDIR) return false;
  return propagate(directory);
}

}  // namespace datawal
