#include "log/saved/saved_output.hpp"

#include <array>
#include <utility>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"

namespace datawal::log {

namespace {

std::string_view writing(bool is_state) noexcept { return is_state ? "write state" : "write index"; }

}  // namespace

Result<safeatomic::TemporaryFile> make_saved_file(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                                                  std::string_view name) {
  const std::string_view action = writing(name == state_name);
  constexpr std::uint32_t mode = 0600;
  const safeatomic::Result<StoreOwner> owner = StoreOwner::of(directory, mode);
  if (!owner) return io_failure(owner, "inspect store");
  safeatomic::Result<safeatomic::TemporaryFile> file = safeatomic::TemporaryFile::create(file_system, directory, mode);
  if (!file) return io_failure(file, action);
  if (safeatomic::Result<void> given = owner->give(file->file()); !given) return io_failure(given, action);
  return std::move(*file);
}

Result<void> write_saved_metadata(safeatomic::File& file, SavedHeader header, const std::string& metadata) {
  const std::string_view action = writing((header.flags & flag_has_directory) == 0);
  header.metadata_crc = format::crc32c(metadata);
  if (safeatomic::Result<void> written = safeatomic::write_all(file, saved_header_len, metadata); !written) {
    return io_failure(written, action);
  }
  // By the clock that stamps the segments, which need not be the system's.
  const safeatomic::Result<safeatomic::FileInfo> info = file.info();
  if (!info) return io_failure(info, action);
  header.written_ns = static_cast<std::uint64_t>(info->modified_ns);
  const std::array<char, saved_header_len> begin = encode_saved_header(header);
  if (safeatomic::Result<void> written = safeatomic::write_all(file, 0, {begin.data(), begin.size()}); !written) {
    return io_failure(written, action);
  }
  return {};
}

Result<void> publish_saved(safeatomic::TemporaryFile& file, const char* name,
                           const std::function<Result<void>()>& sync_log) {
  const std::string_view action = writing(std::string_view(name) == state_name);
  if (safeatomic::Result<void> synced = file.file().sync_all(); !synced) return io_failure(synced, action);
  if (Result<void> synced = sync_log(); !synced) return synced;  // what P says is promised from here on
  if (safeatomic::Result<void> named = file.publish_over(name); !named) return io_failure(named, action);
  return {};
}

}  // namespace datawal::log
