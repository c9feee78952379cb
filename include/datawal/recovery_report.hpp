#pragma once
// What was found while a store was opened or read.

#include <cstdint>
#include <filesystem>
#include <string>

namespace datawal {

/// What became of the persisted index (OpenOptions::index), or of the state of a log (OpenOptions::state), when it was opened.
enum class IndexState : std::uint8_t {
  absent,   ///< there is none, or it was not asked for
  used,     ///< it was believed: only what was appended behind it was read
  stale,    ///< it does not describe the log that is there, or not for this version: all was read
  damaged,  ///< its bytes are not what was written: all was read
};

/// Counts of one pass over a store. The first seven are the reference implementation's.
struct RecoveryReport {
  std::uint64_t files_scanned = 0;         ///< segments
  std::uint64_t records_replayed = 0;      ///< whole records
  bool tail_truncated = false;             ///< the active segment ended in a torn tail
  std::uint64_t tail_bytes_discarded = 0;  ///< from the stop to the last byte that is not zero
  std::uint64_t mid_stream_errors = 0;     ///< corruptions; opening for writing fails on the first
  std::uint64_t unsupported_versions = 0;  ///< stops at a record of another version
  std::uint64_t last_txid_seen = 0;        ///< the highest txid of a whole record; 0 if there is none

  std::uint64_t preallocated_bytes = 0;      ///< zeros behind the last record or tear: not damage
  std::uint64_t txid_gaps = 0;               ///< places where txids are missing: compaction, or a lost segment
  std::uint64_t records_beyond_tear = 0;     ///< whole records found behind the tear (a lower bound); not returned
  std::filesystem::path quarantine_path{};   ///< where the torn bytes were copied; empty if nothing was
  std::uint64_t quarantined_previously = 0;  ///< files `*.dwal.torn-*` that were there before

  std::uint64_t records_read = 0;               ///< of records_replayed, those that were read in this pass
  IndexState index_state = IndexState::absent;  ///< of DataWal: `.index`; of RecordLog: `.state`
  std::string index_reason{};                   ///< why that was not used; empty if it was, or was not looked for
};

}  // namespace datawal
