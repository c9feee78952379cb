#include "cli/feed.hpp"

#include <fmt/format.h>

#include "cli/input_files.hpp"

namespace datawal::cli {
namespace {

// Reports a fault of the input, not of the log. Everything before it was appended.
int fail_for_input(Console& console, const std::string& text) {
  return console.fail(exit_usage,
                      {.code = "input", .text = text + "; the records before it were appended, nothing after it was"});
}

// One input, record by record.
// @return false to stop before the next input
bool feed_from(Console& console, RecordLog& log, Durability& durability, const std::filesystem::path& dir,
               const std::string& key, InputRecords& input, FeedResult& fed) {
  for (;;) {
    const auto record = input.next();
    if (!record) {
      fed.status = fail_for_input(console, record.error());
      return false;
    }
    if (!*record) return true;
    const Result<RecordRef> ref = log.append_record(RecordType::Raw, key, **record, durability.write_options());
    if (!ref) {
      fed.status = console.fail(ref.error(), dir);
      console.note({.code = "stopped", .text = fmt::format("stopped at {}: it was not appended", input.place())});
      return false;
    }
    ++fed.records;
    fed.bytes += ref->len;
    durability.appended(ref->txid);
    if (durability.has_failed() || console.out().has_failed()) return false;
  }
}

}  // namespace

FeedResult feed(Console& console, RecordLog& log, const std::filesystem::path& dir, const FeedSource& source,
                Durability& durability, const StopSignal& stop) {
  InputBuffer buffer;
  FeedResult fed;
  for (const std::string& name : source.files) {
    const auto file = InputFile::open(name);
    if (!file && stop.is_requested()) break;  // while it waited for the writer of a FIFO
    if (!file) {
      fed.status = fail_for_input(console, file.error());
      break;
    }
    InputRecords input(file->fd(), file->shown_name(), source.framing, buffer, stop);
    if (!feed_from(console, log, durability, dir, source.key, input, fed) || stop.is_requested()) break;
  }
  return fed;
}

}  // namespace datawal::cli
