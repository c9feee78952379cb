#include "cli/follower.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <limits>
#include <system_error>
#include <utility>

#include "cli/human.hpp"
#include "cli/last_records.hpp"

namespace datawal::cli {
namespace {

constexpr std::uint64_t all_records = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TailFollower::TailFollower(Console& console, std::filesystem::path dir, RecordPrinter printer, FollowOptions options)
    : console_(console), dir_(std::move(dir)), printer_(std::move(printer)), options_(std::move(options)) {}

int TailFollower::run(std::chrono::milliseconds interval) {
  Step step = open();
  for (;;) {
    if (!console_.out().flush()) return status_;  // Console::finish tells
    if (save() == Step::failed || step == Step::failed) return status_;
    switch (stop_.pause(interval, STDOUT_FILENO)) {
      case StopSignal::Pause::over: step = poll(); break;
      case StopSignal::Pause::stopped: return exit_done;
      case StopSignal::Pause::reader_gone: return exit_usage;
    }
  }
}

TailFollower::Step TailFollower::open() {
  read_identity_ = identity_of(dir_);
  const Result<RecordLogReader> reader = RecordLogReader::open(dir_, {.only_durable = options_.only_durable});
  if (!reader && reader.error().code == Errc::not_found) return wait_for_store();
  if (!reader) return fail(reader.error());
  if (reader->segments().empty()) return wait_for_store();
  Result<std::optional<RecordRef>> before = find_start(*reader);
  if (!before) return fail(before.error());
  Result<Follower> follower = Follower::open(
      dir_, {.only_durable = options_.only_durable, .after = *before, .cursor_file = options_.cursor_file});
  if (!follower) return fail(follower.error());
  // A cursor file may be of another store that stood here. Then nothing of this one was printed, whatever its txids.
  const std::optional<RecordRef>& position = follower->position();
  if (options_.cursor_file.empty()) printed_.begin_behind(position ? position->txid : 0);
  is_to_save_ = !has_cursor_file();
  follower_ = std::move(*follower);
  return print();
}

Result<std::optional<RecordRef>> TailFollower::find_start(const RecordLogReader& reader) const {
  if (has_cursor_file()) return std::nullopt;
  if (options_.after_txid) return find_record_up_to(reader, *options_.after_txid);
  return find_record_before_last(reader, options_.count);
}

bool TailFollower::has_cursor_file() const {
  std::error_code ignored;
  return !options_.cursor_file.empty() && std::filesystem::exists(options_.cursor_file, ignored);
}

// What was printed has left this process by now.
TailFollower::Step TailFollower::save() {
  if (options_.cursor_file.empty() || !follower_ || !is_to_save_) return Step::go_on;
  if (const Result<void> saved = follower_->save(); !saved) {
    const int failed = console_.fail(saved.error(), dir_);
    if (status_ == exit_done) status_ = failed;
    return Step::failed;
  }
  is_to_save_ = false;
  return Step::go_on;
}

TailFollower::Step TailFollower::poll() {
  if (!follower_) return open();
  if (identity_of(dir_) != read_identity_) {
    start_over();
    return open();
  }
  return print();
}

TailFollower::Step TailFollower::print() {
  while (!stop_.is_requested() && !console_.out().has_failed()) {
    const Result<std::optional<RecordView>> next = follower_->next();
    if (!next && next.error().code == Errc::place_lost) {
      tell(follower_->lost());
      continue;
    }
    if (!next) return fail(next.error());
    if (!*next) break;
    is_to_save_ = true;
    const RecordView& record = **next;
    const Novelty novelty = printed_.judge(record);
    if (novelty == Novelty::seen) continue;
    if (novelty == Novelty::replaced) {
      console_.note({.code = "replaced",
                     .text = fmt::format("the writer took the record with txid {} back and gave its number to another "
                                         "one, which follows",
                                         record.txid),
                     .path = dir_});
    }
    printed_.remember(record);
    if (options_.filter.admits(record)) printer_.print_record(record);
  }
  return Step::go_on;
}

void TailFollower::tell(const LostRecords& lost) {
  is_to_save_ = true;
  if (lost.cause == LostRecords::Cause::replaced) {
    // What this run printed is told record by record, as it comes again. Of an earlier one only the number is known.
    if (printed_.is_empty() && !options_.cursor_file.empty()) tell_replaced(lost);
    return;
  }
  const bool is_trimmed = lost.cause == LostRecords::Cause::trimmed;
  console_.note({.code = is_trimmed ? "trimmed" : "compacted",
                 .text = fmt::format("{} txids, {} to {}, were {} before they could be printed",
                                     lost.last_txid - lost.first_txid + 1, lost.first_txid, lost.last_txid,
                                     is_trimmed ? "dropped" : "compacted away"),
                 .path = dir_});
}

void TailFollower::tell_replaced(const LostRecords& lost) {
  console_.note(
      {.code = "replaced",
       .text = fmt::format("of what was printed as {} notes it, the records with txids {} to {} are gone from "
                           "{}, or are others now: what stands there follows",
                           shell_word(options_.cursor_file), lost.first_txid, lost.last_txid, shell_word(dir_)),
       .path = dir_});
}

void TailFollower::start_over() {
  console_.note({.code = "replaced",
                 .text = fmt::format("{} was removed, or is another directory now: going on with what stands there",
                                     shell_word(dir_)),
                 .path = dir_});
  follower_.reset();
  printed_ = {};
  options_.count = all_records;
  options_.after_txid.reset();
}

TailFollower::Step TailFollower::wait_for_store() {
  if (!waiting_was_told_) {
    console_.note({.code = "waiting",
                   .text = fmt::format("{} holds no store yet: waiting for one; `datawal append {}` makes it",
                                       shell_word(dir_), shell_word(dir_)),
                   .path = dir_});
  }
  waiting_was_told_ = true;
  options_.count = all_records;  // what was waited for is new from its first record on
  return Step::go_on;
}

TailFollower::Step TailFollower::fail(const Error& error) {
  if (error.code == Errc::snapshot_expired) return Step::go_on;
  if (follower_ && identity_of(dir_) != read_identity_)
    return Step::go_on;  // removed while it was read: poll() starts over
  status_ = console_.fail(error, dir_);
  return Step::failed;
}

}  // namespace datawal::cli
