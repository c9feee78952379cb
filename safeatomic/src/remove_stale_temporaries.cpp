#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <safeatomic/safeatomic.hpp>
#include <safeatomic/temporary.hpp>

#include "place.hpp"

namespace safeatomic {
namespace {

/// True if `name` was a stale temporary and this call removed it.
Result<bool> remove_if_stale(Directory& directory, const std::string& name, std::int64_t newest_ns) {
  if (!target_of_temporary(name)) return false;
  const Result<FileInfo> info = directory.info_of(name);
  if (!info && info.error().code == Errc::not_found) return false;
  if (!info) return propagate(info);
  if (info->kind != FileKind::regular || info->modified_ns > newest_ns) return false;
  const Result<void> removed = directory.unlink(name);
  if (!removed && removed.error().code == Errc::not_found) return false;
  if (!removed) return propagate(removed);
  return true;
}

}  // namespace

Result<std::uint64_t> remove_stale_temporaries(const std::filesystem::path& directory, std::chrono::seconds older_than,
                                               const Settings& settings) {
  const Result<std::unique_ptr<Directory>> opened = detail::file_system_of(settings).open_directory(directory);
  if (!opened) return propagate(opened);
  const Result<std::vector<std::string>> names = (*opened)->list();
  if (!names) return propagate(names);

  const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  const auto age = std::clamp(older_than, std::chrono::seconds(0), std::chrono::floor<std::chrono::seconds>(now));
  const std::int64_t newest_ns = (now - age).count();
  std::uint64_t removed_count = 0;
  std::optional<Error> first_error;
  for (const std::string& name : *names) {
    const Result<bool> removed = remove_if_stale(**opened, name, newest_ns);
    if (removed && *removed) ++removed_count;
    if (!removed && !first_error) first_error = removed.error();
  }
  if (first_error) return std::unexpected(*std::move(first_error));
  return removed_count;
}

}  // namespace safeatomic
