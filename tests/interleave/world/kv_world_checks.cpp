// KvWorld: what must hold, of everything that is read, in the end, and behind each crash.

#include <set>
#include <string>
#include <utility>

#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>

#include "interleave/runtime/hash.hpp"
#include "interleave/world/kv_settings.hpp"
#include "interleave/world/kv_world.hpp"

namespace datawal::interleave {

using safeatomic::sim::SimFileSystem;

namespace {

std::string text_of(const KvWorld::State& state) {
  std::string text = "{";
  for (const auto& [key, value] : state) text += " " + key + "=" + value;
  return text + " }";
}

KvWorld::State fold(const std::vector<Record>& records) {
  KvWorld::State state;
  for (const Record& record : records) {
    if (record.type == RecordType::Put) state[record.key] = record.payload;
    if (record.type == RecordType::Delete) state.erase(record.key);
  }
  return state;
}

}  // namespace

KvWorld::Since KvWorld::since() const {
  looks_at_the_clock();
  for (std::size_t at = states_.size(); at-- > 0;) {
    if (happened_before(done_[at])) return {.by_clock = last_done_, .by_order = at};
  }
  return {.by_clock = last_done_};
}

std::size_t KvWorld::oldest(const Since& since) { return is_sequential_so_far() ? since.by_clock : since.by_order; }

void KvWorld::check_state(const State& found, std::size_t from, std::size_t to, const std::string& who) const {
  for (std::size_t at = from; at <= to; ++at) {
    if (states_[at] == found) return;
  }
  violated(Invariant::reader_is_a_state, who + " shows " + text_of(found) + ", none of the states " +
                                             std::to_string(from) + " to " + std::to_string(to));
}

void KvWorld::check_value(const std::string& key, const std::optional<std::string>& value, std::size_t from) const {
  for (std::size_t at = from; at < states_.size(); ++at) {
    const auto found = states_[at].find(key);
    if (found == states_[at].end() ? !value : value && *value == found->second) return;
  }
  violated(Invariant::get_is_a_state, key + " is " + value.value_or("absent") + ", in none of the states " +
                                          std::to_string(from) + " to " + std::to_string(states_.size() - 1));
}

void KvWorld::check_index(safeatomic::FileSystem& on, Invariant broken) const {
  const Result<DataWal> store = DataWal::open(store_name, indexed(on));
  if (!store) violated(broken, "open with an index: " + store.error().message());
  State found;
  const Result<void> walked = store->for_each([&found](std::string_view key, std::string_view value) {
    found.emplace(key, value);
    return true;
  });
  if (!walked) violated(broken, "an index: " + walked.error().message());
  const Result<std::vector<Record>> records = store->log().scan();
  if (!records) violated(broken, "scan: " + records.error().message());
  const State logged = fold(*records);
  if (found != logged) violated(broken, "an index shows " + text_of(found) + ", the log " + text_of(logged));
  for (const auto& [key, value] : states_.back()) {
    const auto got = store->get(key);
    const auto there = logged.find(key);
    if (!got) violated(broken, "get " + key + " by an index: " + got.error().message());
    if (there == logged.end() ? got->has_value() : *got != there->second) {
      violated(broken, "an index has another value of " + key + " than the log");
    }
  }
  check_stats(store->stats(), on);
}

KvWorld::State KvWorld::fold_of_store(const std::string& directory, safeatomic::FileSystem& on) const {
  const Quiet quiet;
  const Result<RecordLogReader> reader = RecordLogReader::open(directory, {.file_system = &on});
  if (!reader) violated(Invariant::sound_store_has_no_error, directory + ": " + reader.error().message());
  std::vector<Record> records;
  RecordCursor cursor = reader->records();
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) violated(Invariant::sound_store_has_no_error, directory + ": " + next.error().message());
    if (!*next) return fold(records);
    records.push_back({.type = (*next)->type,
                       .txid = (*next)->txid,
                       .key = std::string((*next)->key),
                       .payload = std::string((*next)->payload),
                       .ref = (*next)->ref});
  }
}

std::set<std::uint64_t> KvWorld::txids_there() {
  const Quiet quiet;
  const Result<RecordLogReader> reader = RecordLogReader::open(store_name, {.file_system = &machine()});
  if (!reader) violated(Invariant::sound_store_has_no_error, reader.error().message());
  std::set<std::uint64_t> txids;
  RecordCursor cursor = reader->records();
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) violated(Invariant::sound_store_has_no_error, next.error().message());
    if (!*next) return txids;
    txids.insert((*next)->txid);
  }
}

void KvWorld::check_stats(const StoreStats& stats, safeatomic::FileSystem& on) const {
  const Quiet quiet;
  const Result<RecordLogReader> reader = RecordLogReader::open(store_name, {.file_system = &on});
  if (!reader) violated(Invariant::sound_store_has_no_error, "recount: " + reader.error().message());
  std::array<std::uint64_t, 3> counts{};
  std::uint64_t bytes = 0;
  std::map<std::string, RecordRef> live;
  RecordCursor cursor = reader->records();
  for (;;) {
    const Result<std::optional<RecordView>> next = cursor.next();
    if (!next) violated(Invariant::sound_store_has_no_error, "recount: " + next.error().message());
    if (!*next) break;
    ++counts[static_cast<std::size_t>((*next)->type)];
    bytes += (*next)->ref.len;
    if ((*next)->type == RecordType::Put) live[std::string((*next)->key)] = (*next)->ref;
    if ((*next)->type == RecordType::Delete) live.erase(std::string((*next)->key));
  }
  std::uint64_t live_bytes = 0;
  std::map<std::uint32_t, std::uint64_t> live_in;
  for (const auto& [key, ref] : live) {
    live_bytes += ref.len;
    live_in[ref.segment] += ref.len;
  }
  const auto same = [](const std::string& what, std::uint64_t told, std::uint64_t counted) {
    if (told == counted) return;
    violated(Invariant::stats_equal_a_recount,
             what + " are " + std::to_string(counted) + ", told " + std::to_string(told));
  };
  same("puts", stats.put_records, counts[1]);
  same("tombstones", stats.delete_records, counts[2]);
  same("bytes", stats.bytes, bytes);
  same("live bytes", stats.live_bytes, live_bytes);
  same("live keys", stats.live_keys, live.size());
  for (const SegmentStats& segment : stats.per_segment) {
    same("live bytes of segment " + std::to_string(segment.id), segment.live_bytes, live_in[segment.id]);
  }
}

void KvWorld::finish() {
  for (const char* const key : {"a", "b", "c", "d"}) get(key);
  if (!has_failed() && !options_.auto_compact.is_enabled) {
    const StoreStats stats = watch([&] { return store_->stats(); });
    check_stats(stats, machine());
    // What was compacted away is let go of: one mapping a segment, and that of the mapped write path.
    const std::uint64_t mappings = machine().usage().mappings;
    const std::uint64_t own = options_.write_path == WritePath::mapped ? 1 : 0;
    if (mappings > stats.segments + own) {
      violated(Invariant::nothing_leaks,
               std::to_string(mappings) + " mappings of " + std::to_string(stats.segments) + " segments");
    }
  }
  close();
  disarm();
  const std::size_t from = last_done_;
  const std::size_t to = has_failed() ? states_.size() - 1 : from;
  check_state(fold_of_store(store_name, machine()), from, to, "the end");
  const std::set<std::uint64_t> there = txids_there();
  for (const std::uint64_t txid : held_) {
    if (!there.contains(txid)) violated(Invariant::hold_keeps_what_is_there, "txid " + std::to_string(txid));
  }
  if (!options_.index.is_enabled) return;
  const Quiet quiet;
  check_index(machine(), Invariant::get_is_a_state);
}

std::uint64_t KvWorld::promises() const { return mix(mix(states_.size(), last_done_), last_durable_); }

void KvWorld::check_recovery(SimFileSystem& machine, bool is_kill) {
  constexpr Invariant promise = Invariant::crash_keeps_promises;
  if (options_.index.is_enabled) check_index(machine, promise);
  Result<RecordLog> log = RecordLog::open(store_name, plain(machine));
  if (!log) violated(promise, "open: " + log.error().message());
  const Result<std::vector<Record>> records = log->scan();
  if (!records) violated(promise, "scan: " + records.error().message());
  const State found = fold(*records);
  const std::size_t from = is_kill ? last_done_ : last_durable_;
  for (std::size_t at = from; at < states_.size(); ++at) {
    if (states_[at] == found) return;
  }
  violated(promise, "it leaves " + text_of(found) + ", none of the states " + std::to_string(from) + " to " +
                        std::to_string(states_.size() - 1));
}

}  // namespace datawal::interleave
