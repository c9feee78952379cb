#include "log/read/log_scanner.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "format/frame.hpp"
#include "log/directory/store_directory.hpp"
#include "segment/resync.hpp"
#include "segment/runs.hpp"

namespace datawal::log {

using format::Stop;

LogScanner::LogScanner(std::shared_ptr<const Snapshot> snapshot, LastSegment last, Position from)
    : snapshot_(std::move(snapshot)), last_(last) {
  const std::vector<PinnedSegment>& segments = snapshot_->segments;
  const PinnedSegment* highest = segments.empty() ? nullptr : &segments.back();
  if (last_ != LastSegment::published) {
    watermark_ = highest == nullptr ? WatermarkCheck(snapshot_->watermark, 0, 0)
                                    : WatermarkCheck(snapshot_->watermark, highest->id, highest->info.inode);
  }
  report_.quarantined_previously = snapshot_->quarantined_previously;
  if (from.segment == 0) return;
  index_ = static_cast<std::size_t>(std::ranges::lower_bound(segments, from.segment, {}, &PinnedSegment::id) -
                                    segments.begin());
  begin_ = from.offset;
  if (begin_ != 0) start_ = Start::given;
  if (index_ == segments.size() || segments[index_].id != from.segment) {
    error_ = Error{.code = Errc::place_lost,
                   .action = "read on",
                   .path = segment_path(*snapshot_, from.segment),
                   .segment = from.segment,
                   .offset = from.offset,
                   .detail = "that segment is not there any more"};
  } else if (in_last()) {
    watermark_.skipped_below(begin_);
  }
}

void LogScanner::goes_on_behind(const Before& before) {
  start_ = Start::proven;
  report_.files_scanned = index_;
  report_.records_replayed = before.records;
  report_.txid_gaps = before.txid_gaps;
  report_.last_txid_seen = before.last.txid;
  previous_txid_ = before.last.txid;
  last_segment_ = before.last.segment;
  last_offset_ = before.last.offset;
  last_len_ = before.last.len;
  last_crc_ = before.last.crc;
  if (!in_last()) return;
  watermark_.skipped_unread(begin_, before.last.txid);
  if (before.is_durable) watermark_.proved_otherwise(begin_, before.last.txid);
}

Result<bool> LogScanner::next(RecordView& record) {
  for (;;) {
    if (error_) [[unlikely]]
      return std::unexpected(*error_);
    if (done_) return false;
    if (!file_) {
      if (index_ >= snapshot_->segments.size()) {
        Result<bool> ended = end_at(Stop::end_of_input, 0);
        if (!ended) return fail(std::move(ended.error()));
        return ended;
      }
      if (Result<void> entered = enter(); !entered) return fail(std::move(entered.error()));
    }
    if (next_buffered()) [[likely]] {
      record = view();
      return true;
    }
    Result<Stop> stop = std::exchange(is_found_, false) ? Stop::none : scanner_.next();
    if (!stop) return fail(std::move(stop.error()));
    Result<bool> more = *stop == Stop::none ? found(record) : stopped(*stop, record);
    if (!more) return fail(std::move(more.error()));
    if (*more) return true;
  }
}

Result<std::size_t> LogScanner::next_batch(std::span<RecordView> records) {
  Result<bool> first = next(records.front());
  if (!first) return propagate(first);
  if (!*first) return 0;
  std::size_t count = 1;
  while (count < records.size() && next_buffered()) records[count++] = view();
  return count;
}

Position LogScanner::position() const noexcept {
  if (index_ < snapshot_->segments.size()) {
    return {snapshot_->segments[index_].id, file_ ? scanner_.end() : begin_};
  }
  return snapshot_->segments.empty() ? Position{} : Position{snapshot_->segments.back().id, end_.valid_end};
}

Result<void> LogScanner::enter() {
  const PinnedSegment& segment = snapshot_->segments[index_];
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(*snapshot_, segment);
  if (!file) return propagate(file);
  file_ = std::move(*file);
  segment_id_ = segment.id;
  scanner_.start(*file_, std::exchange(begin_, 0), segment.info.size, previous_txid_.value_or(0));
  ++report_.files_scanned;
  return on_enter_ ? on_enter_(segment, *file_) : Result<void>{};
}

// A whole frame is a record, unless a cursor of this snapshot ended before it: then it became whole too late.
Result<bool> LogScanner::found(RecordView& record) {
  if (!is_in_snapshot()) {
    return end_at(Stop::end_of_input, scanner_.frame_offset());
  }
  account();
  record = view();
  return true;
}

void LogScanner::met_gap(std::uint64_t expected) {
  ++report_.txid_gaps;
  if (on_gap_) on_gap_(view(), expected);
}

RecordRef LogScanner::last_record() const noexcept {
  return {.segment = last_segment_,
          .offset = last_offset_,
          .len = last_len_,
          .txid = previous_txid_.value_or(0),
          .crc = last_crc_};
}

// The current segment yields no further record: go to the next one, the end, or damage. True if a record came after all.
Result<bool> LogScanner::stopped(Stop stop, RecordView& record) {
  if (start_ != Start::proven) {
    if (Result<void> proven = prove_start(stop); !proven) return propagate(proven);
  }
  if (in_last() && last_ == LastSegment::live && stop != Stop::end_of_input) return stopped_live(stop, record);
  if (in_last()) return finish(stop, record);
  if (stop != Stop::end_of_input) {
    stop_ = stop;
    if (last_ == LastSegment::live) snapshot_->end.settle_anyway(end_here(scanner_.end(), true), false);
    const Verdict verdict = judge(SegmentRole::sealed, stop, Promise::none);
    return std::unexpected(damage(stop, verdict, Promise::none));
  }
  file_.reset();
  ++index_;
  start_ = Start::proven;
  return false;
}

// The walk stopped in the segment in which it began. A record begins where it is if one began where it started.
Result<void> LogScanner::prove_start(Stop stop) {
  const std::uint64_t end = scanner_.end();
  const bool is_whole = stop == Stop::end_of_input && end == snapshot_->segments[index_].info.size;
  if (is_whole && !in_last()) return {};
  // No payload ends like this, for a checksum follows; but a caller may give any place.
  if (start_ == Start::named && (is_whole || stop == Stop::zeros)) return {};
  segment::Scanner scanner;
  scanner.start(*file_, 0, end);
  while (scanner.end() < end) {
    Result<Stop> read = scanner.next();
    if (!read) return propagate(read);
    if (*read != Stop::none) break;
  }
  if (scanner.end() == end) {
    start_ = Start::proven;
    return {};
  }
  return std::unexpected(Error{.code = Errc::place_lost,
                               .action = "read on",
                               .path = segment_path(*snapshot_, segment_id_),
                               .segment = segment_id_,
                               .offset = end,
                               .detail = "no record begins where reading was to go on"});
}

// This reader's copy may show a frame that was just being written, so it looks twice before it says anything.
Result<bool> LogScanner::stopped_live(Stop stop, RecordView& record) {
  Result<bool> decodes = look_again(stop);
  if (decodes && !*decodes && stop != Stop::end_of_input && stop != Stop::zeros && stop != Stop::unknown_version &&
      watermark_.at_stop(scanner_.end()) != Promise::broken) {
    if (writer_lives(*snapshot_->directory)) {
      stop = Stop::end_of_input;  // its next frame, not whole yet
    } else {
      decodes = look_again(stop);  // the lock was free: what is there now is final
    }
  }
  if (!decodes) return propagate(decodes);
  return *decodes ? found(record) : finish(stop, record);
}

// Reads again from the stop on; true if a whole frame is there now. A frame that the pinned size cuts is admitted whole, but
// nothing after it: a snapshot does not chase its writer.
Result<bool> LogScanner::look_again(Stop& stop) {
  const safeatomic::Result<safeatomic::FileInfo> info = file_->info();
  if (!info) return io_failure(info, "inspect segment");
  const std::uint64_t limit = scanner_.limit();
  const std::uint64_t whole_frame = scanner_.end() + format::max_frame_len;
  scanner_.look_again(std::min(info->size, std::max(limit, whole_frame)));
  Result<Stop> again = scanner_.next();
  if (!again) return propagate(again);
  stop = *again;
  scanner_.stop_at(std::max(limit, scanner_.end()));
  return stop == Stop::none;
}

// The highest segment ends where the scanner stopped, unless another cursor found a record there meanwhile.
Result<bool> LogScanner::finish(Stop stop, RecordView& record) {
  if (last_ == LastSegment::live) {
    const auto end = [this, &stop] {
      WatermarkCheck watermark = watermark_;  // this stop need not be the last
      const Verdict verdict = judge(SegmentRole::active, stop, watermark.at_stop(scanner_.end()));
      return end_here(scanner_.end(), verdict == Verdict::refuse || verdict == Verdict::unsupported_version);
    };
    if (!snapshot_->end.settle(end(), true)) {
      Result<bool> decodes = look_again(stop);
      if (!decodes) return decodes;
      if (*decodes) return found(record);
      snapshot_->end.settle_anyway(end(), true);
    }
  }
  return end_at(stop, scanner_.end());
}

Result<bool> LogScanner::end_at(Stop stop, std::uint64_t valid_end) {
  stop_ = stop;
  if (snapshot_->segments.empty()) {
    done_ = true;
    if (watermark_.state() != WatermarkState::broken) return false;
    return std::unexpected(damage(stop, Verdict::refuse, Promise::broken));
  }
  end_.valid_end = end_.data_end = valid_end;
  end_.file_end = scanner_.limit();
  end_.stop = stop;
  const bool published = last_ == LastSegment::published;
  const Promise promise = watermark_.at_stop(end_.valid_end);
  end_.verdict = judge(published ? SegmentRole::sealed : SegmentRole::active, stop, promise);
  if (end_.verdict == Verdict::refuse || end_.verdict == Verdict::unsupported_version) {
    return std::unexpected(damage(stop, end_.verdict, promise));
  }
  done_ = true;
  if (!published) {
    if (Result<void> surveyed = survey_tail(stop); !surveyed) return propagate(surveyed);
  }
  file_.reset();
  index_ = snapshot_->segments.size();
  return false;
}

LogEnd LogScanner::end_here(std::uint64_t offset, bool is_damage) const {
  return {.segment = snapshot_->segments[index_].id, .offset = offset, .last = last_record(), .is_damage = is_damage};
}

Result<void> LogScanner::survey_tail(Stop stop) {
  if (end_.verdict == Verdict::cut_tail) {
    Result<std::uint64_t> data_end = segment::end_of_data(*file_, end_.valid_end, end_.file_end);
    if (!data_end) return propagate(data_end);
    end_.data_end = *data_end;
    Result<std::uint64_t> records = segment::count_in_runs(
        *file_, {.begin = end_.valid_end, .end = end_.data_end, .previous_txid = previous_txid_});
    if (!records) return propagate(records);
    report_.tail_truncated = true;
    report_.tail_bytes_discarded = end_.data_end - end_.valid_end;
    report_.records_beyond_tear = *records;
  }
  if (stop != Stop::end_of_input) report_.preallocated_bytes = end_.file_end - end_.data_end;
  return {};
}

Error LogScanner::damage(Stop stop, Verdict verdict, Promise promise) const {
  Error error{.code = Errc::corruption, .action = "read segment"};
  if (verdict == Verdict::unsupported_version) error.code = Errc::unsupported_version;
  const bool missing = promise == Promise::broken && verdict == Verdict::refuse && watermark_.segments_are_missing();
  if (missing) return missing_segments(*snapshot_);
  const Position at = position();
  error.path = segment_path(*snapshot_, at.segment);
  error.segment = at.segment;
  error.offset = at.offset;
  error.detail = std::string(format::describe(stop));
  if (stop == Stop::txid_order) {
    error.detail += " (" + std::to_string(scanner_.refused_txid()) + " where " +
                    std::to_string(previous_txid_.value_or(0) + 1) +
                    " or more belongs): segments were swapped or mixed";
  }
  if (promise == Promise::broken) {
    error.detail += "; ";
    error.detail += std::to_string(snapshot_->watermark->offset);
    error.detail += " bytes of this segment had been synced";
  }
  return error;
}

std::unexpected<Error> LogScanner::fail(Error error) {
  if (error.code == Errc::corruption) ++report_.mid_stream_errors;
  if (error.code == Errc::unsupported_version) ++report_.unsupported_versions;
  error_ = std::move(error);
  return std::unexpected(*error_);
}

Error missing_segments(const Snapshot& snapshot) {
  return {.code = Errc::corruption,
          .action = "read log",
          .path = snapshot.directory->path(),
          .segment = snapshot.watermark ? snapshot.watermark->segment : 0,
          .detail = "segments up to this one were synced and are missing; if you restored an older copy, remove " +
                    (snapshot.directory->path() / watermark_name).string()};
}

bool writer_lives(safeatomic::Directory& directory) {
  safeatomic::Result<std::unique_ptr<safeatomic::File>> lock = directory.open_file(lock_name, {});
  if (!lock) return lock.error().code != safeatomic::Errc::not_found;
  const safeatomic::Result<bool> locked = (*lock)->is_locked();
  return !locked || *locked;
}

}  // namespace datawal::log
