#pragma once
// Numbers about a log and about a key/value store.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/holds.hpp>

namespace datawal {

/// How long the syncs of the active segment took, by powers of two.
struct SyncLatency {
  static constexpr std::size_t bucket_count = 24;  ///< of powers of two, the last one without an upper bound

  /// Bucket n counts syncs of less than 2^n microseconds that are in no bucket before it; the last one those of four seconds
  /// and more.
  std::array<std::uint64_t, bucket_count> counts{};
  std::uint64_t count = 0;               ///< in all buckets together
  std::uint64_t total_microseconds = 0;  ///< of all of them, each rounded down
};

/// Numbers of a log that is open for writing.
struct LogStats {
  std::uint64_t segments = 0;            ///< files
  std::uint64_t bytes = 0;               ///< of all records
  std::uint64_t last_txid = 0;           ///< newest appended
  std::uint64_t durable_txid = 0;        ///< newest known to survive a loss of power
  bool has_recovered_torn_tail = false;  ///< `open` found one
  std::uint64_t quarantined_files = 0;   ///< `*.dwal.torn-*` in the directory now
  std::uint64_t quarantined_bytes = 0;   ///< in these
  std::uint64_t appended_bytes = 0;      ///< of records, by this handle
  std::uint64_t synced_bytes = 0;        ///< of these, known to survive a loss of power
  SyncLatency sync_latency{};            ///< of this handle's syncs, those of rotation and background included
};

/// Records and bytes of one segment of a key/value store.
struct SegmentStats {
  std::uint32_t id = 0;               ///< segment id
  std::uint64_t bytes = 0;            ///< of all records: live, raw, tombstones and dead together
  std::uint64_t live_bytes = 0;       ///< of the Puts that are the newest record of their key
  std::uint64_t raw_bytes = 0;        ///< of Raw records
  std::uint64_t tombstone_bytes = 0;  ///< of Delete records, needed or not
  std::uint64_t dead_bytes = 0;       ///< of Puts that something newer has superseded
  std::uint64_t raw_records = 0;      ///< of each kind
  std::uint64_t put_records = 0;      ///< of each kind
  std::uint64_t delete_records = 0;   ///< of each kind
  std::uint64_t last_txid = 0;        ///< of its newest record; 0 if it has none
  bool is_active = false;             ///< it is appended to and not compacted
};

/// A hold, and what it costs.
struct HoldStats {
  Hold hold{};                 ///< whose, and from where on
  std::uint64_t segments = 0;  ///< sealed ones with a larger txid, which neither compaction nor retention touches
  std::uint64_t bytes = 0;     ///< of all records in these
  std::uint64_t garbage_bytes =
      0;  ///< of these, dead Puts and tombstones: what a compaction might give back without it
};

/// What background compaction did since the store was opened (OpenOptions::auto_compact). A failed run changes nothing that
/// anybody reads; the next one starts when the next segment is full.
struct AutoCompactStats {
  bool is_enabled = false;            ///< it was asked for
  bool is_failing = false;            ///< the newest finished run failed
  std::uint64_t runs = 0;             ///< finished, failed or not
  std::uint64_t failures = 0;         ///< of these
  std::optional<Error> last_error{};  ///< of the newest failed run, even if one has succeeded since
};

/// What scrubbing in the background did since the store was opened (OpenOptions::scrub). A run that compactions overtook again and again
/// (snapshot_expired) counts as none, and the next one comes in its turn.
struct ScrubStats {
  bool is_enabled = false;     ///< it was asked for
  bool is_failing = false;     ///< the newest finished run found damage, or could not read everything
  std::uint64_t runs = 0;      ///< finished, failed or not
  std::uint64_t failures = 0;  ///< of these
  std::optional<Error>
      last_error{};  ///< of the newest failed run, even if one has succeeded since: ScrubReport::damage()
};

/// Numbers of a whole key/value store.
struct StoreStats {
  std::uint64_t segments = 0;             ///< files
  std::uint64_t bytes = 0;                ///< of all records
  std::uint64_t live_bytes = 0;           ///< of the records of live keys
  std::uint64_t live_keys = 0;            ///< keys that have a value
  std::uint64_t raw_records = 0;          ///< of each kind
  std::uint64_t put_records = 0;          ///< of each kind
  std::uint64_t delete_records = 0;       ///< of each kind
  std::uint64_t last_txid = 0;            ///< newest appended
  std::uint64_t durable_txid = 0;         ///< newest known to survive a loss of power
  std::uint64_t key_directory_bytes = 0;  ///< memory of the index
  // These are 0 unless that is limited (IndexOptions::memory_limit).
  std::uint64_t key_directory_changed_bytes = 0;  ///< of it, what stays there until the index is written
  std::uint64_t key_directory_bytes_on_file = 0;  ///< what is on file instead
  std::uint64_t key_directory_bytes_evicted = 0;  ///< what was taken out so far
  std::uint64_t quarantined_files = 0;  ///< `*.dwal.torn-*` in the directory now: one for each tear recovered from
  std::uint64_t quarantined_bytes = 0;  ///< in these

  /// The share of `bytes` that compact_to() would not copy, Raw records counted as kept; 0 for an empty store.
  double garbage_ratio = 0;

  std::vector<SegmentStats> per_segment{};  ///< ascending

  std::vector<HoldStats> holds{};      ///< of now, by name; empty if they cannot be read
  std::optional<Error> holds_error{};  ///< why they cannot be read; then nothing is given back

  AutoCompactStats auto_compact{};  ///< of DataWal, not of a reader
  ScrubStats scrub{};               ///< of DataWal, not of a reader
};

/// The numbers in the text format of Prometheus, each with a label `store`: for node_exporter's textfile collector, or as the
/// answer to a scrape. The sync latency is a histogram in seconds.
[[nodiscard]] std::string prometheus_text(const LogStats& stats, std::string_view store);
/// The same for a key/value store.
[[nodiscard]] std::string prometheus_text(const StoreStats& stats, std::string_view store);

}  // namespace datawal
