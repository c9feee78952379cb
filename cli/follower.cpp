#include "cli/follower.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "cli/human.hpp"
#include "cli/last_records.hpp"

namespace datawal::cli {
namespace {

constexpr std::uint64_t all_records = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Follower::Follower(Console& console, std::filesystem::path dir, RecordPrinter printer, std::uint64_t count,
                   bool only_durable)
    : console_(console),
      dir_(std::move(dir)),
      printer_(std::move(printer)),
      count_(count),
      only_durable_(only_durable) {}

int Follower::run(std::chrono::milliseconds interval) {
  Step step = open();
  while (step == Step::go_on) {
    if (!console_.out().flush()) return exit_done;  // Console::finish tells
    switch (stop_.pause(interval, STDOUT_FILENO)) {
      case StopSignal::Pause::over: step = poll(); break;
      case StopSignal::Pause::stopped: return exit_done;
      case StopSignal::Pause::reader_gone: return exit_usage;
    }
  }
  return status_;
}

Follower::Step Follower::open() {
  read_identity_ = identity();
  Result<RecordLogReader> reader = RecordLogReader::open(dir_, {.only_durable = only_durable_});
  if (!reader && reader.error().code == Errc::not_found) return wait_for_store();
  if (!reader) return fail(reader.error());
  if (reader->segments().empty()) return wait_for_store();
  const Result<TailStart> start = find_last_records(*reader, count_);
  if (!start) return fail(start.error());
  reader_ = std::move(*reader);
  return print(reader_->records_from(start->segment, 0), start->skipped);
}

Follower::Step Follower::poll() {
  if (!reader_) return open();
  if (identity() != read_identity_) {
    start_over();
    return open();
  }
  const Result<bool> has_more = reader_->refresh();
  if (!has_more) return fail(has_more.error());
  if (last_is_gone_) return print(cursor_after_change(), 0);
  if (!*has_more) return Step::go_on;
  return print(last_ ? reader_->records_after(*last_) : reader_->records(), 0);
}

Follower::Step Follower::print(RecordCursor cursor, std::uint64_t skip) {
  while (!stop_.is_requested() && !console_.out().has_failed()) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) return fail(next.error());
    last_is_gone_ = false;
    if (!*next) break;
    const RecordView& record = **next;
    last_ = record.ref;
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
    if (skip > 0) {
      --skip;
    } else {
      printer_.print_record(record);
    }
  }
  return Step::go_on;
}

RecordCursor Follower::cursor_after_change() const {
  const std::span<const std::uint32_t> ids = reader_->segments();
  const auto behind = last_ ? std::ranges::upper_bound(ids, last_->segment) : ids.begin();
  return behind == ids.begin() ? reader_->records() : reader_->records_from(*std::prev(behind), 0);
}

void Follower::start_over() {
  console_.note({.code = "replaced",
                 .text = fmt::format("{} was removed, or is another directory now: going on with what stands there",
                                     shell_word(dir_)),
                 .path = dir_});
  reader_.reset();
  last_.reset();
  last_is_gone_ = false;
  printed_ = {};
  count_ = all_records;
}

Follower::Step Follower::wait_for_store() {
  if (!waiting_was_told_) {
    console_.note({.code = "waiting",
                   .text = fmt::format("{} holds no store yet: waiting for one; `datawal append {}` makes it",
                                       shell_word(dir_), shell_word(dir_)),
                   .path = dir_});
  }
  waiting_was_told_ = true;
  count_ = all_records;  // what was waited for is new from its first record on
  return Step::go_on;
}

Follower::Step Follower::fail(const Error& error) {
  if (error.code == Errc::snapshot_expired || error.code == Errc::place_lost) {
    last_is_gone_ = reader_.has_value();
    return Step::go_on;
  }
  if (reader_ && identity() != read_identity_) return Step::go_on;  // removed while it was read: poll() starts over
  status_ = console_.fail(error, dir_);
  return Step::failed;
}

std::optional<Follower::Identity> Follower::identity() const {
  struct stat info{};
  if (::stat(dir_.c_str(), &info) != 0) return std::nullopt;
  return Identity{info.st_dev, info.st_ino};
}

}  // namespace datawal::cli
