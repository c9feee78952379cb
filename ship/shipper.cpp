#include "ship/shipper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "ship/claim.hpp"
#include "ship/source.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

namespace {

using Clock = std::chrono::steady_clock;

Unit unit_of(const Draft& draft, const Head& head) {
  Unit unit{.kind = UnitKind::records,
            .store = head.store,
            .owner = head.owner,
            .epoch = head.epoch,
            .segment = draft.segment,
            .first = draft.first,
            .last = draft.last,
            .count = draft.count,
            .part = draft.part,
            .parts = draft.parts,
            .crc = draft.crc,
            .before = head.chain};
  unit.chain = chain_of(unit, draft.body);
  return unit;
}

/// What became of a unit of which nothing, or not enough, is known.
enum class Settled : std::uint8_t { stored, absent, overtaken };

class Shipper {
 public:
  Shipper(Stream& stream, const ShipOptions& options) : stream_(stream), options_(options) {}

  Outcome<Shipped> run() {
    for (;;) {
      Outcome<bool> ended = ship_from_the_end();
      if (!ended) return pass_on(ended);
      if (*ended) return shipped_;
      ++shipped_.resumed;
    }
  }

 private:
  [[nodiscard]] bool is_stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  // @return false if the stream has to be looked at again
  Outcome<bool> ship_from_the_end() {
    Outcome<StreamEnd> end = find_end(stream_);
    if (!end) return pass_on(end);
    if (!end->head) {
      Outcome<bool> begun = begin(end->sequence);
      if (!begun || !*begun) return begun;
      end = find_end(stream_);
      if (!end) return pass_on(end);
      if (!end->head) return false;
    }
    Outcome<Claim> claim = claim_for(options_.dir, options_.stream, *end->head);
    if (!claim) return pass_on(claim);
    claim_ = std::move(*claim);
    head_ = *end->head;
    sequence_ = end->sequence;
    shipped_.last = head_.last;
    const std::uint64_t room = stream_.max_payload() > 4096 ? stream_.max_payload() - 4096 : 1;
    Outcome<Source> source = Source::open(options_.dir, head_, std::min(options_.unit_bytes, room));
    if (!source) return pass_on(source);
    return ship(*source);
  }

  // The next unit is prepared while one is in flight; but only one is.
  Outcome<bool> ship(Source& source) {
    Outcome<std::optional<Draft>> draft = source.next();
    for (;;) {
      if (!draft) return pass_on(draft);
      if (is_stopped()) return true;
      if (!*draft) {
        if (options_.once) return true;
        if (Outcome<void> waited = source.wait(std::chrono::milliseconds(200)); !waited) return pass_on(waited);
        if (Outcome<void> moved = move_floor(); !moved) return pass_on(moved);
        draft = source.next();
        continue;
      }
      const Unit unit = unit_of(**draft, head_);
      const std::string body = std::move((*draft)->body);
      std::future<Stream::Answer> answer = std::async(std::launch::async,
                                                      [&] { return stream_.publish(unit, body, sequence_); });
      draft = source.next();
      Outcome<bool> stored = settle(unit, body, answer.get());
      if (!stored || !*stored) return stored;
      note(unit, body.size());
      if (Outcome<void> moved = move_floor(); !moved) return pass_on(moved);
    }
  }

  // @return false if the stream has gone on without it
  Outcome<bool> settle(const Unit& unit, const std::string& body, Stream::Answer answer) {
    for (;;) {
      if (answer.outcome == Stream::Published::stored) {
        sequence_ = answer.sequence;
        return true;
      }
      // Whatever was answered, the stream itself says what it holds. Unless it is there, nothing else was sent: the same unit goes again.
      const Outcome<StreamEnd> end = find_end(stream_);
      if (!end) return pass_on(end);
      if (end->head && end->head->chain == unit.chain) {
        sequence_ = end->sequence;
        return true;
      }
      if (!end->head || end->head->chain != unit.before) return false;
      if (is_stopped()) return false;
      answer = stream_.publish(unit, body, end->sequence);
    }
  }

  void note(const Unit& unit, std::size_t bytes) {
    head_ = head_of(unit);
    ++shipped_.units;
    shipped_.records += unit.count;
    shipped_.bytes += bytes;
    shipped_.last = unit.last;
    acknowledged_.push_back({.at = Clock::now(), .last = unit.last});
    if (options_.on_unit) options_.on_unit(shipped_);
  }

  // What was acknowledged is not therefore on the servers' disks: the floor follows later, and not more than once a second.
  Outcome<void> move_floor() {
    const Clock::time_point now = Clock::now();
    if (now - moved_ < std::chrono::seconds(1) && options_.hold.count() != 0) return {};
    std::optional<std::uint64_t> last;
    while (!acknowledged_.empty() && now - acknowledged_.front().at >= options_.hold) {
      last = acknowledged_.front().last;
      acknowledged_.pop_front();
    }
    if (!last || floor_below(*last) <= claim_.txid) return {};
    moved_ = now;
    claim_.txid = floor_below(*last);
    return set_claim(options_.dir, claim_, claim_.txid);
  }

  // The first unit. The hold comes first: nothing goes once the stream speaks of it.
  Outcome<bool> begin(std::uint64_t sequence) {
    const Outcome<std::optional<std::uint64_t>> first = first_txid(options_.dir);
    if (!first) return pass_on(first);
    const std::uint64_t floor = first->value_or(1) - 1;
    if (floor != 0 && !options_.from_here) {
      return fail(
          exit_other_history,
          fmt::format(
              "the store begins with txid {}: what was before is not in it any more, so that a store that is rebuilt "
              "from the stream would lack it. Say --from-here to ship it all the same",
              floor + 1));
    }
    Outcome<std::vector<Claim>> claims = claims_of(options_.dir, options_.stream);
    if (!claims) return pass_on(claims);
    // One that is there began a stream that is gone, or was cut short before there was one.
    Claim claim = claims->empty() ? new_claim(options_.stream) : std::move(claims->front());
    if (Outcome<void> set = set_claim(options_.dir, claim, floor); !set) return pass_on(set);
    Unit unit{.kind = UnitKind::genesis,
              .store = claim.store,
              .owner = claim.owner,
              .first = floor,
              .last = floor,
              .before = no_chain()};
    unit.chain = chain_of(unit, {});
    return settle_first(unit, sequence);
  }

  Outcome<bool> settle_first(const Unit& unit, std::uint64_t sequence) {
    for (;;) {
      if (stream_.publish(unit, {}, sequence).outcome == Stream::Published::stored) return true;
      const Outcome<StreamEnd> end = find_end(stream_);
      if (!end) return pass_on(end);
      if (end->head) return true;  // whose it is, is seen next
      if (is_stopped()) return false;
      sequence = end->sequence;
    }
  }

  struct Acknowledged {
    Clock::time_point at;
    std::uint64_t last = 0;
  };

  Stream& stream_;
  const ShipOptions& options_;
  Claim claim_;
  Head head_;
  std::uint64_t sequence_ = 0;
  Shipped shipped_;
  std::deque<Acknowledged> acknowledged_;
  Clock::time_point moved_{};
};

// The claim of a take-over that did not come to pass.
Outcome<std::uint64_t> withdraw(const ShipOptions& options, const Claim& claim, Exit exit, std::string why) {
  if (Outcome<void> dropped = drop_claim(options.dir, claim); !dropped) return pass_on(dropped);
  return fail(exit, std::move(why));
}

}  // namespace

Outcome<Shipped> run(Stream& stream, const ShipOptions& options) {
  if (Outcome<void> made = stream.make(); !made) return pass_on(made);
  return Shipper(stream, options).run();
}

Outcome<std::uint64_t> take_over(Stream& stream, const ShipOptions& options) {
  Outcome<StreamEnd> end = find_end(stream);
  if (!end) return pass_on(end);
  if (!end->head) return fail(exit_usage, "the stream is empty: there is nothing to take over");
  if (end->head->crc) {
    const Outcome<Comparison> same = compare(options.dir, end->head->last, *end->head->crc);
    if (!same) return pass_on(same);
  }
  const Claim claim = new_claim(options.stream, end->head->store);
  const std::uint64_t floor = end->head->crc ? floor_below(end->head->last) : 0;
  if (Outcome<void> set = set_claim(options.dir, claim, floor); !set) return pass_on(set);
  Unit unit{.kind = UnitKind::takeover,
            .store = claim.store,
            .owner = claim.owner,
            .epoch = end->head->epoch + 1,
            .first = end->head->last,
            .last = end->head->last,
            .crc = end->head->crc,
            .before = end->head->chain};
  unit.chain = chain_of(unit, {});
  for (;;) {
    if (stream.publish(unit, {}, end->sequence).outcome == Stream::Published::stored) break;
    end = find_end(stream);
    if (!end) return pass_on(end);
    if (end->head && end->head->chain == unit.chain) break;
    if (end->head && end->head->chain == unit.before) continue;
    if (end->head && end->head->epoch >= unit.epoch) {
      return withdraw(options, claim, exit_not_owner, "another store has taken over at the same time");
    }
    return withdraw(options, claim, exit_other_history,
                    "the stream has gone on meanwhile: rebuild the store from it again, and then take over");
  }
  Outcome<std::vector<Claim>> claims = claims_of(options.dir, options.stream);
  if (!claims) return pass_on(claims);
  for (const Claim& old : *claims) {
    if (old.owner == claim.owner) continue;
    if (Outcome<void> dropped = drop_claim(options.dir, old); !dropped) return pass_on(dropped);
  }
  return unit.epoch;
}

}  // namespace datawal::ship
