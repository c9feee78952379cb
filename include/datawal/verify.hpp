#pragma once
// Checks a whole store without changing it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <datawal/options.hpp>
#include <datawal/recovery_report.hpp>

namespace datawal {

/// What `.watermark` says of the store beside it.
enum class WatermarkState : std::uint8_t {
  absent,     ///< there is none, or it is no watermark: only the distinction between tear and damage is lost
  elsewhere,  ///< about an older segment, or another file: the store is a copy
  ignored,    ///< it does not fit a record, and nothing it covers is missing
  kept,       ///< everything below it is there
  broken,     ///< something it promised is missing
};

/// A place where txids are missing.
struct TxidGap {
  std::uint32_t segment = 0;   ///< where the later of the two lies
  std::uint64_t offset = 0;    ///< bytes from the start of that segment
  std::uint64_t expected = 0;  ///< its predecessor + 1
  std::uint64_t found = 0;     ///< higher: txids from `expected` up to, not including, this one are missing
};

/// Bytes that are in no whole record.
struct DamagedRange {
  std::uint32_t segment = 0;                ///< where they lie
  std::uint64_t begin = 0;                  ///< bytes from the start of that segment
  std::uint64_t end = 0;                    ///< where the next whole record begins, or the segment ends
  format::Stop stop = format::Stop::zeros;  ///< why no record begins at `begin`
};

/// Segment ids without a file.
struct MissingSegments {
  std::uint32_t first = 0;  ///< the lowest
  std::uint32_t last = 0;   ///< the highest
};

/// What verify() found.
struct VerifyReport {
  std::uint64_t frames_checked = 0;  ///< whole records with a right CRC
  std::uint64_t crc_failures =
      0;  ///< complete frames with a wrong CRC: 0 or 1, since nothing after the first stop counts
  std::uint32_t last_segment = 0;   ///< where checking ended
  std::uint64_t last_offset = 0;    ///< where checking ended
  RecoveryReport recovery;          ///< the same pass as recovery reports it
  std::vector<TxidGap> gaps;        ///< the first 100
  std::uint64_t txids_missing = 0;  ///< in all gaps together
  bool is_raw_only = true;    ///< no Put or Delete was found: compaction removes no Raw records, so gaps are losses
  bool out_of_order = false;  ///< the damage is a txid that is not above the one before: segments were swapped or mixed
  WatermarkState watermark = WatermarkState::absent;  ///< what it says
  std::optional<Error>
      damage;  ///< the first corruption or unsupported version; empty if the store is sound or merely torn

  /// Everything from the first damage on that is in no whole record: the first 100 ranges. The last one in the newest segment
  /// may be a torn tail, or a record still being written. Empty without damage.
  std::vector<DamagedRange> damaged_ranges;
  std::uint64_t damaged_ranges_found = 0;  ///< how many there are
  std::uint64_t damaged_bytes = 0;         ///< in all of them
  std::uint64_t records_behind_damage =
      0;  ///< whole records after the first damage: no reader sees them, salvage() does

  /// A suspicion, not damage: compaction and retention leave gaps too. The first 100.
  std::vector<MissingSegments> missing_segments;

  /// Nothing is wrong: no damage, no tear. Gaps do not count: see `txids_missing`.
  [[nodiscard]] bool is_clean() const noexcept { return !damage && !recovery.tail_truncated; }
};

/// Options of verify().
struct VerifyOptions {
  ProgressCallback on_progress{};                 ///< called now and then from this thread; must not throw
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

/// Reads every frame of the store in `dir` and checks each CRC, the order of the txids and the watermark. Takes no lock and
/// changes nothing; beside a live writer it checks what was there when it began.
/// @return the report, also for a damaged store; an error only where the store could not be read: not_found, io
[[nodiscard]] Result<VerifyReport> verify(const std::filesystem::path& dir, const VerifyOptions& options = {});

}  // namespace datawal
