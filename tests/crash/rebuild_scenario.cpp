// LogRebuilder: what is there after a crash is a beginning of what is copied, byte for byte, and it goes on to the end.

#include "crash/rebuild_scenario.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <datawal/format.hpp>
#include <datawal/log_rebuilder.hpp>
#include <datawal/segment.hpp>

#include "crash/notes.hpp"

namespace datawal::crash {

namespace {

const std::string target = "/home/copy";

struct Unit {
  std::uint32_t segment = 0;
  std::uint64_t last_txid = 0;
  std::string frames{};
};

/// Segments with records, with gaps between their ids and between their txids.
std::vector<Unit> units() {
  std::vector<Unit> all;
  std::uint64_t txid = 40;
  for (const auto& [segment, sizes] : std::vector<std::pair<std::uint32_t, std::vector<std::size_t>>>{
           {3, {300, 700}}, {3, {40}}, {4, {900, 60}}, {7, {484}}, {7, {600, 30}}}) {
    Unit unit{.segment = segment};
    for (const std::size_t size : sizes) {
      txid += size % 7 == 0 ? 5 : 1;
      const std::string payload = payload_of(txid, size);
      std::string frame(static_cast<std::size_t>(format::frame_len(0, size)), '\0');
      (void)format::encode(RecordType::Raw, txid, {}, payload, frame);
      unit.frames += frame;
    }
    unit.last_txid = txid;
    all.push_back(std::move(unit));
  }
  return all;
}

std::uint32_t crc_of(const std::string& frames) {
  std::uint32_t crc = 0;
  for (std::string_view left = frames; !left.empty();) {
    const format::DecodeOutcome outcome = format::decode_next(left);
    crc = outcome.record.crc;
    left.remove_prefix(outcome.record.len);
  }
  return crc;
}

class RebuildScenario final : public Scenario {
 public:
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::unique_ptr<Scenario> clone() const override { return std::make_unique<RebuildScenario>(*this); }
  void lose_power() override { is_power_lost_ = true; }
  [[nodiscard]] std::uint64_t notes_hash() const override {
    return mixed(mixed(mixed(appended_, durable_), is_power_lost_ ? 1 : 0), last_segment_);
  }

  void work(World& world) override {
    for (int attempt = 1; attempt <= 2; ++attempt) {
      const Result<void> done = go_on(world);
      if (done || world.is_dead) return;
      const Errc code = done.error().code;
      const bool is_known = code == Errc::io || code == Errc::no_space || code == Errc::poisoned;
      if (!is_known || !world.is_faulty || attempt == 2) {
        world.violated(Invariant::error_is_documented, done.error().message());
      }
    }
  }

  void recover(World& world) override {
    const std::uint64_t promised = is_power_lost_ ? durable_ : appended_;
    is_power_lost_ = false;
    const Result<void> done = go_on(world, promised);
    if (!done && !world.is_dead) world.violated(Invariant::open_succeeds, done.error().message());
    if (done && !world.is_dead) check_whole(world);
  }

 private:
  Result<void> go_on(World& world, std::uint64_t promised = 0) {
    Result<LogRebuilder> copy = LogRebuilder::open(target, {.file_system = &world.file_system});
    if (!copy) return propagate(copy);
    if (world.is_dead) return {};
    const std::uint64_t last = copy->last() ? copy->last()->txid : 0;
    if (last < promised) {
      world.violated(Invariant::acknowledged_is_there, std::to_string(last) + " of " + std::to_string(promised));
    }
    check_beginning(world);
    appended_ = durable_ = last;  // what open has shown is durable
    for (const Unit& unit : units()) {
      if (unit.last_txid <= last) continue;
      if (Result<void> done = append(world, *copy, unit); !done || world.is_dead) return done;
    }
    Result<void> closed = copy->close();
    if (closed && !world.is_dead) durable_ = appended_;
    return closed;
  }

  // Of a unit that a crash has cut, the rest.
  Result<void> append(World& world, LogRebuilder& copy, const Unit& unit) {
    const bool is_another = unit.segment != copy.segment();
    if (Result<void> begun = copy.begin_segment(unit.segment); !begun || world.is_dead) return begun;
    if (is_another) durable_ = appended_;
    last_segment_ = unit.segment;
    std::string_view rest = unit.frames;
    const std::uint64_t last = copy.last() ? copy.last()->txid : 0;
    for (format::DecodeOutcome next = format::decode_next(rest); next && next.record.txid <= last;
         next = format::decode_next(rest)) {
      rest.remove_prefix(next.record.len);
    }
    const LogRebuilder::Before before{.txid = last, .crc = copy.last() ? copy.last()->crc : 0};
    if (Result<void> done = copy.append(rest, before); !done || world.is_dead) return done;
    appended_ = unit.last_txid;
    if (copy.last()->crc != crc_of(unit.frames)) world.violated(Invariant::prefix_is_unaltered, "its last record");
    if (unit.last_txid % 2 == 0) return {};
    Result<void> synced = copy.fsync();
    if (synced && !world.is_dead) durable_ = appended_;
    return synced;
  }

  [[nodiscard]] static std::map<std::string, std::string> wanted() {
    std::map<std::string, std::string> segments;
    for (const Unit& unit : units()) segments[segment::path({}, unit.segment).string()] += unit.frames;
    return segments;
  }
  [[nodiscard]] static std::map<std::string, std::string> found(const World& world) {
    std::map<std::string, std::string> segments;
    for (const std::string& name : world.machine.peek_names(target)) {
      if (segment::parse_filename(name))
        segments[name] = world.machine.peek(std::filesystem::path(target) / name).value_or("");
    }
    return segments;
  }

  // The last segment may end early, and may be the empty first one of any log; all others are whole.
  static void check_beginning(World& world) {
    const std::map<std::string, std::string> segments = found(world);
    const std::map<std::string, std::string> all = wanted();
    auto next = all.begin();
    for (const auto& [name, bytes] : segments) {
      const bool is_last = name == segments.rbegin()->first;
      if (is_last && bytes.empty()) return;
      const bool is_sound = next != all.end() && name == next->first &&
                            (is_last ? next->second.starts_with(bytes) : bytes == next->second);
      if (!is_sound) {
        world.violated(Invariant::prefix_is_unaltered, name + ", " + std::to_string(bytes.size()) + " bytes");
        return;
      }
      ++next;
    }
  }

  static void check_whole(World& world) {
    if (found(world) != wanted()) world.violated(Invariant::appends_go_on, "the copy is another");
  }

  std::string name_ = "rebuild";
  std::uint64_t appended_ = 0;
  std::uint64_t durable_ = 0;
  std::uint32_t last_segment_ = 0;
  bool is_power_lost_ = false;
};

}  // namespace

std::unique_ptr<Scenario> make_rebuild_scenario() { return std::make_unique<RebuildScenario>(); }

}  // namespace datawal::crash
