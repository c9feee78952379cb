#include "ship/shipper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "ship/claim.hpp"
#include "ship/floor.hpp"
#include "ship/genesis.hpp"
#include "ship/same.hpp"
#include "ship/source.hpp"
#include "ship/tries.hpp"
#include "ship/walk.hpp"

namespace datawal::ship {

namespace {

using Clock = Floor::Clock;

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

class Shipper {
 public:
  Shipper(Stream& stream, const ShipOptions& options) : stream_(stream), options_(options), floor_(options.hold) {}

  Outcome<Shipped> run() {
    for (;;) {
      Outcome<bool> ended = ship_from_the_end();
      // Servers that do not answer are no failure of one who is asked to end.
      const bool is_left = !ended && ended.error().exit == exit_usage && is_stopped();
      if (!ended && !is_left) return pass_on(ended);
      if (is_left || *ended || is_stopped()) return shipped_;
      ++shipped_.resumed;
    }
  }

 private:
  static constexpr std::uint64_t for_headers = 4096;
  static constexpr std::uint64_t least_payload = 2 * for_headers;

  // For the body of a unit.
  [[nodiscard]] std::uint64_t room() const { return std::max(stream_.max_payload(), least_payload) - for_headers; }
  [[nodiscard]] bool is_stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  // @return false if the stream has to be looked at again
  Outcome<bool> ship_from_the_end() {
    if (stream_.max_payload() < least_payload) {
      return fail(exit_usage,
                  fmt::format("the servers take messages of {} bytes at most, and a unit needs {}: raise their "
                              "max_payload",
                              stream_.max_payload(), least_payload));
    }
    Outcome<StreamEnd> end = look();
    if (!end) return pass_on(end);
    if (!end->head) {
      Outcome<bool> begun = begin_stream(stream_, options_, end->sequence);
      if (!begun) return begun;
      if (!*begun) return true;
      end = find_end(stream_);
      if (!end) return pass_on(end);
      if (!end->head) return false;
    }
    const Outcome<Claim> claim = claim_for(options_.dir, options_.stream, *end->head);
    if (!claim) return pass_on(claim);
    const Outcome<std::optional<RecordRef>> at = compare_end(stream_, options_.dir, *end);
    if (!at) return pass_on(at);
    head_ = *end->head;
    sequence_ = end->sequence;
    at_ = end->at;
    is_looked_at_ = false;
    shipped_.last = head_.last;
    shipped_.epoch = head_.epoch;
    shipped_.ref = *at;
    const auto age = std::max(std::chrono::system_clock::duration(0), std::chrono::system_clock::now() - end->stored);
    floor_.stands_at(*claim, head_.last, Clock::now() - age);
    if (Outcome<bool> kept = move_floor(); !kept || !*kept) return kept;
    Outcome<Source> source = Source::open(options_.dir, head_, *at, claim->txid, std::min(options_.unit_bytes, room()));
    if (!source) return pass_on(source);
    if (options_.on_look) options_.on_look(shipped_);
    return ship(*source);
  }

  // Where the stream ends. Once messages of it are lost, and each time that more are, all of it is read: what is behind a hole is no
  // history.
  Outcome<StreamEnd> look() {
    Outcome<StreamEnd> end = find_end(stream_);
    if (!end || end->missing <= missing_) return end;
    missing_ = end->missing;
    return find_end_by_all(stream_);
  }

  // A unit that nobody has published yet.
  struct Prepared {
    Unit unit{};
    std::string body{};
    std::optional<RecordRef> ref{};
  };
  // What comes behind `head`; nullopt: nothing yet.
  static Outcome<std::optional<Prepared>> prepare(Source& source, const Head& head) {
    Outcome<std::optional<Draft>> draft = source.next();
    if (!draft) return pass_on(draft);
    if (!*draft) return std::optional<Prepared>();
    Unit unit = unit_of(**draft, head);
    return Prepared{.unit = std::move(unit), .body = std::move((*draft)->body), .ref = (*draft)->ref};
  }

  // The next unit is prepared while one is in flight; but only one is.
  Outcome<bool> ship(Source& source) {
    Outcome<std::optional<Prepared>> next = prepare(source, head_);
    for (;;) {
      if (!next) return pass_on(next);
      if (is_stopped()) return true;
      if (!*next) {
        if (options_.once) return true;
        if (Outcome<void> waited = source.wait(std::chrono::milliseconds(200)); !waited) return pass_on(waited);
        if (Outcome<bool> kept = move_floor(); !kept || !*kept) return kept;
        next = prepare(source, head_);
        continue;
      }
      const Prepared now = std::move(**next);
      // What waits for the servers is this thread: one switch less between an acknowledgement and the next unit.
      std::future<Outcome<std::optional<Prepared>>> upcoming = std::async(
          std::launch::async, [&] { return prepare(source, head_of(now.unit)); });
      const Outcome<bool> stored = settle(now.unit, now.body, stream_.publish(now.unit, now.body, sequence_));
      next = upcoming.get();
      if (!stored || !*stored) return stored;
      note(now.unit, now.body.size(), now.ref);
      if (Outcome<void> given = look_once_at_what_is_stored(); !given) return pass_on(given);
      if (Outcome<bool> kept = move_floor(); !kept || !*kept) return kept;
    }
  }

  // @return false if the stream has gone on without it
  Outcome<bool> settle(const Unit& unit, const std::string& body, Stream::Answer answer) {
    Tries tries(options_);
    for (;;) {
      if (answer.outcome == Stream::Published::stored) {
        sequence_ = answer.sequence;
        at_ = answer.sequence;
        return true;
      }
      // Whatever was answered, the stream itself says what it holds. Unless it is there, nothing else was sent: the same unit goes again.
      const Outcome<StreamEnd> end = find_end(stream_);
      if (!end) return pass_on(end);
      if (end->head && end->head->chain == unit.chain) {
        sequence_ = end->sequence;
        at_ = end->at;
        return true;
      }
      if (!end->head || end->head->chain != unit.before) return false;
      // The servers may take less than before; of a record in parts the number of parts is fixed with the first.
      const bool is_too_long = body.size() > room();
      const bool is_fixed = is_too_long && unit.part > 1;
      const Outcome<bool> again = tries.again(is_fixed ? why_fixed(unit, body.size()) : answer.why);
      if (!again) return pass_on(again);
      if (!*again || (is_too_long && !is_fixed)) return false;
      answer = stream_.publish(unit, body, end->sequence);
    }
  }

  [[nodiscard]] std::string why_fixed(const Unit& unit, std::size_t bytes) const {
    return fmt::format(
        "the servers take messages of {} bytes now, and the record {} was begun in parts of {}: raise their "
        "max_payload, or begin the record again by `datawal-ship takeover` from this store",
        stream_.max_payload(), unit.first, bytes);
  }

  void note(const Unit& unit, std::size_t bytes, const std::optional<RecordRef>& ref) {
    head_ = head_of(unit);
    ++shipped_.units;
    shipped_.records += unit.count;
    shipped_.bytes += bytes;
    shipped_.last = unit.last;
    if (ref) shipped_.ref = ref;
    floor_.acknowledge(unit.last, Clock::now());
    if (options_.on_unit) options_.on_unit(shipped_);
  }

  // A floor that stays where it is costs room alone, and shipping what is held is how there will be some.
  // @return false if the stream has lost something: it has to be looked at again
  Outcome<bool> move_floor() {
    const Clock::time_point now = Clock::now();
    shipped_.floor = floor_.claim().txid;
    if (!floor_.is_due(now)) return true;
    if (Outcome<bool> kept = has_kept_all(); !kept || !*kept) return kept;
    if (Outcome<bool> held = is_held(); !held || !*held) return held;
    const Outcome<void> moved = floor_.move(options_.dir, now);
    if (!moved) trouble("the hold cannot be moved on: " + moved.error().text);
    shipped_.floor = floor_.claim().txid;
    return true;
  }

  // Servers whose disk is damaged acknowledge what they never give. That shows with the first unit.
  Outcome<void> look_once_at_what_is_stored() {
    if (std::exchange(is_looked_at_, true)) return {};
    const Outcome<bool> is_there = has_head();
    if (!is_there) return pass_on(is_there);
    if (*is_there) return {};
    const std::string what = fmt::format("the stream {} has acknowledged message {}, and does not give it",
                                         options_.stream, at_);
    if (missing_ == 0) return fail(exit_usage, what + ": try again");
    return fail(exit_stream_damaged,
                what +
                    ": the disks of the servers are damaged. `datawal-ship reseed` ships what a log still holds into a "
                    "new stream");
  }

  Outcome<bool> has_head() {
    const Outcome<std::optional<Message>> message = stream_.get(at_);
    if (!message) return pass_on(message);
    return *message && (*message)->unit && (*message)->unit->chain == head_.chain;
  }

  // What was acknowledged may be gone since, with the disks of a server, or by what somebody has made of the stream.
  Outcome<bool> has_kept_all() {
    const Outcome<Stream::End> end = stream_.end();
    if (!end) return pass_on(end);
    if (!end->keeps_all) {
      return fail(
          exit_usage,
          fmt::format("the stream {} was changed, and does not keep everything any more: file storage, no limits, "
                      "acknowledged, one subject",
                      options_.stream));
    }
    if (end->last - std::min(end->last, end->messages) > missing_) return false;
    return has_head();
  }

  // Setting the hold would hide that it was not there for a while. @return false if a take-over has dropped it
  Outcome<bool> is_held() {
    const Outcome<std::vector<Claim>> claims = claims_of(options_.dir, options_.stream);
    if (!claims || std::ranges::find(*claims, head_.owner, &Claim::owner) != claims->end()) return true;
    const Outcome<StreamEnd> end = find_end(stream_);
    if (!end) return pass_on(end);
    if (end->head && end->head->owner != head_.owner) return false;
    return fail(
        exit_other_history,
        fmt::format("the hold {} was dropped, so that what the stream lacks may be gone: `datawal-ship takeover` "
                    "looks whether it is, and lets the store ship again if not",
                    floor_.claim().hold_name()));
  }

  void trouble(const std::string& why) const {
    if (options_.on_trouble) options_.on_trouble(why);
  }

  Stream& stream_;
  const ShipOptions& options_;
  Floor floor_;
  Head head_;
  std::uint64_t sequence_ = 0;  // what the next unit must expect
  std::uint64_t at_ = 0;        // of the unit that is the head
  bool is_looked_at_ = false;   // whether the stream gives what it takes
  std::uint64_t missing_ = 0;   // messages that the stream has lost, and that were looked into
  Shipped shipped_;
};

}  // namespace

Outcome<Shipped> run(Stream& stream, const ShipOptions& options) {
  if (Outcome<void> made = stream.make(); !made) return pass_on(made);
  return Shipper(stream, options).run();
}

}  // namespace datawal::ship
