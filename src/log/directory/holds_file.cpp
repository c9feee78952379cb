#include "log/directory/holds_file.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <safeatomic/io.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"
#include "format/holds.hpp"
#include "log/directory/brief_lock.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;
using safeatomic::FileSystem;
using safeatomic::TemporaryFile;

constexpr std::string_view reading = "read holds";
constexpr std::string_view changing = "change holds";

std::unexpected<Error> unreadable(const Directory& directory, Errc code, std::string detail) {
  return std::unexpected(
      Error{.code = code, .action = reading, .path = directory.path() / holds_name, .detail = std::move(detail)});
}

Result<std::vector<Hold>> read(const Directory& directory, File& file) {
  std::string bytes(format::max_holds_len + 1, '\0');  // one more shows that it is longer
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(file, 0, bytes);
  if (!got) return io_failure(got, reading);
  bytes.resize(*got);
  format::DecodedHolds decoded = format::decode_holds(bytes);
  switch (decoded.file) {
    case format::HoldsFile::whole: return std::move(decoded.holds);
    case format::HoldsFile::damaged:
      return unreadable(directory, Errc::corruption,
                        "it is damaged, so nobody knows what consumers still need, and nothing is given back");
    case format::HoldsFile::newer_version:
      return unreadable(directory, Errc::unsupported_version,
                        "it is of a newer version, so this one cannot tell what consumers still need");
  }
  std::unreachable();
}

// Null if there is none.
Result<std::shared_ptr<File>> open_holds(safeatomic::Result<std::shared_ptr<File>> file, const Directory& directory) {
  if (file) return std::move(*file);
  if (file.error().code == safeatomic::Errc::not_found) return std::shared_ptr<File>();
  if (file.error().code == safeatomic::Errc::not_regular) {
    return unreadable(directory, Errc::corruption, "it is not a regular file");
  }
  return io_failure(file, reading);
}

// True if `file` still has the name.
Result<bool> is_named(const Directory& directory, const File& file) {
  const safeatomic::Result<FileInfo> opened = file.info();
  if (!opened) return io_failure(opened, reading);
  const safeatomic::Result<FileInfo> named = directory.info_of(holds_name);
  if (!named && named.error().code == safeatomic::Errc::not_found) return false;
  if (!named) return io_failure(named, reading);
  return named->inode == opened->inode && named->device == opened->device;
}

// A new file with these holds, on the disk, without the name. `replaced` is null if there is none.
Result<TemporaryFile> write(FileSystem& file_system, Directory& directory, std::uint32_t mode, const File* replaced,
                            const std::vector<Hold>& holds) {
  safeatomic::Result<TemporaryFile> file = TemporaryFile::create(file_system, directory, mode);
  if (!file) return io_failure(file, changing);
  safeatomic::Result<void> done = safeatomic::write_all(file->file(), 0, format::encode_holds(holds));
  if (!done) return io_failure(done, changing);
  if (replaced != nullptr) {
    const safeatomic::Result<safeatomic::Access> access = safeatomic::access_of(*replaced);
    if (!access) return io_failure(access, changing);
    done = file->take_ownership_of(*access);
  } else {
    const safeatomic::Result<StoreOwner> owner = StoreOwner::of(directory, mode);
    if (!owner) return io_failure(owner, changing);
    done = owner->give(file->file());
  }
  if (!done) return io_failure(done, changing);
  if (safeatomic::Result<void> synced = file->file().sync_all(); !synced) return io_failure(synced, changing);
  return std::move(*file);
}

enum class Outcome : std::uint8_t { changed, nothing_to_do, overtaken };

// The first to make the name wins.
Result<Outcome> name_first(Directory& directory, TemporaryFile& file) {
  const safeatomic::Result<bool> named = file.publish_new(holds_name);
  if (named) return *named ? Outcome::changed : Outcome::overtaken;
  // A writer that opens the store removes temporaries as left over.
  if (named.error().code == safeatomic::Errc::not_found && directory.info()) return Outcome::overtaken;
  return io_failure(named, changing);
}

// Requires the lock of the file that has the name.
Result<Outcome> name_over(TemporaryFile& file) {
  const safeatomic::Result<void> named = file.publish_over(holds_name);
  if (named) return Outcome::changed;
  if (named.error().code == safeatomic::Errc::not_found) return Outcome::overtaken;
  return io_failure(named, changing);
}

// The file that has the name, locked; both are null if there is none.
struct Current {
  std::shared_ptr<File> file{};
  std::optional<BriefLock> lock{};
};

// nullopt: another file got the name meanwhile.
Result<std::optional<Current>> lock_current(Directory& directory) {
  Result<std::shared_ptr<File>> file = open_holds(open_to_lock(directory, holds_name), directory);
  if (!file) return propagate(file);
  if (!*file) return Current{};
  Result<BriefLock> lock = BriefLock::wait_for(*file, changing);
  if (!lock) return propagate(lock);
  const Result<bool> is_current = is_named(directory, **file);
  if (!is_current) return propagate(is_current);
  if (!*is_current) return std::nullopt;
  return Current{.file = std::move(*file), .lock = std::move(*lock)};
}

Result<Outcome> put(FileSystem& file_system, Directory& directory, std::uint32_t mode, const Current& current,
                    const std::vector<Hold>& holds) {
  if (holds.empty()) {
    const safeatomic::Result<void> removed = directory.unlink(holds_name);
    if (removed || removed.error().code == safeatomic::Errc::not_found) return Outcome::changed;
    return io_failure(removed, changing);
  }
  Result<TemporaryFile> written = write(file_system, directory, mode, current.file.get(), holds);
  if (!written) return propagate(written);
  return current.file ? name_over(*written) : name_first(directory, *written);
}

Result<Outcome> attempt(FileSystem& file_system, Directory& directory, std::uint32_t mode, const HoldsChange& change) {
  const Result<std::optional<Current>> current = lock_current(directory);
  if (!current) return propagate(current);
  if (!*current) return Outcome::overtaken;
  Result<std::vector<Hold>> holds = std::vector<Hold>();
  if ((*current)->file) holds = read(directory, *(*current)->file);
  if (!holds) return propagate(holds);
  const Result<bool> is_changed = change.apply(*holds);
  if (!is_changed) return propagate(is_changed);
  Result<Outcome> outcome = Outcome::nothing_to_do;
  if (*is_changed) outcome = put(file_system, directory, mode, **current, *holds);
  if (!outcome || *outcome == Outcome::overtaken) return outcome;
  // Also if there was nothing to do: somebody may have done it before, and been unable to sync the directory.
  if (Result<void> synced = change.sync_names(); !synced) return propagate(synced);
  return outcome;
}

}  // namespace

std::uint64_t floor_of(std::span<const Hold> holds) noexcept {
  std::uint64_t floor = std::numeric_limits<std::uint64_t>::max();
  for (const Hold& hold : holds) floor = std::min(floor, hold.txid);
  return floor;
}

Result<std::vector<Hold>> read_holds(Directory& directory) {
  Result<std::shared_ptr<File>> file = open_holds(directory.open_file(holds_name, {}), directory);
  if (!file) return propagate(file);
  if (!*file) return std::vector<Hold>();
  return read(directory, **file);
}

Result<bool> change_holds(FileSystem& file_system, Directory& directory, std::uint32_t mode,
                          const HoldsChange& change) {
  constexpr int max_tries = 1000;  // each time somebody else has got ahead
  for (int tries = 0; tries < max_tries; ++tries) {
    const Result<Outcome> outcome = attempt(file_system, directory, mode, change);
    if (!outcome) return propagate(outcome);
    if (*outcome != Outcome::overtaken) return *outcome == Outcome::changed;
  }
  return std::unexpected(Error{.code = Errc::locked,
                               .action = changing,
                               .path = directory.path() / holds_name,
                               .detail = "others keep changing it"});
}

}  // namespace datawal::log
