#include "ship/rebuild.hpp"

#include <fmt/format.h>

#include <optional>
#include <system_error>
#include <utility>

#include <datawal/format.hpp>
#include <datawal/log_rebuilder.hpp>
#include <datawal/record_log_reader.hpp>

#include "ship/rebuild_draft.hpp"
#include "ship/same.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

namespace {

LogRebuilder::Before before_of(const LogRebuilder& log) {
  if (!log.last()) return {};
  return {.txid = log.last()->txid, .crc = log.last()->crc};
}

Outcome<void> append(LogRebuilder& log, const Frames& frames) {
  if (Result<void> begun = log.begin_segment(frames.segment); !begun) return fail(begun.error());
  if (Result<void> done = log.append(frames.bytes, before_of(log)); !done) return fail(done.error());
  return {};
}

// The records of a store, one at a time.
class Local {
 public:
  explicit Local(RecordCursor cursor) : cursor_(std::move(cursor)) {}

  Outcome<void> move_on() {
    const Result<std::optional<RecordView>> next = cursor_.next();
    if (!next) return fail(next.error());
    at_ = *next ? std::optional((*next)->ref) : std::nullopt;
    return {};
  }
  [[nodiscard]] const std::optional<RecordRef>& at() const noexcept { return at_; }

 private:
  RecordCursor cursor_;
  std::optional<RecordRef> at_;
};

Outcome<void> compare_frames(std::string_view frames, Local& local, Verified& verified) {
  while (!frames.empty()) {
    const format::DecodedRecord record = format::decode_next(frames).record;  // was looked at before
    frames.remove_prefix(record.len);
    if (local.at() && local.at()->txid < record.txid) {
      return fail(exit_other_history,
                  fmt::format("the store has the record {}, and the stream lacks it", local.at()->txid));
    }
    if (!local.at() || local.at()->txid != record.txid) continue;  // compacted since
    if (local.at()->crc != record.crc) {
      return fail(exit_other_history,
                  fmt::format("the record {} of the store is another one than that of the stream", record.txid));
    }
    ++verified.compared;
    if (Outcome<void> moved = local.move_on(); !moved) return moved;
  }
  return {};
}

}  // namespace

Outcome<Rebuilt> rebuild(Stream& stream, const std::filesystem::path& out, const OnProgress& on_progress) {
  if (out.empty()) return fail(exit_usage, "name a new directory");
  const std::filesystem::path whole = std::filesystem::absolute(out).lexically_normal();
  const std::filesystem::path path = whole.has_filename() ? whole : whole.parent_path();
  std::error_code failed;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, failed))) {
    return fail(exit_usage, fmt::format("{} is there already: name a new directory", path.string()));
  }
  Outcome<RebuildDraft> draft = RebuildDraft::make(path.parent_path() /
                                                   ("." + path.filename().string() + ".datawal-rebuild"));
  if (!draft) return pass_on(draft);
  History history([&](const Frames& frames) { return append(draft->log(), frames); });
  const Outcome<Walked> walked = read_all(stream, history, BrokenEnd::refused, on_progress);
  if (!walked) return pass_on(walked);
  if (!history.head()) return fail(exit_usage, "the stream is empty: there is nothing to rebuild");
  if (Outcome<void> named = draft->name(path); !named) return pass_on(named);
  return Rebuilt{
      .units = walked->units, .records = history.records(), .last = history.head()->last, .floor = history.floor()};
}

Outcome<Verified> verify(Stream& stream, const std::filesystem::path& dir, const OnProgress& on_progress) {
  const Result<RecordLogReader> reader = RecordLogReader::open(dir, {.only_durable = true});
  if (!reader) return fail(reader.error());
  Local local(reader->records());
  if (Outcome<void> moved = local.move_on(); !moved) return pass_on(moved);
  Verified verified;
  History history([&](const Frames& frames) { return compare_frames(frames.bytes, local, verified); });
  const Outcome<Walked> walked = read_all(stream, history, BrokenEnd::refused, on_progress);
  if (!walked) return pass_on(walked);
  verified.units = walked->units;
  verified.voids = walked->voids;
  verified.foreign = walked->foreign;
  verified.records = history.records();
  verified.last = history.head() ? history.head()->last : 0;
  while (local.at()) {
    if (local.at()->txid <= verified.last) {
      return fail(exit_other_history,
                  fmt::format("the store has the record {}, and the stream lacks it", local.at()->txid));
    }
    ++verified.not_shipped;
    if (Outcome<void> moved = local.move_on(); !moved) return pass_on(moved);
  }
  if (history.head() && history.head()->crc) {
    const Outcome<void> reached = reaches(dir, {.txid = history.head()->last, .crc = *history.head()->crc});
    if (!reached) return pass_on(reached);
  }
  return verified;
}

}  // namespace datawal::ship
