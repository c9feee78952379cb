#include <safeatomic/safeatomic.hpp>

#include "place.hpp"

namespace safeatomic {
namespace {

constexpr int opening_attempts_max = 16;  // in case somebody keeps making and removing the file

/// Opens the file, making it if it is absent; never changes the mode of an existing one.
Result<std::unique_ptr<File>> open_or_make_file(Directory& directory, const std::string& name, std::uint32_t mode) {
  for (int attempt = 1;; ++attempt) {
    Result<std::unique_ptr<File>> file = directory.open_file(name, {.write = true, .append = true});
    if (file || file.error().code != Errc::not_found) return file;
    file = directory.open_file(name, {.write = true, .create = true, .exclusive = true, .mode = mode, .append = true});
    if (file || file.error().code != Errc::already_exists || attempt == opening_attempts_max) return file;
  }
}

/// Cuts off what we wrote, unless somebody has appended after it.
void take_back(File& file, const DataRange& ours) {
  if (ours.begin == ours.end) return;
  const Result<FileInfo> now = file.info();
  if (now && now->size == ours.end) static_cast<void>(file.truncate(ours.begin));
}

/// Appends all of `content`; in more than one write only if the system writes less than asked for.
Result<void> append_all(File& file, std::string_view content) {
  DataRange ours;
  bool is_in_one_piece = true;
  while (!content.empty()) {
    const Result<DataRange> piece = file.append(content);
    if (!piece && piece.error().code == Errc::interrupted) continue;
    if (!piece || piece->begin == piece->end) {
      if (is_in_one_piece) take_back(file, ours);
      if (!piece) return propagate(piece);
      return std::unexpected(Error{Errc::io, "append to", file.path(), 0});  // asking again could go on for ever
    }
    const bool is_first = ours.begin == ours.end;
    is_in_one_piece = is_in_one_piece && (is_first || piece->begin == ours.end);
    ours = {.begin = is_first ? piece->begin : ours.begin, .end = piece->end};
    content.remove_prefix(static_cast<std::size_t>(piece->end - piece->begin));
  }
  if (!is_in_one_piece) return std::unexpected(Error{Errc::io, "append in one piece to", file.path(), 0});
  return {};
}

}  // namespace

Result<void> write_append_fsync(const std::filesystem::path& path, std::string_view content, const Settings& settings) {
  const Result<detail::Place> place = detail::open_place(detail::file_system_of(settings), path,
                                                         settings.follow_symlinks);
  if (!place) return propagate(place);
  const Result<std::unique_ptr<File>> file = open_or_make_file(*place->directory, place->name, settings.file_mode);
  if (!file) return propagate(file);
  // Before anything is written, so that bytes never lack their name; each time, since nothing shows whether whoever made
  // the file did so.
  if (const Result<void> synced = detail::sync_names_in(*place->directory, settings); !synced) return synced;
  if (const Result<void> appended = append_all(**file, content); !appended) return appended;
  return (*file)->sync_all();
}

}  // namespace safeatomic
