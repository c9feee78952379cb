// Workloads on a RecordLog.

#include <algorithm>
#include <array>
#include <vector>

#include <datawal/format.hpp>
#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>
#include <datawal/segment.hpp>

#include "crash/checkpoints.hpp"
#include "crash/store_scenario.hpp"

namespace datawal::crash {

namespace {

/// a SIZE append; A SIZE append and sync; b SIZE append a batch of three; B SIZE append it and sync; f SIZE append a payload
/// that is made of whole frames; z SIZE append and, if that is refused, fsync instead of a second try; s fsync; S save the state; r rotate; g scan; C make a checkpoint; I make one on top of the newest that was made;
/// d ID drop the segments before ID; h NAME:TXID set a hold, H NAME: drop it; l let the followers look; c close; o open.
class LogScenario final : public StoreScenario {
 public:
  explicit LogScenario(const StoreWorkload& workload) : StoreScenario(workload) {
    if (workload.followers) followers_.emplace(*workload.followers);
    prepare();
  }
  LogScenario(const LogScenario& other)
      : StoreScenario(other),
        checkpoints_(other.checkpoints_),
        followers_(other.followers_),
        has_holds_(other.has_holds_) {}

  [[nodiscard]] std::unique_ptr<Scenario> clone() const override { return std::make_unique<LogScenario>(*this); }
  void recover(World& world) override;
  void lose_power() override {
    StoreScenario::lose_power();
    checkpoints_.lose_power();
  }
  [[nodiscard]] std::uint64_t notes_hash() const override {
    return mixed(mixed(StoreScenario::notes_hash(), checkpoints_.hash()),
                 followers_ ? followers_->hash() + (followers_rest() ? 1 : 0) : 0);
  }

 protected:
  [[nodiscard]] Result<void> open(World& world) override;
  [[nodiscard]] Result<std::vector<Record>> scan() override { return log_->scan(); }
  Result<void> close(World& world) override;
  Result<void> step(World& world, const Step& step) override;
  void check_more(World& world) override {
    if (has_state()) check_counts(world);
  }
  [[nodiscard]] bool is_open() const override { return log_.has_value(); }
  [[nodiscard]] bool is_poisoned() const override { return log_->is_poisoned(); }
  void drop(World&) override { log_.reset(); }

 private:
  Result<void> append(World& world, std::string payload, bool is_synced);
  Result<void> append_batch(World& world, std::size_t size, bool is_synced);
  Result<void> append_or_sync(World& world, std::size_t size);
  Result<void> make_checkpoint(World& world, bool is_incremental);
  Result<void> drop_segments(World& world, std::uint32_t id);
  Result<void> let_followers_look(World& world);
  void check_counts(World& world);
  [[nodiscard]] std::string frames(std::size_t size);
  [[nodiscard]] std::size_t count_read(World& world);

  Checkpoints checkpoints_;
  std::optional<Followers> followers_;
  std::optional<RecordLog> log_;
  bool has_holds_ = false;
};

Result<void> LogScenario::open(World& world) {
  Result<RecordLog> log = RecordLog::open(directory(), options(world));
  if (!log) return std::unexpected(log.error());
  log_ = std::move(*log);
  return {};
}

Result<void> LogScenario::close(World& world) {
  const Result<void> closed = log_->close();
  if (closed && !world.is_dead) notes().synced();
  log_.reset();
  return closed;
}

Result<void> LogScenario::append(World& world, std::string payload, bool is_synced) {
  const Given given{RecordType::Raw, {}, std::move(payload)};
  return give(world, {given}, is_synced, [&] { return log_->append(given.payload, {.sync = is_synced}); });
}

Result<void> LogScenario::append_batch(World& world, std::size_t size, bool is_synced) {
  std::vector<Given> givens;
  std::vector<RecordInput> inputs;
  givens.reserve(3);
  inputs.reserve(3);
  for (std::uint64_t i = 0; i < 3; ++i) {
    givens.push_back({RecordType::Raw, {}, payload_of(notes().next_number() + i, size / 3)});
  }
  for (const Given& given : givens) inputs.push_back({.type = given.type, .key = given.key, .payload = given.payload});
  return give(world, givens, is_synced, [&] { return log_->append_batch(inputs, {.sync = is_synced}); });
}

// A sync makes the refusal durable too.
Result<void> LogScenario::append_or_sync(World& world, std::size_t size) {
  const Result<void> appended = append(world, payload_of(notes().next_number(), size), false);
  if (appended || log_->is_poisoned()) return appended;
  Result<void> synced = log_->fsync();
  if (synced && !world.is_dead) notes().synced();
  return synced;
}

Result<void> LogScenario::make_checkpoint(World& world, bool is_incremental) {
  const std::string previous = is_incremental ? checkpoints_.newest() : std::string();
  const Result<void> done = log_->checkpoint(checkpoints_.attempt(notes()), {.previous = previous});
  if (done && !world.is_dead) checkpoints_.made();
  return done;
}

// Whatever happens, the log begins with one of its segments.
Result<void> LogScenario::drop_segments(World& world, std::uint32_t id) {
  std::vector<std::uint64_t> beginnings;
  std::uint32_t segment = 0;
  RecordCursor cursor = log_->records();
  for (;;) {
    const Result<std::optional<RecordView>> record = cursor.next();
    if (!record) return propagate(record);
    if (!*record || (*record)->ref.segment > id) break;
    if (segment < (*record)->ref.segment) beginnings.push_back((*record)->txid);
    segment = (*record)->ref.segment;
  }
  if (Result<void> noted = note_what_is_there(world); !noted) return noted;
  notes().dropping(beginnings);
  const Result<void> done = log_->drop_segments_before(id);
  if (!done || world.is_dead) return done;
  notes().synced();
  const Result<std::vector<Record>> left = log_->scan();
  if (!left) return propagate(left);
  const bool is_as_asked = !left->empty() && left->front().txid == beginnings.back();
  if (!is_as_asked && !world.is_dead && !has_holds_) {
    world.violated(Invariant::error_is_documented, "less was dropped than was asked for");
  }
  if (!left->empty()) notes().dropped(left->front().txid);
  return done;
}

Result<void> LogScenario::let_followers_look(World& world) {
  followers_->look(directory(), world);
  const Result<std::vector<Record>> records = log_->scan();
  if (!records) return propagate(records);
  if (!world.is_dead && !world.is_faulty) followers_->compare_whole(*records, log_->durable_txid(), world);
  return {};
}

std::string LogScenario::frames(std::size_t size) {
  std::string all;
  for (std::uint64_t txid = notes().size() + 1; all.size() < size; ++txid) {
    std::array<char, 200> frame{};
    const std::expected<std::size_t, format::EncodeError> len = format::encode(RecordType::Raw, txid, {},
                                                                               payload_of(1000 + txid, 100), frame);
    all.append(frame.data(), *len);
  }
  return all;
}

Result<void> LogScenario::step(World& world, const Step& step) {
  switch (step.what) {
    case 'a': return append(world, payload_of(notes().next_number(), step.size), false);
    case 'A': return append(world, payload_of(notes().next_number(), step.size), true);
    case 'f': return append(world, frames(step.size), false);
    case 'b': return append_batch(world, step.size, false);
    case 'B': return append_batch(world, step.size, true);
    case 'z': return append_or_sync(world, step.size);
    case 'C':
    case 'I': return make_checkpoint(world, step.what == 'I');
    case 'l': return let_followers_look(world);
    case 'd': return drop_segments(world, static_cast<std::uint32_t>(step.size));
    case 'h':
      has_holds_ = true;
      return hold(world, step.key, step.size, [&] { return log_->hold_from(step.key, step.size); });
    case 'H': return hold(world, step.key, std::nullopt, [&] { return log_->drop_hold(step.key); });
    case 's':
    case 'S':
    case 'r': {
      Result<void> done = step.what == 's' ? log_->fsync() : (step.what == 'S' ? log_->save_state() : log_->rotate());
      if (done && !world.is_dead) notes().synced();
      return done;
    }
    case 'g': {
      const Result<std::vector<Record>> records = log_->scan();
      if (!records) return propagate(records);
      if (!world.is_dead && records->size() != notes().count()) {
        world.violated(Invariant::prefix_is_unaltered, "a scan of the live log is short");
      }
      return {};
    }
    default: std::abort();
  }
}

// What is counted is what the log holds, however it was opened.
void LogScenario::check_counts(World& world) {
  const Result<std::vector<Record>> records = log_->scan();
  const Result<LogStats> stats = log_->stats();
  if (!records || !stats) return;  // as without a state
  std::uint64_t gaps = 0;
  std::uint64_t bytes = 0;
  for (std::size_t n = 0; n < records->size(); ++n) {
    gaps += n > 0 && (*records)[n].txid != (*records)[n - 1].txid + 1 ? 1 : 0;
    bytes += (*records)[n].ref.len;
  }
  const std::uint64_t last = records->empty() ? 0 : records->back().txid;
  const std::vector<std::string> names = world.machine.peek_names(directory());
  const auto files = static_cast<std::uint64_t>(
      std::ranges::count_if(names, [](const std::string& name) { return segment::parse_filename(name).has_value(); }));
  const RecoveryReport& report = log_->recovery_report();
  if (report.records_replayed != records->size() || report.txid_gaps != gaps || report.last_txid_seen != last ||
      report.files_scanned != files || stats->segments != files || stats->bytes != bytes ||
      log_->durable_txid() < last || log_->last_txid() < last) {
    world.violated(Invariant::prefix_is_unaltered, "counts");
  }
}

// Without a writer a reader judges the store as recovery does.
std::size_t LogScenario::count_read(World& world) {
  const Result<RecordLogReader> reader = RecordLogReader::open(directory(), {.file_system = &world.file_system});
  if (!reader) return 0;  // the directory may be lost
  RecordCursor cursor = reader->records();
  for (std::size_t count = 0;; ++count) {
    const Result<std::optional<RecordView>> record = cursor.next();
    if (!record) world.violated(Invariant::reader_agrees, record.error().message());
    if (!record || !*record) return count;
  }
}

void LogScenario::recover(World& world) {
  if (is_abandoned()) return;
  const std::size_t read = world.is_last ? 0 : count_read(world);
  const bool is_watched = followers_ && !followers_rest();
  if (is_watched) followers_->look(directory(), world);
  if (const Result<void> opened = open_and_compare(world); !opened) {
    world.violated(Invariant::open_succeeds, opened.error().message());
    drop(world);
    return;
  }
  if (!world.is_last && read != notes().count()) {
    world.violated(Invariant::reader_agrees,
                   std::to_string(read) + " read, " + std::to_string(notes().count()) + " recovered");
  }
  if (followers_) {
    if (const Result<std::vector<Record>> records = log_->scan()) followers_->compare(*records, world);
  }
  if (is_watched) {
    if (const Result<void> looked = let_followers_look(world); !looked) {
      world.violated(Invariant::reader_agrees, looked.error().message());
    }
  }
  if (!world.is_last) {
    for (const bool is_synced : {false, true}) {
      const Result<void> appended = append(world, payload_of(notes().next_number(), 40), is_synced);
      if (!appended) world.violated(Invariant::appends_go_on, appended.error().message());
    }
    if (followers_) (void)let_followers_look(world);
    const Result<std::vector<Record>> more = log_->scan();
    if (!more || more->size() != notes().count()) world.violated(Invariant::appends_go_on, "they are not read");
    if (const Result<void> closed = close(world); !closed) {
      world.violated(Invariant::appends_go_on, closed.error().message());
    }
  }
  drop(world);
  checkpoints_.check(world);
}

}  // namespace

std::unique_ptr<Scenario> make_log_scenario(const StoreWorkload& workload) {
  return std::make_unique<LogScenario>(workload);
}

}  // namespace datawal::crash
