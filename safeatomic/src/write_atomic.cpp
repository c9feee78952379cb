#include <optional>

#include <safeatomic/io.hpp>
#include <safeatomic/safeatomic.hpp>
#include <safeatomic/temporary.hpp>

#include "place.hpp"

namespace safeatomic {
namespace {

constexpr std::uint32_t private_mode = 0600;  // until the replaced file's own mode is taken over

/// The file that is about to be replaced, if there is one.
Result<std::optional<FileInfo>> replaced_file(const Directory& directory, const std::string& name) {
  const Result<FileInfo> info = directory.info_of(name);
  if (!info && info.error().code == Errc::not_found) return std::nullopt;
  if (!info) return propagate(info);
  if (info->kind != FileKind::regular) {
    return std::unexpected(Error{Errc::not_regular, "replace", directory.path() / name, 0});
  }
  return *info;
}

}  // namespace

Result<void> write_atomic(const std::filesystem::path& path, std::string_view content, const Settings& settings) {
  FileSystem& file_system = detail::file_system_of(settings);
  const Result<detail::Place> place = detail::open_place(file_system, path);
  if (!place) return propagate(place);
  const Result<std::optional<FileInfo>> replaced = replaced_file(*place->directory, place->name);
  if (!replaced) return propagate(replaced);

  const std::uint32_t mode = replaced->has_value() ? private_mode : settings.file_mode;
  Result<TemporaryFile> temporary = TemporaryFile::create(file_system, *place->directory, mode);
  if (!temporary) return propagate(temporary);
  if (const Result<void> written = write_all(temporary->file(), 0, content); !written) return written;
  if (replaced->has_value()) {
    if (const Result<void> taken = temporary->take_ownership_of(**replaced); !taken) return taken;
  }
  if (const Result<void> synced = temporary->file().sync_all(); !synced) return synced;
  if (const Result<void> published = temporary->publish_over(place->name); !published) return published;
  return place->directory->sync();
}

}  // namespace safeatomic
