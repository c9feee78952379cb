#include "ship/same.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/format.hpp>
#include <datawal/record_log_reader.hpp>

namespace datawal::ship {

namespace {

// A cursor at the begin of the segment that may hold `txid`.
Outcome<RecordCursor> cursor_before(const RecordLogReader& reader, std::uint64_t txid) {
  const std::span<const std::uint32_t> segments = reader.segments();
  for (std::size_t n = segments.size(); n-- > 0;) {
    RecordCursor cursor = reader.records_from(segments[n], 0);
    const Result<std::optional<RecordView>> first = cursor.next();
    if (!first) return fail(first.error());
    const bool is_before = *first && (*first)->txid <= txid && (*first)->ref.segment == segments[n];
    if (is_before) return reader.records_from(segments[n], 0);
  }
  return reader.records();
}

std::unexpected<Failure> forked(std::uint64_t txid) {
  return fail(exit_other_history,
              fmt::format("the record {} of the store is another one than that of the stream: two histories, which are "
                          "never merged. Rebuild a store from the stream, or ship this one into another stream",
                          txid));
}

// Also what is not durable.
Outcome<bool> is_there(const std::filesystem::path& dir, const Mark& mark) {
  const Result<RecordLogReader> reader = RecordLogReader::open(dir);
  if (!reader) return fail(reader.error());
  Outcome<RecordCursor> cursor = cursor_before(*reader, mark.txid);
  if (!cursor) return pass_on(cursor);
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor->next();
    if (!next) return fail(next.error());
    if (!*next || (*next)->txid > mark.txid) return false;
    if ((*next)->txid == mark.txid) return (*next)->ref.crc == mark.crc;
  }
}

std::unexpected<Failure> ends_before(const std::filesystem::path& dir, std::uint64_t last, const Mark& end) {
  const Outcome<bool> is_not_durable = is_there(dir, end);
  if (!is_not_durable) return pass_on(is_not_durable);
  if (*is_not_durable) {
    return fail(
        exit_usage,
        fmt::format("the store has the record {}, at which the stream ends, but nothing says that it is durable "
                    "there, as in a copy: that is so once its writer has opened it",
                    end.txid));
  }
  return fail(
      exit_other_history,
      fmt::format("the store ends with txid {}, and the stream with {}: an older copy. Rebuild a store from the "
                  "stream",
                  last, end.txid));
}

std::unexpected<Failure> lacks(std::uint64_t txid) {
  return fail(
      exit_other_history,
      fmt::format("the record {}, at which the stream ends, is not in the store any more: trimmed, compacted, or "
                  "another store. Rebuild a store from the stream",
                  txid));
}

// The frame of a record; empty if the store does not have it.
Outcome<std::string> frame_of(const std::filesystem::path& dir, std::uint64_t txid) {
  const Result<RecordLogReader> reader = RecordLogReader::open(dir, {.only_durable = true});
  if (!reader) return fail(reader.error());
  Outcome<RecordCursor> cursor = cursor_before(*reader, txid);
  if (!cursor) return pass_on(cursor);
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor->next();
    if (!next) return fail(next.error());
    if (!*next || (*next)->txid > txid) return std::string();
    if ((*next)->txid != txid) continue;
    const RecordView& record = **next;
    std::string frame(record.ref.len, '\0');
    (void)format::encode(record.type, record.txid, record.key, record.payload, frame);
    return frame;
  }
}

// All parts that are there, from the last one back.
Outcome<void> compare_parts(Stream& stream, const std::filesystem::path& dir, const StreamEnd& end) {
  const Head& head = *end.head;
  const Outcome<std::string> frame = frame_of(dir, head.part_txid);
  if (!frame) return pass_on(frame);
  if (frame->empty()) {
    return fail(exit_other_history,
                fmt::format("the stream has a part of the record {}, which the store does not have: an older copy, or "
                            "another store. Rebuild a store from the stream",
                            head.part_txid));
  }
  std::string chain = head.chain;
  std::uint32_t part = head.part;
  for (std::uint64_t sequence = end.at; part > 0; --sequence) {
    if (sequence == 0) return fail(exit_stream_damaged, "the stream lacks parts of its last record");
    const Outcome<std::optional<Message>> message = stream.get(sequence);
    if (!message) return pass_on(message);
    const bool is_it = *message && (*message)->unit && (*message)->unit->chain == chain;
    if (!is_it) continue;
    const std::uint64_t begin = part_begin(frame->size(), part, head.parts);
    const std::uint64_t size = part_begin(frame->size(), part + 1, head.parts) - begin;
    const auto ours = std::string_view(*frame).substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    if (ours != (*message)->body) return forked(head.part_txid);
    chain = (*message)->unit->before;
    --part;
  }
  return {};
}

// The records of the last unit; of one without, the one that it names.
Outcome<std::vector<Mark>> marks_of(Stream& stream, const StreamEnd& end) {
  const Outcome<std::optional<Message>> message = stream.get(end.at);
  if (!message) return pass_on(message);
  std::vector<Mark> marks;
  const bool is_frames = *message && (*message)->unit && (*message)->unit->kind == UnitKind::records &&
                         (*message)->unit->parts == 0;
  for (std::string_view left = is_frames ? (*message)->body : std::string_view(); !left.empty();) {
    const format::DecodeOutcome outcome = format::decode_next(left);
    if (!outcome) break;
    marks.push_back({.txid = outcome.record.txid, .crc = outcome.record.crc});
    left.remove_prefix(outcome.record.len);
  }
  const Mark last{.txid = end.head->last, .crc = *end.head->crc};
  const bool is_whole = !marks.empty() && marks.back().txid == last.txid && marks.back().crc == last.crc;
  if (!is_whole) marks.assign(1, last);
  return marks;
}

}  // namespace

Outcome<RecordRef> compare(const std::filesystem::path& dir, std::span<const Mark> marks) {
  const Result<RecordLogReader> reader = RecordLogReader::open(dir, {.only_durable = true});
  if (!reader) return fail(reader.error());
  Outcome<RecordCursor> cursor = cursor_before(*reader, marks.front().txid);
  if (!cursor) return pass_on(cursor);
  const std::uint64_t wanted = marks.back().txid;
  std::uint64_t last = 0;
  for (auto mark = marks.begin(); last < wanted;) {
    const Result<std::optional<RecordView>> next = cursor->next();
    if (!next) return fail(next.error());
    if (!*next) break;
    const RecordRef ref = (*next)->ref;
    last = ref.txid;
    if (last < marks.front().txid) continue;
    while (mark != marks.end() && mark->txid < last) ++mark;
    if (mark == marks.end()) break;
    if (mark->txid != last || mark->crc != ref.crc) return forked(last);
    if (last == wanted) return ref;
  }
  if (last < wanted) return ends_before(dir, last, marks.back());
  return lacks(wanted);
}

Outcome<void> reaches(const std::filesystem::path& dir, const Mark& end) {
  const Result<RecordLogReader> reader = RecordLogReader::open(dir, {.only_durable = true});
  if (!reader) return fail(reader.error());
  const Result<DurableEnd> durable = reader->durable_end();
  if (!durable) return fail(durable.error());
  if (durable->txid < end.txid) return ends_before(dir, durable->txid, end);
  return {};
}

Outcome<std::optional<RecordRef>> compare_end(Stream& stream, const std::filesystem::path& dir, const StreamEnd& end) {
  std::optional<RecordRef> after;
  if (!end.head) return after;
  if (end.head->crc) {
    const Outcome<std::vector<Mark>> marks = marks_of(stream, end);
    if (!marks) return pass_on(marks);
    const Outcome<RecordRef> same = compare(dir, *marks);
    if (!same) return pass_on(same);
    after = *same;
  }
  if (end.head->part_txid != 0) {
    if (Outcome<void> same = compare_parts(stream, dir, end); !same) return pass_on(same);
  }
  return after;
}

}  // namespace datawal::ship
