#include "ship/source.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>

#include <datawal/format.hpp>
#include <datawal/record_log_reader.hpp>

namespace datawal::ship {

Outcome<std::optional<std::uint64_t>> first_txid(const std::filesystem::path& dir) {
  const Result<RecordLogReader> reader = RecordLogReader::open(dir);
  if (!reader) return fail(reader.error());
  RecordCursor cursor = reader->records();
  const Result<std::optional<RecordView>> first = cursor.next();
  if (!first) return fail(first.error());
  return *first ? std::optional((*first)->txid) : std::nullopt;
}

Outcome<Source> Source::open(const std::filesystem::path& dir, const Head& head, const std::optional<RecordRef>& after,
                             std::uint64_t held, std::uint64_t unit_bytes) {
  Result<Follower> follower = Follower::open(dir, {.after = after});
  if (!follower) return fail(follower.error());
  return Source(std::move(*follower), head, held, unit_bytes);
}

Outcome<std::optional<RecordView>> Source::read() {
  for (;;) {
    Result<std::optional<RecordView>> next = follower_->next();
    if (next) return *next;
    if (next.error().code != Errc::place_lost) return fail(next.error());
    const LostRecords& lost = follower_->lost();
    if (lost.cause == LostRecords::Cause::replaced) {
      return fail(
          exit_other_history,
          fmt::format("the txids {} to {} are other records now than those that were shipped: an older copy, or "
                      "another store, has the name. Rebuild a store from the stream",
                      lost.first_txid, lost.last_txid));
    }
    if (lost.first_txid > held_) continue;
    return fail(
        exit_other_history,
        fmt::format("the txids {} to {} were removed from the store before the stream had them, which would keep "
                    "what they have deleted. Ship this store into another stream",
                    lost.first_txid, lost.last_txid));
  }
}

Outcome<Draft> Source::next_part() {
  const auto len = static_cast<std::uint64_t>(peeked_->bytes.size());
  const auto parts = head_.part_txid != 0 ? head_.parts
                                          : static_cast<std::uint32_t>((len + unit_bytes_ - 1) / unit_bytes_);
  const std::uint32_t part = head_.part_txid != 0 ? head_.part + 1 : 1;
  if (head_.part_txid != 0 && head_.part_txid != peeked_->ref.txid) {
    return fail(exit_other_history, fmt::format("the stream has a part of the record {}, and the store goes on with {}",
                                                head_.part_txid, peeked_->ref.txid));
  }
  const std::uint64_t begin = part_begin(len, part, parts);
  const std::uint64_t end = part_begin(len, part + 1, parts);
  const bool is_whole = part == parts;
  Draft draft{.segment = peeked_->ref.segment,
              .first = peeked_->ref.txid,
              .last = is_whole ? peeked_->ref.txid : head_.last,
              .count = is_whole ? 1U : 0U,
              .part = part,
              .parts = parts,
              .crc = is_whole ? std::optional(peeked_->ref.crc) : head_.crc,
              .ref = is_whole ? std::optional(peeked_->ref) : std::nullopt,
              .body = peeked_->bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))};
  head_.part_txid = is_whole ? 0 : peeked_->ref.txid;
  head_.part = part;
  head_.parts = parts;
  if (is_whole) peeked_.reset();
  return draft;
}

void Source::add(std::optional<Draft>& draft, const RecordRef& ref) const {
  if (!draft) {
    draft.emplace(Draft{.segment = ref.segment, .first = ref.txid});
    draft->body.reserve(static_cast<std::size_t>(unit_bytes_));
  }
  draft->last = ref.txid;
  draft->crc = ref.crc;
  draft->ref = ref;
  ++draft->count;
}

// Each record straight into the body, until one does not fit: that one is kept.
Outcome<void> Source::fill(std::optional<Draft>& draft) {
  for (;;) {
    const Outcome<std::optional<RecordView>> next = read();
    if (!next) return pass_on(next);
    if (!*next) return {};
    const RecordView& record = **next;
    const std::size_t used = draft ? draft->body.size() : 0;
    const bool fits = used + record.ref.len <= unit_bytes_ && head_.part_txid == 0 &&
                      (!draft || draft->segment == record.ref.segment);
    std::string& body = fits ? (add(draft, record.ref), draft->body) : peeked_.emplace(Frame{.ref = record.ref}).bytes;
    const std::size_t begin = body.size();
    body.resize(begin + record.ref.len);
    (void)format::encode(record.type, record.txid, record.key, record.payload, std::span(body).subspan(begin));
    if (!fits) return {};
  }
}

Outcome<std::optional<Draft>> Source::next() {
  std::optional<Draft> draft;
  const auto is_long = [this] { return peeked_ && (peeked_->bytes.size() > unit_bytes_ || head_.part_txid != 0); };
  if (peeked_ && !is_long()) {
    add(draft, peeked_->ref);
    draft->body += peeked_->bytes;
    peeked_.reset();
  }
  if (!peeked_) {
    if (Outcome<void> filled = fill(draft); !filled) return pass_on(filled);
  }
  if (!draft && is_long()) {
    Outcome<Draft> part = next_part();
    if (!part) return pass_on(part);
    draft = std::move(*part);
  }
  if (draft) {
    head_.last = draft->last;
    head_.crc = draft->crc;
  }
  return draft;
}

Outcome<void> Source::wait(std::chrono::milliseconds timeout) {
  const Result<bool> waited = follower_->wait(timeout);
  if (!waited) return fail(waited.error());
  return {};
}

}  // namespace datawal::ship
