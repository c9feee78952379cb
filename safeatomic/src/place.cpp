#include "place.hpp"

#include <cerrno>
#include <utility>

namespace safeatomic::detail {
namespace {

constexpr int links_max = 40;  // as in Linux

}  // namespace

Result<std::string> file_name_of(const std::filesystem::path& path) {
  std::string name = path.filename().native();
  if (name.empty() || name == "." || name == ".." || path.native().find('\0') != std::string::npos) {
    return std::unexpected(Error{Errc::invalid_argument, "find a file name in", path, 0});
  }
  return name;
}

Result<Place> open_place(FileSystem& file_system, const std::filesystem::path& path, bool follows_links) {
  std::filesystem::path wanted = path;
  for (int links = 0;; ++links) {
    Result<std::string> name = file_name_of(wanted);
    if (!name) return propagate(name);
    Result<std::unique_ptr<Directory>> directory = file_system.open_directory(wanted.parent_path());
    if (!directory) return propagate(directory);
    Place place{std::move(*directory), std::move(*name)};
    if (!follows_links) return place;
    const Result<FileInfo> there = place.directory->info_of(place.name);
    const bool may_be_link = there && there->kind == FileKind::other;
    if (!may_be_link) return place;  // the caller finds whatever else is wrong with it
    const Result<std::filesystem::path> target = place.directory->read_link(place.name);
    if (!target && target.error().code == Errc::not_regular) return place;
    if (!target) return propagate(target);
    if (links == links_max) return std::unexpected(Error{Errc::not_regular, "follow", path, ELOOP});
    wanted = wanted.parent_path() / *target;
  }
}

Result<void> sync_names_in(Directory& directory, const Settings& settings) {
  Result<void> synced = directory.sync();
  if (!synced && synced.error().code == Errc::unsupported && !settings.require_directory_sync) return {};
  return synced;
}

}  // namespace safeatomic::detail
