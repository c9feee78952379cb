#include "interleave/world/log_world.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <datawal/follower.hpp>
#include <datawal/saved_state.hpp>

#include "interleave/runtime/hash.hpp"

namespace datawal::interleave {

using safeatomic::sim::DiskImage;
using safeatomic::sim::SimFileSystem;

namespace {

DiskImage one_record() {
  return made_by([](SimFileSystem& machine) {
    Result<RecordLog> log = RecordLog::open(store_name, {.write_path = WritePath::append, .file_system = &machine});
    if (!log || !log->append("zero", {.sync = true}) || !log->close()) std::abort();
  });
}

}  // namespace

LogWorld::LogWorld(const WorldOptions& options) : World(one_record(), options) {
  attempted_.insert("zero");
  returned_[1] = "zero";
  durable_.insert(1);
}

void LogWorld::open(const OpenOptions& options) {
  options_ = options;
  Result<RecordLog> log = watch([&] { return RecordLog::open(store_name, options_); });
  if (!log) violated(Invariant::sound_store_has_no_error, "open: " + log.error().message());
  log_.emplace(std::move(*log));
  arm();
}

void LogWorld::failed(std::string_view what, const Error& error, May may) const {
  if (has_failed() && error.code == Errc::poisoned) return;
  if (may.be_closed && error.code == Errc::closed) return;
  violated(Invariant::sound_store_has_no_error, std::string(what) + ": " + error.message());
}

void LogWorld::came_back(const RecordRef& ref, const std::string& payload) {
  (void)mark();
  if (!returned_.emplace(ref.txid, payload).second) {
    violated(Invariant::txids_ascend, "twice: " + std::to_string(ref.txid));
  }
}

void LogWorld::acknowledged(std::uint64_t txid, const std::string& payload) {
  durable_.insert(txid);
  if (is_new_ground() && !is_on_disk(payload)) violated(Invariant::acknowledged_is_durable, payload);
  if (watch([&] { return log_->durable_txid(); }) < txid) {
    violated(Invariant::acknowledged_is_durable, "durable_txid() is behind what was acknowledged");
  }
  look_at_crash();
}

void LogWorld::append(const std::string& payload, bool sync, May may) {
  attempted_.insert(payload);
  Result<RecordRef> ref;
  try {
    ref = watch([&] { return log_->append(payload, {.sync = sync}); });
  } catch (const std::bad_alloc&) {
    ref = std::unexpected(Error{.code = has_failed() ? Errc::poisoned : Errc::io, .action = "append"});
  }
  if (!ref) return failed("append", ref.error(), may);
  came_back(*ref, payload);
  if (sync) acknowledged(ref->txid, payload);
}

void LogWorld::append_batch(const std::string& first, const std::string& second, bool sync) {
  attempted_.insert(first);
  attempted_.insert(second);
  const std::array records{RecordInput{.payload = first}, RecordInput{.payload = second}};
  const Result<std::vector<RecordRef>> refs = watch([&] { return log_->append_batch(records, {.sync = sync}); });
  if (!refs) return failed("append a batch", refs.error(), {});
  came_back((*refs)[0], first);
  came_back((*refs)[1], second);
  if ((*refs)[1].txid != (*refs)[0].txid + 1) violated(Invariant::txids_ascend, "a batch is torn apart");
  if (!sync) return;
  acknowledged((*refs)[0].txid, first);
  acknowledged((*refs)[1].txid, second);
}

void LogWorld::fsync() {
  looks_at_the_clock();
  const std::map<std::uint64_t, std::string> before = returned_;
  const Result<void> done = watch([&] { return log_->fsync(); });
  if (!done) return failed("fsync", done.error(), {});
  for (const auto& [txid, payload] : before) acknowledged(txid, payload);
}

void LogWorld::rotate() {
  if (const Result<void> done = watch([&] { return log_->rotate(); }); !done) failed("rotate", done.error(), {true});
}

void LogWorld::close(May may) {
  looks_at_the_clock();
  const std::map<std::uint64_t, std::string> before = returned_;
  const Result<void> done = watch([&] { return log_->close(); });
  if (!done) return failed("close", done.error(), may);
  if (has_failed()) return;
  for (const auto& [txid, payload] : before) durable_.insert(txid);
  look_at_crash();
}

void LogWorld::drop_segments_before(std::uint32_t id) {
  is_trimmed_ = true;
  const Result<void> done = watch([&] { return log_->drop_segments_before(id); });
  if (!done) failed("drop segments", done.error(), {});
}

void LogWorld::save_state(bool may_fail) {
  const std::map<std::uint64_t, std::string> before = returned_;
  const Result<void> done = watch([&] { return log_->save_state(); });
  if (!done && may_fail && done.error().code == Errc::no_space) return;
  if (!done) return failed("save state", done.error(), {true});
  for (const auto& [txid, payload] : before) acknowledged(txid, payload);
}

std::vector<Record> LogWorld::recovered(safeatomic::FileSystem& machine, Invariant invariant) const {
  std::vector<Record> first;
  for (const bool uses_state : {options_.state.is_enabled, false}) {
    const OpenOptions options{.write_path = WritePath::append,
                              .state = {.is_enabled = uses_state, .write_at_close = false},
                              .file_system = &machine};
    Result<RecordLog> log = RecordLog::open(store_name, options);
    if (!log) violated(invariant, "open: " + log.error().message());
    Result<std::vector<Record>> records = log->scan();
    if (!records) violated(invariant, "scan: " + records.error().message());
    if (log->recovery_report().records_replayed != records->size() ||
        log->last_txid() != (records->empty() ? 0 : records->back().txid)) {
      violated(invariant, "it counts other records than it holds");
    }
    if (!options_.state.is_enabled) return *std::move(records);
    if (!uses_state && !std::ranges::equal(first, *records, {}, &Record::txid, &Record::txid)) {
      violated(invariant, "with its state it holds other records than without");
    }
    first = *std::move(records);
  }
  const Result<StateReport> state = check_state(store_name, {.file_system = &machine});
  if (!state || state->state == IndexState::damaged) {
    violated(invariant, "the state: " + (state ? state->reason : state.error().message()));
  }
  return first;
}

void LogWorld::reopen() {
  watch([&] { log_.reset(); });
  open(options_);
}

void LogWorld::finish() {
  const bool is_poisoned = watch([&] { return log_->is_poisoned(); });
  if (has_failed() && !is_poisoned && !watch([&] { return log_->fsync(); })) {
    violated(Invariant::failed_sync_poisons, "fsync fails, and the log is not poisoned");
  }
  if (has_failed() && !is_poisoned) violated(Invariant::failed_sync_poisons, "the log is not poisoned");
  close({true});
  if (const Result<RecordRef> late = watch([&] { return log_->append("late"); });
      late || late.error().code != Errc::closed) {
    violated(Invariant::sound_store_has_no_error, "a closed log takes records");
  }
  watch([&] { log_.reset(); });
  check_nothing_is_open();
  disarm();
  const std::vector<Record> records = recovered(seam(), Invariant::sound_store_has_no_error);
  std::uint64_t before = 0;
  std::set<std::uint64_t> there;
  for (const Record& record : records) {
    if (before != 0 && record.txid != before + 1) violated(Invariant::txids_ascend, "a hole in the log");
    before = record.txid;
    there.insert(record.txid);
    check_record(record.txid, record.payload, Invariant::sound_store_has_no_error);
  }
  for (const auto& [txid, payload] : returned_) {
    if (!there.contains(txid) && !is_trimmed_) violated(Invariant::sound_store_has_no_error, "not there: " + payload);
  }
}

void LogWorld::check_record(std::uint64_t txid, std::string_view payload, Invariant invariant) const {
  const auto known = returned_.find(txid);
  const bool is_right = known != returned_.end() ? known->second == payload : attempted_.contains(std::string(payload));
  if (!is_right) violated(invariant, "something else was written: " + std::string(payload));
}

void LogWorld::read(int refreshes) {
  looks_at_the_clock();
  std::uint64_t at_least = last_returned();
  ReaderOptions options = reader_options();
  options.uses_state = options_.state.is_enabled;
  Result<RecordLogReader> reader = watch([&] { return RecordLogReader::open(store_name, options); });
  if (!reader) violated(Invariant::sound_store_has_no_error, "reader: " + reader.error().message());
  RecordRef last{};
  for (int round = 0;; ++round) {
    RecordCursor cursor = watch([&] { return last.txid == 0 ? reader->records() : reader->records_after(last); });
    for (;;) {
      Result<std::optional<RecordView>> record = watch([&] { return cursor.next(); });
      const bool may_be_gone = !record && is_trimmed_;
      if (may_be_gone && (record.error().code == Errc::snapshot_expired || record.error().code == Errc::place_lost)) {
        return;
      }
      if (!record) violated(Invariant::sound_store_has_no_error, "cursor: " + record.error().message());
      if (!*record) break;
      const std::uint64_t txid = (*record)->txid;
      if (last.txid == 0 ? txid != 1 && !is_trimmed_ : txid != last.txid + 1 && !is_trimmed_) {
        violated(Invariant::reader_is_a_state,
                 "it goes on from " + std::to_string(last.txid) + " with " + std::to_string(txid));
      }
      check_record(txid, (*record)->payload, Invariant::reader_is_a_state);
      last = (*record)->ref;
    }
    if (last.txid < at_least) {
      violated(Invariant::reader_is_a_state,
               "it ends at " + std::to_string(last.txid) + ", and " + std::to_string(at_least) + " was there before");
    }
    if (round == refreshes) return;
    looks_at_the_clock();
    at_least = last_returned();
    const Result<bool> more = watch([&] { return reader->refresh(); });
    if (!more) violated(Invariant::sound_store_has_no_error, "refresh: " + more.error().message());
    if (!*more && last.txid < at_least) violated(Invariant::reader_is_a_state, "refresh says that nothing is new");
  }
}

void LogWorld::follow(std::uint64_t until_txid) {
  FollowerOptions options{.only_durable = false, .file_system = &seam()};
  Result<Follower> follower = watch([&] { return Follower::open(store_name, options); });
  if (!follower) violated(Invariant::sound_store_has_no_error, "follower: " + follower.error().message());
  const bool was_trimmed = is_trimmed_;  // or in the middle of it
  std::uint64_t last = 0;
  std::uint64_t again_from = ~std::uint64_t{0};  // these may come again
  for (int idle = 0; last < until_txid && idle < 3;) {
    looks_at_the_clock();
    const std::uint64_t at_least = last_returned();
    Result<std::optional<RecordView>> record = watch([&] { return follower->next(); });
    if (!record && record.error().code == Errc::place_lost && is_trimmed_) {
      const LostRecords lost = follower->lost();
      // What was shown and is not known to be durable may be told to be replaced: then what stands there comes again.
      const bool is_shown_again = lost.cause == LostRecords::Cause::replaced && lost.first_txid <= last + 1;
      const bool is_lost_now = lost.first_txid == std::min(again_from, last + 1);
      if (!is_lost_now && !is_shown_again) {
        violated(Invariant::follower_skips_nothing, "lost " + std::to_string(lost.first_txid) + " to " +
                                                        std::to_string(lost.last_txid) + " for the reason " +
                                                        std::to_string(static_cast<int>(lost.cause)) +
                                                        ", shown up to " + std::to_string(last));
      }
      again_from = is_shown_again ? lost.first_txid : ~std::uint64_t{0};
      last = lost.last_txid;
      continue;
    }
    if (!record) violated(Invariant::sound_store_has_no_error, "follower: " + record.error().message());
    if (!*record) {
      if (last < at_least) {
        violated(Invariant::follower_skips_nothing, "nothing more behind " + std::to_string(last) + ", and " +
                                                        std::to_string(at_least) + " was there before");
      }
      ++idle;
      continue;
    }
    const std::uint64_t txid = (*record)->txid;
    const bool may_come_again = txid >= again_from && txid <= last;
    if (txid != last + 1 && !may_come_again && !(last == 0 && was_trimmed)) {
      violated(Invariant::follower_skips_nothing, "from " + std::to_string(last) + " to " + std::to_string(txid));
    }
    again_from = ~std::uint64_t{0};
    last = txid;
    check_record(last, (*record)->payload, Invariant::follower_skips_nothing);
  }
  // Its end belongs to what is watched.
  std::optional<Follower> ending(std::move(*follower));
  watch([&] { ending.reset(); });
}

std::uint64_t LogWorld::promises() const {
  std::uint64_t hash = is_trimmed_ ? 11 : 7;
  for (const std::uint64_t txid : durable_) hash = mix(hash, txid);
  for (const auto& [txid, payload] : returned_) hash = mix(mix(hash, txid), payload);
  for (const std::string& payload : attempted_) hash = mix(hash, payload);
  return hash;
}

void LogWorld::check_recovery(SimFileSystem& machine, bool is_kill) {
  constexpr Invariant promise = Invariant::crash_keeps_promises;
  const std::vector<Record> records = recovered(machine, promise);
  std::set<std::uint64_t> there;
  std::uint64_t before = 0;
  for (const Record& record : records) {
    if (before != 0 && record.txid != before + 1) violated(promise, "a hole in what is left");
    before = record.txid;
    there.insert(record.txid);
    check_record(record.txid, record.payload, promise);
  }
  if (is_trimmed_) return;
  for (const std::uint64_t txid : durable_) {
    if (!there.contains(txid)) violated(promise, "acknowledged as durable, and lost: " + std::to_string(txid));
  }
  if (!is_kill) return;
  for (const auto& [txid, payload] : returned_) {
    if (!there.contains(txid)) violated(promise, "lost by a kill alone: " + payload);
  }
}

}  // namespace datawal::interleave
