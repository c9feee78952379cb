#include "log/directory/quarantine.hpp"

#include <optional>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_owner.hpp"
#include "segment/copy.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;

// `00000001.dwal.torn-56`, then `...-2`, `...-3`: the n-th name to try, n from 1.
std::string quarantine_name(std::uint32_t id, std::uint64_t offset, int n) {
  std::string name = segment::filename(id);
  name.append(".torn-").append(std::to_string(offset));
  if (n > 1) name.append("-").append(std::to_string(n));
  return name;
}

// Every torn tail is kept: a store that is torn at the same place again and again fills its directory, not this loop.
constexpr int max_names = 100'000;

std::unexpected<Error> names_used_up(const Directory& directory, std::uint32_t id, std::uint64_t offset) {
  return std::unexpected(Error{.code = Errc::already_exists,
                               .action = "quarantine a torn tail",
                               .path = directory.path() / quarantine_name(id, offset, 1),
                               .segment = id,
                               .offset = offset,
                               .detail = "too many quarantine files of this place; move them away"});
}

Result<safeatomic::TemporaryFile> copy_to_temporary(safeatomic::FileSystem& file_system, Directory& directory,
                                                    File& source, std::uint64_t begin, std::uint64_t end) {
  const safeatomic::Result<safeatomic::Access> access = safeatomic::access_of(source);
  if (!access) return io_failure(access, "inspect segment");
  safeatomic::Result<safeatomic::TemporaryFile> copy = safeatomic::TemporaryFile::create(
      file_system, directory, safeatomic::mode_without_list(*access));
  if (!copy) return io_failure(copy, "quarantine a torn tail");
  if (safeatomic::Result<void> copied = segment::copy_range(source, begin, end, copy->file()); !copied) {
    return io_failure(copied, "quarantine a torn tail");
  }
  if (safeatomic::Result<void> given = StoreOwner::of(*access).give(copy->file()); !given) {
    return io_failure(given, "copy a segment's owner and mode");
  }
  if (safeatomic::Result<void> synced = copy->file().sync_all(); !synced) {
    return io_failure(synced, "sync the quarantined tail");
  }
  return std::move(*copy);
}

}  // namespace

Result<std::filesystem::path> quarantine_bytes(safeatomic::FileSystem& file_system, Directory& directory, File& source,
                                               std::uint32_t id, std::uint64_t begin, std::uint64_t end) {
  Result<safeatomic::TemporaryFile> copy = copy_to_temporary(file_system, directory, source, begin, end);
  if (!copy) {
    Error error = std::move(copy.error());
    error.segment = id;
    error.offset = begin;
    if (error.code == Errc::no_space) {
      error.detail = std::to_string(end - begin) +
                     " bytes are needed to keep what is cut; free them, or open without quarantine_torn_tail";
    }
    return std::unexpected(std::move(error));
  }
  for (int n = 1; n <= max_names; ++n) {
    const std::string name = quarantine_name(id, begin, n);
    const safeatomic::Result<bool> named = copy->publish_new(name);
    if (!named) return io_failure(named, "name the quarantined tail");
    if (!*named) continue;
    if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
    return directory.path() / name;
  }
  return names_used_up(directory, id, begin);
}

Result<std::filesystem::path> quarantine_segment(Directory& directory, std::uint32_t id) {
  for (int n = 1; n <= max_names; ++n) {
    const std::string name = quarantine_name(id, 0, n);
    // Two programs never do this at once, since the caller holds the lock, so checking first is enough.
    const safeatomic::Result<safeatomic::FileInfo> there = directory.info_of(name);
    if (there) continue;
    if (there.error().code != safeatomic::Errc::not_found) return io_failure(there, "quarantine segment");
    if (safeatomic::Result<void> renamed = directory.rename(segment::filename(id), directory, name,
                                                            safeatomic::RenameMode::replace);
        !renamed) {
      return io_failure(renamed, "quarantine segment");
    }
    if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
    return directory.path() / name;
  }
  return names_used_up(directory, id, 0);
}

}  // namespace datawal::log
