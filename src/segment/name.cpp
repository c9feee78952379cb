#include <datawal/segment.hpp>

namespace datawal::segment {
namespace {

constexpr std::size_t digits = 8;
constexpr std::string_view extension = ".dwal";

}  // namespace

std::string filename(std::uint32_t id) {
  std::string name = std::to_string(id);
  if (name.size() < digits) name.insert(0, digits - name.size(), '0');
  return name.append(extension);
}

std::filesystem::path path(const std::filesystem::path& dir, std::uint32_t id) { return dir / filename(id); }

std::optional<std::uint32_t> parse_filename(std::string_view name) noexcept {
  if (name.size() != digits + extension.size() || !name.ends_with(extension)) return std::nullopt;
  std::uint32_t id = 0;
  for (const char digit : name.substr(0, digits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    id = id * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (id == 0) return std::nullopt;
  return id;
}

}  // namespace datawal::segment
