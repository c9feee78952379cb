// LogCore: syncing, alone or for many (group_commit.hpp).

#include <algorithm>
#include <bit>
#include <chrono>
#include <memory>
#include <new>
#include <utility>

#include "base/io_error.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

namespace {

void note(SyncLatency& latency, std::chrono::steady_clock::duration took) noexcept {
  const auto microseconds = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  const auto bucket = static_cast<std::size_t>(std::bit_width(microseconds));  // less than 2^bucket
  ++latency.counts[std::min(bucket, SyncLatency::bucket_count - 1)];
  ++latency.count;
  latency.total_microseconds += microseconds;
}

}  // namespace

LogCore::Turn::Begun LogCore::Turn::wait_for(LogCore& core, Guard& guard) noexcept {
  GroupCommit& turns = core.turns_;
  while (!turns.try_begin()) {
    const GroupCommit::Ticket ticket = turns.gather();
    guard.unlock();
    const bool is_given = turns.wait(ticket);
    guard.lock();
    if (!is_given) continue;
    turns.begin_given();
    break;
  }
  return Begun::already;
}

LogCore::Turn::~Turn() {
  if (!guard_.owns_lock()) guard_.lock();
  core_.syncing_txid_ = 0;
  const GroupCommit::Wakes wakes = core_.turns_.end();
  guard_.unlock();
  core_.turns_.wake(wakes);
}

LogCore::Doubt::~Doubt() {
  if (core_ == nullptr) return;
  if (!guard_.owns_lock()) guard_.lock();
  core_->set_poison(action_, 0);
}

bool LogCore::is_covered(std::uint64_t txid) const noexcept {
  return durable_txid_.load(std::memory_order_relaxed) >= txid && !writer_->has_unsynced_change();
}

LogCore::Coverage LogCore::coverage() const {
  return {.file = writer_->file(),
          .watermark = {.segment = active_segment(),
                        .inode = segments_->last_info().inode,
                        .offset = writer_->end(),
                        .txid = last_txid_.load(std::memory_order_relaxed)},
          .change_count = writer_->change_count(),
          .appended_bytes = appended_bytes()};
}

safeatomic::Result<void> LogCore::sync(Coverage& coverage) {
  const auto began = std::chrono::steady_clock::now();
  safeatomic::Result<void> done = coverage.file->sync_data();
  coverage.took = std::chrono::steady_clock::now() - began;
  return done;
}

void LogCore::count_writes(LogStats& stats) const {
  const Locked guard(mutex_);
  if (!writer_) return;
  stats.appended_bytes = appended_bytes();
  stats.synced_bytes = synced_bytes_;
  stats.sync_latency = sync_latency_;
}

// With the lock and the turn: the result of a sync of `coverage`.
Result<void> LogCore::finish_sync(const Coverage& coverage, const safeatomic::Result<void>& synced, bool asked_for) {
  // A second try could succeed over pages that the kernel has dropped, so the first failure is the last.
  if (!synced) return poison(synced.error(), "sync segment");
  writer_->synced(coverage.change_count, asked_for);
  durable_txid_.store(coverage.watermark.txid, std::memory_order_release);
  synced_bytes_ = coverage.appended_bytes;
  note(sync_latency_, coverage.took);
  return {};
}

Result<void> LogCore::sync_in_turn(Guard& guard) {
  if (is_covered(last_txid_.load(std::memory_order_relaxed))) return {};
  Coverage covered = coverage();
  Doubt doubt(*this, guard, "sync segment");
  const safeatomic::Result<void> synced = sync(covered);
  if (synced) watermark_.write(covered.watermark);
  doubt.resolve();
  return finish_sync(covered, synced, true);
}

Result<void> LogCore::fsync() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  Guard guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  return sync_through(guard, last_txid_.load(std::memory_order_relaxed), true);
}

Result<void> LogCore::sync_through(std::uint64_t txid) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  Guard guard(mutex_);
  return sync_through(guard, txid, true);
}

// If a sync that began after `txid` is running, wait for that one; otherwise wait for the next, and do it if nobody else
// does.
Result<void> LogCore::sync_through(Guard& guard, std::uint64_t txid, bool asked_for) {
  for (;;) {
    if (Result<void> open = refuse_closed(); !open) return open;
    if (is_covered(txid)) return {};
    if (poison_) return std::unexpected(*poison_);
    if (turns_.try_begin()) break;
    const bool owes_cut = writer_->has_unsynced_change();  // of a write that was undone
    const bool is_on_its_way = syncing_txid_ >= txid && !owes_cut;
    const GroupCommit::Ticket ticket = is_on_its_way ? turns_.attend() : turns_.gather();
    guard.unlock();
    const bool is_given = turns_.wait(ticket);
    // What most of the woken find. Not every turn syncs the segment: whether a cut waits is checked under the lock.
    if (!is_given && !owes_cut && durable_txid() >= txid) return {};
    guard.lock();
    if (!is_given) continue;
    turns_.begin_given();
    break;
  }
  const Turn turn(*this, guard, Turn::Begun::already);
  return sync_for_all(guard, txid, asked_for);
}

// With the lock and the turn; releases the lock during the sync.
Result<void> LogCore::sync_for_all(Guard& guard, std::uint64_t txid, bool asked_for) {
  if (Result<void> open = refuse_closed(); !open) return open;
  if (is_covered(last_txid_.load(std::memory_order_relaxed))) return {};
  if (poison_) return is_covered(txid) ? Result<void>() : std::unexpected(*poison_);
  Coverage covered = coverage();
  syncing_txid_ = covered.watermark.txid;
  Doubt doubt(*this, guard, "sync segment");
  guard.unlock();
  const safeatomic::Result<void> synced = sync(covered);
  if (synced) watermark_.write(covered.watermark);
  guard.lock();
  doubt.resolve();
  return finish_sync(covered, synced, asked_for);
}

void LogCore::sync_in_background(BackgroundSync::Reason reason) {
  Guard guard(mutex_);
  try {
    if (!refuse_change()) return;
    // A failure here poisons the log: the next caller gets the error.
    (void)sync_through(guard, last_txid_.load(std::memory_order_relaxed), reason == BackgroundSync::Reason::interval);
  } catch (const std::bad_alloc&) {
    return;  // no memory to report it: the log is poisoned all the same
  }
}

// Starts writing out what was appended, so that the sync of a rotation finds little to do.
void LogCore::start_writeback() noexcept {
  writeback_end_ = writer_->end();
  try {
    if (!background_) {
      Result<std::unique_ptr<BackgroundSync>> background = BackgroundSync::start(
          std::chrono::milliseconds(0), [this](BackgroundSync::Reason reason) { sync_in_background(reason); });
      if (!background) return;
      background_ = std::move(*background);
    }
  } catch (const std::bad_alloc&) {
    return;  // without it a rotation merely takes longer
  }
  background_->request();
}

Result<void> LogCore::sync_names() {
  Guard guard(mutex_);
  if (Result<void> usable = refuse_closed(); !usable) return usable;
  const Turn turn(*this, guard);
  if (Result<void> usable = refuse_closed(); !usable) return usable;
  Doubt doubt(*this, guard, "sync directory");
  guard.unlock();
  const safeatomic::Result<void> synced = directory()->sync();
  guard.lock();
  doubt.resolve();
  if (synced) return {};
  return poison(synced.error(), "sync directory");
}

}  // namespace datawal::log
