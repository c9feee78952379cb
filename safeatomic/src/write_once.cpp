#include <safeatomic/io.hpp>
#include <safeatomic/safeatomic.hpp>
#include <safeatomic/temporary.hpp>

#include "place.hpp"

namespace safeatomic {
namespace {

/// Makes the file; true if this call made it. Does not sync the directory.
Result<bool> make_once(FileSystem& file_system, Directory& directory, std::string_view name, std::string_view content,
                       std::uint32_t file_mode) {
  const Result<FileInfo> found = directory.info_of(name);
  if (found) return false;  // saves the temporary; publish_new decides
  if (found.error().code != Errc::not_found) return propagate(found);

  Result<TemporaryFile> temporary = TemporaryFile::create(file_system, directory, file_mode, name);
  if (!temporary) return propagate(temporary);
  if (const Result<void> written = write_all(temporary->file(), 0, content); !written) return propagate(written);
  if (const Result<void> synced = temporary->file().sync_all(); !synced) return propagate(synced);
  return temporary->publish_new(name);
}

}  // namespace

Result<bool> detail::write_once_in(FileSystem& file_system, Directory& directory, std::string_view name,
                                   std::string_view content, const Settings& settings) {
  const Result<bool> made = make_once(file_system, directory, name, content, settings.file_mode);
  if (!made) return made;
  // Also for an existing name: whoever made it may not have reached this line yet, or never will.
  if (const Result<void> synced = sync_names_in(directory, settings); !synced) return propagate(synced);
  return made;
}

Result<bool> write_once(const std::filesystem::path& path, std::string_view content, const Settings& settings) {
  FileSystem& file_system = detail::file_system_of(settings);
  const Result<detail::Place> place = detail::open_place(file_system, path);
  if (!place) return propagate(place);
  return detail::write_once_in(file_system, *place->directory, place->name, content, settings);
}

}  // namespace safeatomic
