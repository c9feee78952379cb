#include "segment/listing.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"

namespace datawal::segment {
namespace {

Result<std::unique_ptr<safeatomic::Directory>> open(const std::filesystem::path& dir, const ReaderOptions& options) {
  safeatomic::FileSystem& file_system = options.file_system != nullptr ? *options.file_system
                                                                       : safeatomic::posix_file_system();
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> opened = file_system.open_directory(dir);
  if (!opened) return io_failure(opened, "open store");
  return std::move(*opened);
}

}  // namespace

Result<std::optional<Entry>> look_at(const safeatomic::Directory& directory, std::string_view name) {
  const std::optional<std::uint32_t> id = parse_filename(name);
  if (!id) return std::nullopt;
  const safeatomic::Result<safeatomic::FileInfo> info = directory.info_of(name);
  if (!info && info.error().code == safeatomic::Errc::not_found) return std::nullopt;
  if (!info) return io_failure(info, "inspect segment");
  if (info->kind != safeatomic::FileKind::regular) {
    return std::unexpected(Error{.code = Errc::corruption,
                                 .action = "use segment",
                                 .path = directory.path() / name,
                                 .segment = *id,
                                 .detail = "it is named like a segment, but is not a regular file"});
  }
  return Entry{.id = *id, .info = *info};
}

Result<std::vector<std::uint32_t>> list_ids(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<std::unique_ptr<safeatomic::Directory>> directory = open(dir, options);
  if (!directory) return propagate(directory);
  const safeatomic::Result<std::vector<std::string>> names = (*directory)->list();
  if (!names) return io_failure(names, "list segments");
  std::vector<std::uint32_t> ids;
  for (const std::string& name : *names) {
    const Result<std::optional<Entry>> entry = look_at(**directory, name);
    if (!entry) return propagate(entry);
    if (*entry) ids.push_back((*entry)->id);
  }
  std::ranges::sort(ids);
  return ids;
}

Result<std::optional<std::uint32_t>> active_id(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<std::vector<std::uint32_t>> ids = list_ids(dir, options);
  if (!ids) return propagate(ids);
  if (ids->empty()) return std::nullopt;
  return ids->back();
}

Result<std::uint32_t> next_id(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<std::optional<std::uint32_t>> active = active_id(dir, options);
  if (!active) return propagate(active);
  const std::uint32_t last = active->value_or(0);
  if (last >= max_id) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "number a new segment",
                                 .path = dir,
                                 .segment = last,
                                 .detail = "the ids are used up: 99999999 is the highest"});
  }
  return last + 1;
}

Result<std::uint64_t> size(const std::filesystem::path& dir, std::uint32_t id, const ReaderOptions& options) {
  const Result<std::unique_ptr<safeatomic::Directory>> directory = open(dir, options);
  if (!directory) return propagate(directory);
  const Result<std::optional<Entry>> entry = look_at(**directory, filename(id));
  if (!entry) return propagate(entry);
  if (!*entry) {
    return std::unexpected(Error{.code = Errc::not_found,
                                 .action = "inspect segment",
                                 .path = path(dir, id),
                                 .detail = "there is no such segment"});
  }
  return (*entry)->info.size;
}

}  // namespace datawal::segment
