#include "cli/reading.hpp"

#include <fmt/format.h>

#include <datawal/text.hpp>

#include "cli/hints.hpp"
#include "cli/verdict.hpp"

namespace datawal::cli {

ExitCode fail_for_empty_store(Console& console, const std::filesystem::path& dir) {
  return console.fail(exit_usage,
                      {.code = "not_found",
                       .text = fmt::format("{} holds no segment: it is no store, or nothing was ever appended; {}",
                                           shell_word(dir), hint_to_make(dir, console.command())),
                       .path = dir});
}

std::optional<RecordLogReader> open_to_read(Console& console, const std::filesystem::path& dir, int& status) {
  Result<RecordLogReader> reader = RecordLogReader::open(dir);
  if (!reader) {
    status = console.fail(reader.error(), dir);
    return std::nullopt;
  }
  if (reader->segments().empty()) {
    status = fail_for_empty_store(console, dir);
    return std::nullopt;
  }
  return std::move(*reader);
}

ExitCode fail_for_torn_tail(Console& console, const std::filesystem::path& dir, const RecordLogReader& reader,
                            const RecordCursor& cursor, const RecordRef& last) {
  const std::uint32_t active = reader.segments().back();
  const std::uint64_t offset = last.segment == active ? last.offset + last.len : 0;
  const Trouble trouble = torn_tail(dir, active, offset, cursor.report().tail_bytes_discarded);
  return console.fail(trouble.status, trouble.message);
}

int walk(Console& console, const std::filesystem::path& dir, const RecordLogReader& reader, RecordCursor& cursor,
         const std::function<bool(const RecordView&)>& visit) {
  RecordRef last;
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) return console.fail(next.error(), dir);
    if (!*next) break;
    last = (*next)->ref;
    if (!visit(**next) || console.out().has_failed()) return exit_done;
  }
  if (!cursor.report().tail_truncated) return exit_done;
  return fail_for_torn_tail(console, dir, reader, cursor, last);
}

}  // namespace datawal::cli
