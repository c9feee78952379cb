#pragma once
// Stores with a persisted index, and what they say.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kv/kv_support.hpp"

namespace datawal::test {

inline constexpr const char* index_file = ".index";

/// With the index, written only when it is asked for.
inline OpenOptions indexed(OpenOptions options = {}) {
  options.index = {
      .is_enabled = true, .write_at_close = false, .writes_in_background = false, .loads_in_background = false};
  return options;
}

/// Where the pages of an index begin.
inline std::size_t pages_begin_of(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::size_t{static_cast<unsigned char>(bytes[88 + i])} << (8 * i);
  return value;
}

/// All that a store says of itself: equal, however it was opened.
struct Told {
  Contents contents{};
  std::uint64_t keys = 0;
  std::vector<std::vector<std::uint64_t>> segments{};
  std::vector<std::uint64_t> report{};

  friend bool operator==(const Told&, const Told&) = default;
};

inline Told told_by(const DataWal& store) {
  const StoreStats stats = store.stats();
  const RecoveryReport& report = store.log().recovery_report();
  Told told{.contents = contents_of(store), .keys = store.size()};
  for (const SegmentStats& segment : stats.per_segment) {
    told.segments.push_back({segment.id, segment.bytes, segment.live_bytes, segment.dead_bytes, segment.raw_bytes,
                             segment.tombstone_bytes, segment.raw_records, segment.put_records,
                             segment.delete_records});
  }
  told.report = {report.files_scanned, report.records_replayed, report.last_txid_seen,    report.txid_gaps,
                 stats.last_txid,      stats.live_bytes,        stats.put_records,        stats.delete_records,
                 stats.raw_records,    stats.segments,          report.preallocated_bytes};
  return told;
}

/// Opens the store with its index, and then without: the first must be what `state` says, and both must tell the same.
/// @return how many records were read with it
inline std::uint64_t expect_as_without(const std::filesystem::path& dir, IndexState state, OpenOptions options = {}) {
  std::uint64_t read = 0;
  Told with;
  std::string reason;
  {
    const DataWal store = open_kv(dir, indexed(options));
    const RecoveryReport& report = store.log().recovery_report();
    EXPECT_EQ(static_cast<int>(report.index_state), static_cast<int>(state)) << report.index_reason;
    EXPECT_EQ(report.index_reason.empty(), state == IndexState::used || state == IndexState::absent)
        << report.index_reason;
    if (state != IndexState::used) {
      EXPECT_EQ(report.records_read, report.records_replayed);
    }
    read = report.records_read;
    with = told_by(store);
  }
  const DataWal store = open_kv(dir, options);
  const Told without = told_by(store);
  EXPECT_EQ(with.contents, without.contents);
  EXPECT_EQ(with.keys, without.keys);
  EXPECT_EQ(with.segments, without.segments);
  EXPECT_EQ(with.report, without.report);
  return read;
}

/// Several segments with what there can be in them: live and dead Puts, tombstones, Raw records.
inline void fill_for_index(const std::filesystem::path& dir, int keys, std::uint64_t max_segment_bytes = 8000) {
  append_plain(dir, {{RecordType::Raw, "", "raw"}, {RecordType::Raw, "", std::string(200, 'r')}});
  DataWal store = open_kv(dir, {.max_segment_bytes = max_segment_bytes});
  for (int i = 0; i < keys; ++i) must(store.put("key " + std::to_string(i), "value " + std::to_string(i)));
  for (int i = 0; i < keys; i += 3) must(store.put("key " + std::to_string(i), "newer " + std::to_string(i)));
  for (int i = 0; i < keys; i += 7) must(store.erase("key " + std::to_string(i)));
  must(store.close());
}

inline void save_index_of(const std::filesystem::path& dir, OpenOptions options = {}) {
  DataWal store = open_kv(dir, indexed(options));
  must(store.save_index());
  must(store.close());
}

}  // namespace datawal::test
