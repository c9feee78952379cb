#pragma once
// Reads many segments as one log and judges every stop: the one pass that recovery, cursors and verify share.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <datawal/recovery_report.hpp>

#include "log/read/snapshot.hpp"
#include "log/read/verdict.hpp"
#include "segment/scanner.hpp"

namespace datawal::log {

/// How to interpret the end of the highest segment.
enum class LastSegment : std::uint8_t {
  recovered,  ///< we hold the lock: the last writer left it so
  live,       ///< somebody may be writing: a stop may be a frame on its way (docs/DURABILITY.md, "Readers")
  published,  ///< this process published all bytes below the pinned size: any earlier stop is damage
};

/// Where and why the walk of the highest segment ended.
struct ScanEnd {
  std::uint64_t valid_end = 0;  ///< bytes of the valid prefix
  std::uint64_t data_end = 0;   ///< after the last nonzero byte; valid_end if only zeros follow
  std::uint64_t file_end = 0;   ///< bytes of the file, up to where the walk may look
  format::Stop stop = format::Stop::end_of_input;
  Verdict verdict = Verdict::keep;
};

/// Where a walk begins.
struct Position {
  std::uint32_t segment = 0;  ///< 0: at the beginning
  std::uint64_t offset = 0;
};

/// What is known about the place where a walk begins. The bytes of a payload may look like a record and its end: only a walk that
/// began at a record may say where the log ends, or that it is damaged.
enum class Start : std::uint8_t {
  given,   ///< nothing: somebody gave it
  named,   ///< the record that a RecordRef names was found there
  proven,  ///< a record begins there, or would
};

/// What is known of the log before the place where a walk begins, without reading it.
struct Before {
  RecordRef last{};           ///< it ends there, and was found to be there
  std::uint64_t records = 0;  ///< with that one
  std::uint64_t txid_gaps = 0;
  bool is_durable = false;  ///< all of it was synced
};

/// One thread at a time.
class LogScanner {
 public:
  /// `from` is `proven` if it is the beginning of a segment, else `given`. Before a walk from a place that is not proven ends, it
  /// reads that segment from its beginning to see whether a record begins there; if not, it is `place_lost`, and nothing else
  /// changes.
  [[gnu::cold]] LogScanner(std::shared_ptr<const Snapshot> snapshot, LastSegment last, Position from = {});

  /// The usual case of next(): moves to the next record if the buffer holds all of it; see view(). False: call next().
  [[nodiscard]] bool next_buffered() {
    if (error_ || !file_ || is_found_ || !scanner_.next_buffered()) return false;
    is_found_ = !is_in_snapshot();
    if (is_found_) return false;
    account();
    return true;
  }

  /// The record where the walk is; its views are valid until it continues.
  [[nodiscard]] RecordView view() const noexcept {
    const format::DecodedRecord& frame = scanner_.frame();
    return {.type = frame.type,
            .txid = frame.txid,
            .key = frame.key,
            .payload = frame.payload,
            .ref = {.segment = segment_id_,
                    .offset = scanner_.frame_offset(),
                    .len = static_cast<std::uint32_t>(frame.len),
                    .txid = frame.txid,
                    .crc = frame.crc}};
  }

  /// Puts the next record into `record` (views valid until the next call); false at the end. Called again, it returns the
  /// same error, or false.
  [[nodiscard]] Result<bool> next(RecordView& record);

  /// The next records, as many as are available without reading on, up to `records.size()`, at least one; all views are valid
  /// until the next call. 0 at the end; an error comes alone, in the call after the last record before it.
  [[nodiscard]] Result<std::size_t> next_batch(std::span<RecordView> records);

  [[nodiscard]] const RecoveryReport& report() const noexcept { return report_; }
  [[nodiscard]] const WatermarkCheck& watermark() const noexcept { return watermark_; }
  /// About the highest segment; complete when next() has returned false, or an error found in that segment.
  [[nodiscard]] const ScanEnd& end() const noexcept { return end_; }
  /// Why it ended; Stop::none before.
  [[nodiscard]] format::Stop stop() const noexcept { return stop_; }
  /// Where the walk is: after the last record returned, or at the damage.
  [[nodiscard, gnu::cold]] Position position() const noexcept;

  /// Tells what is now known about where it began.
  void began_at(Start start) noexcept { start_ = start; }

  /// The walk, which has not begun yet, goes on behind `before`; its report counts both.
  void goes_on_behind(const Before& before);

  /// Called for each txid that is not its predecessor + 1.
  using GapCallback = std::function<void(const RecordView& record, std::uint64_t expected)>;
  void on_gap(GapCallback callback) { on_gap_ = std::move(callback); }

  /// Called when a segment is entered, before its first record; a failure ends the walk.
  using EnterCallback = std::function<Result<void>(const PinnedSegment& segment, safeatomic::File& file)>;
  void on_enter(EnterCallback callback) { on_enter_ = std::move(callback); }

 private:
  [[nodiscard]] bool in_last() const noexcept { return index_ + 1 == snapshot_->segments.size(); }
  [[nodiscard]] RecordRef last_record() const noexcept;
  /// True if cursors of this snapshot show the frame just found.
  [[nodiscard]] bool is_in_snapshot() {
    if (last_ != LastSegment::live || !in_last() || scanner_.end() <= admitted_end_) return true;
    if (start_ == Start::given) return scanner_.frame_offset() < snapshot_->end.limit();
    // Together with the following ones known to be whole: one claim that others see is enough.
    const std::uint64_t verified_end = scanner_.verified_end();
    if (snapshot_->end.admit(scanner_.frame_offset(), verified_end)) {
      if (snapshot_->end.limit() >= verified_end) admitted_end_ = verified_end;
      return true;
    }
    return false;
  }
  [[nodiscard, gnu::cold]] Result<void> enter();
  [[nodiscard, gnu::cold]] Result<bool> found(RecordView& record);
  void account() {
    const std::uint64_t txid = scanner_.frame().txid;
    ++report_.records_replayed;
    ++report_.records_read;
    if (previous_txid_ && txid != *previous_txid_ + 1) [[unlikely]]
      met_gap(*previous_txid_ + 1);
    previous_txid_ = txid;
    // Piece by piece: a copy of a value assembled just before waits for the stores.
    last_segment_ = segment_id_;
    last_offset_ = scanner_.frame_offset();
    last_len_ = static_cast<std::uint32_t>(scanner_.frame().len);
    last_crc_ = scanner_.frame().crc;
    report_.last_txid_seen = std::max(report_.last_txid_seen, txid);
    if (in_last()) watermark_.met(scanner_.end(), txid);
  }
  [[gnu::cold]] void met_gap(std::uint64_t expected);
  [[nodiscard, gnu::cold]] Result<bool> stopped(format::Stop stop, RecordView& record);
  [[nodiscard, gnu::cold]] Result<bool> stopped_live(format::Stop stop, RecordView& record);
  [[nodiscard, gnu::cold]] Result<bool> look_again(format::Stop& stop);
  [[nodiscard, gnu::cold]] Result<void> prove_start(format::Stop stop);
  [[nodiscard, gnu::cold]] Result<bool> finish(format::Stop stop, RecordView& record);
  [[nodiscard, gnu::cold]] Result<bool> end_at(format::Stop stop, std::uint64_t valid_end);
  [[nodiscard]] LogEnd end_here(std::uint64_t offset, bool is_damage) const;
  [[nodiscard, gnu::cold]] Result<void> survey_tail(format::Stop stop);
  [[nodiscard, gnu::cold]] Error damage(format::Stop stop, Verdict verdict, Promise promise) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> fail(Error error);

  std::shared_ptr<const Snapshot> snapshot_;
  LastSegment last_;
  std::size_t index_ = 0;  // into the snapshot's segments
  std::uint64_t begin_ = 0;
  Start start_ = Start::proven;     // of the segment where it is
  std::uint64_t admitted_end_ = 0;  // of the last segment: frames up to here are shown
  std::uint32_t segment_id_ = 0;
  bool is_found_ = false;                   // the scanner is at a frame that next() must judge
  std::shared_ptr<safeatomic::File> file_;  // null between segments
  segment::Scanner scanner_;
  WatermarkCheck watermark_;
  RecoveryReport report_;
  ScanEnd end_;
  std::optional<std::uint64_t> previous_txid_;
  // The last record, whose txid is previous_txid_.
  std::uint32_t last_segment_ = 0;
  std::uint32_t last_len_ = 0;
  std::uint32_t last_crc_ = 0;
  std::uint64_t last_offset_ = 0;
  GapCallback on_gap_;
  EnterCallback on_enter_;
  std::optional<Error> error_;
  format::Stop stop_ = format::Stop::none;
  bool done_ = false;
};

/// The watermark names a segment that is missing.
[[nodiscard, gnu::cold]] Error missing_segments(const Snapshot& snapshot);

/// True if a writer has the store open now, or if that cannot be determined. Takes nothing.
[[nodiscard]] bool writer_lives(safeatomic::Directory& directory);

}  // namespace datawal::log
