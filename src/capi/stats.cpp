// Numbers about logs and stores.

#include <algorithm>

#include <datawal/stats.hpp>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

static_assert(DATAWAL_SYNC_BUCKETS == SyncLatency::bucket_count);

namespace {

datawal_log_stats to_c(const LogStats& stats) noexcept {
  datawal_log_stats result{.segments = stats.segments,
                           .bytes = stats.bytes,
                           .last_txid = stats.last_txid,
                           .durable_txid = stats.durable_txid,
                           .quarantined_files = stats.quarantined_files,
                           .quarantined_bytes = stats.quarantined_bytes,
                           .appended_bytes = stats.appended_bytes,
                           .synced_bytes = stats.synced_bytes,
                           .syncs = stats.sync_latency.count,
                           .sync_microseconds = stats.sync_latency.total_microseconds,
                           .sync_counts = {},
                           .has_recovered_torn_tail = stats.has_recovered_torn_tail ? 1 : 0,
                           .reserved = {}};
  std::ranges::copy(stats.sync_latency.counts, result.sync_counts);
  return result;
}

datawal_segment_stats to_c(const SegmentStats& stats) noexcept {
  return {.bytes = stats.bytes,
          .live_bytes = stats.live_bytes,
          .raw_bytes = stats.raw_bytes,
          .tombstone_bytes = stats.tombstone_bytes,
          .dead_bytes = stats.dead_bytes,
          .segment = stats.id,
          .is_active = stats.is_active ? 1 : 0,
          .last_txid = stats.last_txid,
          .reserved = {}};
}

datawal_code count(const RecordLog& log, datawal_log_stats* stats, datawal_error* error) {
  *stats = {};
  return returned(error, [&] { return log.stats(); }, [&](const LogStats& now) { *stats = to_c(now); });
}

// `source` has the method stats.
template <class Source>
void count(const Source& source, datawal_store_stats* stats) noexcept {
  try {
    *stats = capi::to_c(source.stats());
  } catch (const std::bad_alloc&) {
    *stats = {};
  }
}

}  // namespace

datawal_code datawal_log_stats_of(const datawal_log* log, datawal_log_stats* stats, datawal_error* error) {
  if (log == nullptr || stats == nullptr) return fail(error, missing("count records"));
  return count(log->log, stats, error);
}

datawal_code datawal_log_prometheus(const datawal_log* log, const char* name, datawal_buffer* text,
                                    datawal_error* error) {
  if (log == nullptr || name == nullptr || text == nullptr) return fail(error, missing("count records"));
  *text = {};
  return returned(
      error, [&] { return log->log.stats(); },
      [&](const LogStats& stats) { give(text, prometheus_text(stats, name)); });
}

void datawal_store_stats_of(const datawal_store* store, datawal_store_stats* stats) {
  if (store != nullptr && stats != nullptr) count(store->store, stats);
}

void datawal_store_reader_stats(const datawal_store_reader* reader, datawal_store_stats* stats) {
  if (reader != nullptr && stats != nullptr) count(reader->reader, stats);
}

datawal_code datawal_store_log_stats(const datawal_store* store, datawal_log_stats* stats, datawal_error* error) {
  if (store == nullptr || stats == nullptr) return fail(error, missing("count records"));
  return count(store->store.log(), stats, error);
}

datawal_code datawal_store_segments(const datawal_store* store, datawal_segment_stats* segments, size_t room,
                                    size_t* count, datawal_error* error) {
  if (count != nullptr) *count = 0;
  if (store == nullptr || (segments == nullptr && room != 0)) return fail(error, missing("count records"));
  return guarded(error, [&] {
    const StoreStats stats = store->store.stats();
    if (count != nullptr) *count = stats.per_segment.size();
    const std::size_t filled = std::min(room, stats.per_segment.size());
    for (std::size_t i = 0; i < filled; ++i) segments[i] = to_c(stats.per_segment[i]);
    return succeed(error);
  });
}

datawal_code datawal_store_auto_compact_error(const datawal_store* store, datawal_error* last) {
  if (store == nullptr) return fail(last, missing("count records"));
  return guarded(last, [&] {
    const StoreStats stats = store->store.stats();
    return stats.auto_compact.last_error ? fail(last, *stats.auto_compact.last_error) : succeed(last);
  });
}

datawal_code datawal_store_prometheus(const datawal_store* store, const char* name, datawal_buffer* text,
                                      datawal_error* error) {
  if (store == nullptr || name == nullptr || text == nullptr) return fail(error, missing("count records"));
  *text = {};
  return guarded(error, [&] {
    give(text, prometheus_text(store->store.stats(), name));
    return succeed(error);
  });
}
