#include <safeatomic/io.hpp>
#include <safeatomic/safeatomic.hpp>

#include "place.hpp"

namespace safeatomic {
namespace {

constexpr int opening_attempts_max = 16;  // against somebody who makes and removes the file all the time

/// Opens the file, making it if it is absent; never changes the mode of one that is there.
Result<std::unique_ptr<File>> open_or_make_file(Directory& directory, const std::string& name, std::uint32_t mode) {
  for (int attempt = 1;; ++attempt) {
    Result<std::unique_ptr<File>> file = directory.open_file(name, {.write = true});
    if (file || file.error().code != Errc::not_found) return file;
    file = directory.open_file(name, {.write = true, .create = true, .exclusive = true, .mode = mode});
    if (file || file.error().code != Errc::already_exists || attempt == opening_attempts_max) return file;
  }
}

}  // namespace

Result<void> write_append_fsync(const std::filesystem::path& path, std::string_view content, const Settings& settings) {
  const Result<detail::Place> place = detail::open_place(detail::file_system_of(settings), path);
  if (!place) return propagate(place);
  const Result<std::unique_ptr<File>> file = open_or_make_file(*place->directory, place->name, settings.file_mode);
  if (!file) return propagate(file);
  const Result<FileInfo> before = (*file)->info();
  if (!before) return propagate(before);

  if (before->size == 0) {
    // Before anything is in it: an append that finds bytes may then rely on the name being on the disk.
    if (const Result<void> synced = place->directory->sync(); !synced) return synced;
  }
  if (const Result<void> written = write_all(**file, before->size, content); !written) {
    static_cast<void>((*file)->truncate(before->size));
    return written;
  }
  return (*file)->sync_all();
}

}  // namespace safeatomic
