#include "log/follower_cursor.hpp"

#include <array>
#include <memory>
#include <span>

#include <safeatomic/io.hpp>
#include <safeatomic/safeatomic.hpp>

#include "format/seam_error.hpp"

namespace datawal {

namespace {

constexpr std::string_view last_line = "last ";
constexpr std::string_view base_line = "base ";
constexpr std::string_view nowhere = "-";

// Two lines with the longest numbers there are, and one byte more, which shows that a file is longer.
constexpr std::size_t max_file_len = 2 * (5 + 10 + 20 + 10 + 20 + 8 + 4 + 1) + 1;

std::string text_of(const std::optional<RecordRef>& ref) { return ref ? to_string(*ref) : std::string(nowhere); }

// Takes the line that begins with `name` from `text`.
bool take_line(std::string_view& text, std::string_view name, std::optional<RecordRef>& ref) noexcept {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name) || end < name.size()) return false;
  const std::string_view place = text.substr(name.size(), end - name.size());
  text.remove_prefix(end + 1);
  if (place == nowhere) return true;
  ref = parse_record_ref(place);
  return ref.has_value();
}

std::unexpected<Error> not_ours(const std::filesystem::path& file) {
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "read cursor file",
                               .path = file,
                               .detail = "it does not hold the position of a follower"});
}

}  // namespace

std::string encode_follower_cursor(const FollowerCursor& cursor) {
  std::string text(last_line);
  text.append(text_of(cursor.last)).append("\n").append(base_line).append(text_of(cursor.base)).append("\n");
  return text;
}

std::optional<FollowerCursor> decode_follower_cursor(std::string_view text) noexcept {
  FollowerCursor cursor;
  if (!take_line(text, last_line, cursor.last) || !take_line(text, base_line, cursor.base) || !text.empty()) {
    return std::nullopt;
  }
  return cursor;
}

Result<std::optional<FollowerCursor>> read_follower_cursor(safeatomic::FileSystem& file_system,
                                                           const std::filesystem::path& file) {
  const std::filesystem::path parent = file.parent_path();
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> directory = file_system.open_directory(
      parent.empty() ? "." : parent);
  if (!directory) return format::lift(directory, "open directory of cursor file");
  safeatomic::Result<std::unique_ptr<safeatomic::File>> opened = (*directory)->open_file(file.filename().string(), {});
  if (!opened && opened.error().code == safeatomic::Errc::not_found) return std::optional<FollowerCursor>();
  if (!opened) return format::lift(opened, "open cursor file");
  std::array<char, max_file_len> buffer{};
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**opened, 0, std::span(buffer));
  if (!got) return format::lift(got, "read cursor file");
  const std::optional<FollowerCursor> cursor = decode_follower_cursor({buffer.data(), *got});
  if (!cursor) return not_ours(file);
  return cursor;
}

Result<void> write_follower_cursor(safeatomic::FileSystem& file_system, const std::filesystem::path& file,
                                   const FollowerCursor& cursor) {
  safeatomic::Result<void> written = safeatomic::write_atomic(file, encode_follower_cursor(cursor),
                                                              {.file_system = &file_system});
  if (!written) return format::lift(written, "write cursor file");
  return {};
}

}  // namespace datawal
