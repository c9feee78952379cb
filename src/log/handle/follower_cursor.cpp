#include "log/handle/follower_cursor.hpp"

#include <array>
#include <charconv>
#include <memory>
#include <span>

#include <safeatomic/io.hpp>
#include <safeatomic/safeatomic.hpp>

#include "base/io_error.hpp"

namespace datawal::log {

namespace {

constexpr std::string_view last_line = "last ";
constexpr std::string_view base_line = "base ";
constexpr std::string_view undecided_line = "undecided ";
constexpr std::string_view told_line = "told ";
constexpr std::string_view nowhere = "-";

// The longest valid file, plus one byte by which a longer one shows.
constexpr std::size_t max_file_len = 2 * (5 + 10 + 20 + 10 + 20 + 8 + 4 + 1) + (10 + 3 * 21) + (5 + 21) + 1;

std::string text_of(const std::optional<RecordRef>& ref) { return ref ? to_string(*ref) : std::string(nowhere); }

// Takes the line that begins with `name` from `text`; returns what follows the name.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) noexcept {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name) || end < name.size()) return std::nullopt;
  const std::string_view rest = text.substr(name.size(), end - name.size());
  text.remove_prefix(end + 1);
  return rest;
}

bool take_place(std::string_view& text, std::string_view name, std::optional<RecordRef>& ref) noexcept {
  const std::optional<std::string_view> place = take_line(text, name);
  if (!place) return false;
  if (*place == nowhere) return true;
  ref = parse_record_ref(*place);
  return ref.has_value();
}

// Numbers separated by single blanks.
bool take_numbers(std::string_view& text, std::string_view name, std::span<std::uint64_t* const> numbers) noexcept {
  const std::optional<std::string_view> line = take_line(text, name);
  if (!line) return false;
  std::string_view rest = *line;
  for (std::uint64_t* const number : numbers) {
    if (number != numbers.front()) {
      if (!rest.starts_with(' ')) return false;
      rest.remove_prefix(1);
    }
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *number);
    if (error != std::errc()) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  return rest.empty();
}

bool take_told(std::string_view& text, std::optional<std::uint64_t>& txid) noexcept {
  std::string_view none = text;
  if (take_line(none, told_line) == nowhere) {
    text = none;
    return true;
  }
  const std::array<std::uint64_t*, 1> number = {&txid.emplace()};
  return take_numbers(text, told_line, number);
}

// What a follower keeps: without a position nothing was shown; undecided records lie between base and position.
bool is_consistent(const FollowerCursor& cursor) noexcept {
  if (!cursor.last) return !cursor.base && cursor.undecided == UndecidedRecords{};
  if (cursor.base && cursor.base->txid > cursor.last->txid) return false;
  if ((cursor.undecided.count == 0) != (cursor.base == cursor.last)) return false;
  return cursor.undecided.count != 0 || cursor.undecided == UndecidedRecords{};
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
  text.append(undecided_line).append(std::to_string(cursor.undecided.count)).append(" ");
  text.append(std::to_string(cursor.undecided.bytes)).append(" ");
  text.append(std::to_string(cursor.undecided.digest)).append("\n");
  text.append(told_line)
      .append(cursor.told_txid ? std::to_string(*cursor.told_txid) : std::string(nowhere))
      .append("\n");
  return text;
}

std::optional<FollowerCursor> decode_follower_cursor(std::string_view text) noexcept {
  FollowerCursor cursor;
  UndecidedRecords& undecided = cursor.undecided;
  const std::array<std::uint64_t*, 3> of_undecided = {&undecided.count, &undecided.bytes, &undecided.digest};
  const bool is_whole = take_place(text, last_line, cursor.last) && take_place(text, base_line, cursor.base) &&
                        take_numbers(text, undecided_line, of_undecided) && take_told(text, cursor.told_txid) &&
                        text.empty() && is_consistent(cursor);
  return is_whole ? std::optional(cursor) : std::nullopt;
}

Result<std::optional<FollowerCursor>> read_follower_cursor(safeatomic::FileSystem& file_system,
                                                           const std::filesystem::path& file) {
  const std::filesystem::path parent = file.parent_path();
  safeatomic::Result<std::unique_ptr<safeatomic::Directory>> directory = file_system.open_directory(
      parent.empty() ? "." : parent);
  if (!directory) return io_failure(directory, "open directory of cursor file");
  safeatomic::Result<std::unique_ptr<safeatomic::File>> opened = (*directory)->open_file(file.filename().string(), {});
  if (!opened && opened.error().code == safeatomic::Errc::not_found) return std::optional<FollowerCursor>();
  if (!opened) return io_failure(opened, "open cursor file");
  std::array<char, max_file_len> buffer{};
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**opened, 0, std::span(buffer));
  if (!got) return io_failure(got, "read cursor file");
  const std::optional<FollowerCursor> cursor = decode_follower_cursor({buffer.data(), *got});
  if (!cursor) return not_ours(file);
  return cursor;
}

Result<void> write_follower_cursor(safeatomic::FileSystem& file_system, const std::filesystem::path& file,
                                   const FollowerCursor& cursor) {
  safeatomic::Result<void> written = safeatomic::write_atomic(file, encode_follower_cursor(cursor),
                                                              {.file_system = &file_system});
  if (!written) return io_failure(written, "write cursor file");
  return {};
}

}  // namespace datawal::log
