#include "place.hpp"

#include <utility>

namespace safeatomic::detail {

Result<std::string> file_name_of(const std::filesystem::path& path) {
  std::string name = path.filename().native();
  if (name.empty() || name == "." || name == ".." || path.native().find('\0') != std::string::npos) {
    return std::unexpected(Error{Errc::invalid_argument, "find a file name in", path, 0});
  }
  return name;
}

Result<Place> open_place(FileSystem& file_system, const std::filesystem::path& path) {
  Result<std::string> name = file_name_of(path);
  if (!name) return propagate(name);
  Result<std::unique_ptr<Directory>> directory = file_system.open_directory(path.parent_path());
  if (!directory) return propagate(directory);
  return Place{std::move(*directory), std::move(*name)};
}

}  // namespace safeatomic::detail
