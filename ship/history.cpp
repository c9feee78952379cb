#include "ship/history.hpp"

#include <fmt/format.h>

#include <datawal/format.hpp>
#include <datawal/segment.hpp>

namespace datawal::ship {

namespace {

std::unexpected<Failure> wrong(const Unit& unit, std::string_view why) {
  return fail(exit_stream_damaged,
              fmt::format("the unit with the txids {} to {} is not what it says: {}", unit.first, unit.last, why));
}

}  // namespace

Head head_of(const Unit& unit) {
  Head head{.store = unit.store,
            .owner = unit.owner,
            .epoch = unit.epoch,
            .last = unit.last,
            .crc = unit.crc,
            .chain = unit.chain};
  if (unit.part < unit.parts) {
    head.part_txid = unit.first;
    head.part = unit.part;
    head.parts = unit.parts;
  }
  return head;
}

Outcome<bool> History::take(const Unit& unit, std::string_view body) {
  if (unit.before != (head_ ? head_->chain : no_chain())) return false;
  if (chain_of(unit, body) != unit.chain) return wrong(unit, "its chain is another");
  if (Outcome<void> placed = check_place(unit); !placed) return pass_on(placed);
  Outcome<void> taken;
  if (unit.kind != UnitKind::records) {
    if (!body.empty()) return wrong(unit, "it has a body");
    partial_.clear();  // what a take-over has cut off is never whole
  } else {
    taken = unit.parts != 0 ? take_part(unit, body) : take_frames(unit, body);
  }
  if (!taken) return pass_on(taken);
  if (unit.kind == UnitKind::genesis) floor_ = unit.first;
  if (unit.kind == UnitKind::records) segment_ = unit.segment;
  head_ = head_of(unit);
  return true;
}

Outcome<bool> History::look_at(const Unit& unit, std::string_view body) {
  if (unit.parts == 0) return take(unit, body);
  if (unit.before != (head_ ? head_->chain : no_chain())) return false;
  if (chain_of(unit, body) != unit.chain) return wrong(unit, "its chain is another");
  if (Outcome<void> placed = check_place(unit); !placed) return pass_on(placed);
  return true;
}

Outcome<void> History::check_place(const Unit& unit) const {
  if ((unit.kind == UnitKind::genesis) != !head_) return wrong(unit, "only the first one is a genesis");
  if (!head_)
    return unit.epoch == 1 && !unit.crc && unit.first == unit.last ? Outcome<void>() : wrong(unit, "no genesis");
  if (unit.store != head_->store) return wrong(unit, "it is of another store");
  const bool is_takeover = unit.kind == UnitKind::takeover;
  if (unit.epoch != head_->epoch + (is_takeover ? 1 : 0)) return wrong(unit, "its epoch");
  if ((unit.owner == head_->owner) == is_takeover) return wrong(unit, "its owner");
  if (is_takeover && (unit.last != head_->last || unit.crc != head_->crc)) return wrong(unit, "where it takes over");
  if (!is_takeover && unit.first <= head_->last) return wrong(unit, "its txids are there already");
  const bool is_segment = unit.segment >= segment_ && unit.segment <= segment::max_id;
  if (!is_takeover && !is_segment) return wrong(unit, "its segment");
  return {};
}

Outcome<void> History::take_frames(const Unit& unit, std::string_view frames) {
  if (head_->part_txid != 0 && unit.parts == 0) return wrong(unit, "the rest of a record is missing before it");
  std::uint64_t txid = head_->last;
  std::uint64_t count = 0;
  std::uint32_t crc = 0;
  for (std::string_view left = frames; !left.empty();) {
    const format::DecodeOutcome outcome = format::decode_next(left);
    if (!outcome) return wrong(unit, format::describe(outcome.stop));
    if (outcome.record.txid <= txid) return wrong(unit, "txids do not ascend");
    if (count == 0 && outcome.record.txid != unit.first) return wrong(unit, "its first txid");
    txid = outcome.record.txid;
    crc = outcome.record.crc;
    ++count;
    left.remove_prefix(outcome.record.len);
  }
  if (count != unit.count || txid != unit.last || unit.crc != crc) return wrong(unit, "its records");
  records_ += count;
  return visit_ ? visit_({.segment = unit.segment, .bytes = frames}) : Outcome<void>();
}

Outcome<void> History::take_part(const Unit& unit, std::string_view body) {
  const bool is_next = unit.part == 1 ? head_->part_txid == 0
                                      : head_->part_txid == unit.first && head_->part + 1 == unit.part &&
                                            head_->parts == unit.parts;
  if (!is_next) return wrong(unit, "another part is missing before it");
  if (unit.part < unit.parts && (unit.last != head_->last || unit.crc != head_->crc)) return wrong(unit, "its place");
  if (partial_.size() + body.size() > format::max_frame_len) return wrong(unit, "the record is too long");
  const std::size_t before = partial_.size();
  partial_ += body;
  if (unit.part < unit.parts) return {};
  Outcome<void> taken = take_frames(unit, partial_);
  partial_.resize(taken ? 0 : before);  // the right one may come behind a wrong one
  return taken;
}

}  // namespace datawal::ship
