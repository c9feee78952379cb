#include "log/saved/saved_output.hpp"

#include <array>
#include <utility>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_owner.hpp"

namespace datawal::log {

Result<safeatomic::TemporaryFile> make_saved_file(safeatomic::FileSystem& file_system,
                                                  safeatomic::Directory& directory) {
  constexpr std::uint32_t mode = 0600;
  const safeatomic::Result<StoreOwner> owner = StoreOwner::of(directory, mode);
  if (!owner) return io_failure(owner, "inspect store");
  safeatomic::Result<safeatomic::TemporaryFile> file = safeatomic::TemporaryFile::create(file_system, directory, mode);
  if (!file) return io_failure(file, "write index");
  if (safeatomic::Result<void> given = owner->give(file->file()); !given) return io_failure(given, "give index");
  return std::move(*file);
}

Result<void> write_saved_metadata(safeatomic::File& file, SavedHeader header, const std::string& metadata) {
  header.metadata_crc = format::crc32c(metadata);
  if (safeatomic::Result<void> written = safeatomic::write_all(file, saved_header_len, metadata); !written) {
    return io_failure(written, "write index");
  }
  // By the clock that stamps the segments, which need not be the system's.
  const safeatomic::Result<safeatomic::FileInfo> info = file.info();
  if (!info) return io_failure(info, "write index");
  header.written_ns = static_cast<std::uint64_t>(info->modified_ns);
  const std::array<char, saved_header_len> begin = encode_saved_header(header);
  if (safeatomic::Result<void> written = safeatomic::write_all(file, 0, {begin.data(), begin.size()}); !written) {
    return io_failure(written, "write index");
  }
  return {};
}

Result<void> publish_saved(safeatomic::TemporaryFile& file, const char* name,
                           const std::function<Result<void>()>& sync_log) {
  if (safeatomic::Result<void> synced = file.file().sync_all(); !synced) return io_failure(synced, "sync index");
  if (Result<void> synced = sync_log(); !synced) return synced;  // what P says is promised from here on
  if (safeatomic::Result<void> named = file.publish_over(name); !named) return io_failure(named, "name index");
  return {};
}

}  // namespace datawal::log
