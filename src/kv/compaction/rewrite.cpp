#include "kv/compaction/rewrite.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <datawal/segment.hpp>

#include "format/frame.hpp"
#include "kv/compaction/segment_output.hpp"
#include "log/directory/store_directory.hpp"
#include "segment/scanner.hpp"

namespace datawal::kv {

namespace {

constexpr std::uint64_t told_each = 1 << 20;  // bytes read and written

// A record of the old file.
struct OldRecord {
  format::DecodedRecord frame;
  std::uint64_t offset = 0;
  std::uint64_t hash = 0;  // of its key
};

// The records of the old file, some at a time, so that what is asked about the later ones can be fetched into the cache meanwhile.
class OldRecords {
 public:
  OldRecords(const Projection& projection, safeatomic::File& file, std::uint64_t size) : projection_(projection) {
    scanner_.start(file, 0, size);
  }

  /// Views are valid until the next call. Empty at the stop.
  Result<std::span<const OldRecord>> next() {
    std::size_t count = 0;
    Result<format::Stop> stop = scanner_.next();
    if (!stop) return propagate(stop);
    stop_ = *stop;
    if (stop_ == format::Stop::none) {
      do {
        take(some_[count++]);
      } while (count < some_.size() && scanner_.next_buffered());
    }
    return std::span<const OldRecord>(some_).first(count);
  }

  [[nodiscard]] format::Stop stop() const noexcept { return stop_; }
  /// How far has been read.
  [[nodiscard]] std::uint64_t end() const noexcept { return scanner_.end(); }

 private:
  void take(OldRecord& record) {
    record = {.frame = scanner_.frame(), .offset = scanner_.frame_offset()};
    if (record.frame.type == RecordType::Raw) return;
    record.hash = projection_.hash_of(record.frame.key);
    if (record.frame.type == RecordType::Put) projection_.prefetch(record.hash);
  }

  const Projection& projection_;
  segment::Scanner scanner_;
  std::array<OldRecord, 32> some_{};
  format::Stop stop_ = format::Stop::none;
};

// Decides which records of a segment must stay.
class Judge {
 public:
  Judge(const log::SealedSegments& log, const Projection& projection, const SegmentFile& segment,
        const MayContain& earlier, bool may_be_newest)
      : log_(log), projection_(projection), segment_(segment), earlier_(earlier), may_be_newest_(may_be_newest) {}

  enum class Need : std::uint8_t { none, tombstone, live_put, other };

  /// Errors as Projection::is_newest.
  [[nodiscard]] Result<Need> need_for(const OldRecord& record) const {
    const format::DecodedRecord& frame = record.frame;
    const std::uint64_t offset = record.offset;
    if (frame.type == RecordType::Raw) return Need::other;
    if (frame.type == RecordType::Delete && earlier_(record.hash)) return Need::tombstone;
    if (frame.type == RecordType::Put) {
      const Result<bool> is_newest = projection_.is_newest(record.hash, segment_.extents.address(offset));
      if (!is_newest) return propagate(is_newest);
      if (*is_newest) return Need::live_put;
    }
    const bool is_last_of_all = may_be_newest_ && offset + frame.len == segment_.pinned.info.size;
    return is_last_of_all || frame.txid == log_.last_txid() ? Need::other : Need::none;
  }

 private:
  const log::SealedSegments& log_;
  const Projection& projection_;
  const SegmentFile& segment_;
  const MayContain& earlier_;
  const bool may_be_newest_;
};

std::unexpected<Error> damaged(const log::SealedSegments& log, std::uint32_t id, std::uint64_t offset,
                               format::Stop stop) {
  return std::unexpected(Error{.code = Errc::corruption,
                               .action = "compact segment",
                               .path = segment::path(log.directory()->path(), id),
                               .segment = id,
                               .offset = offset,
                               .detail = std::string(format::describe(stop))});
}

// The record goes to `offset` of the new file.
void note(Rewritten& rewritten, const OldRecord& record, std::uint64_t offset, bool is_live_put) {
  const std::uint64_t distance = record.offset - offset;
  if (rewritten.runs.empty() || rewritten.runs.back().distance != distance) {
    rewritten.runs.push_back({.begin = offset, .distance = distance});
  }
  ++rewritten.records;
  if (!is_live_put || rewritten.puts.size() == max_moved_puts) return;
  const auto len = static_cast<std::uint32_t>(record.frame.len);
  rewritten.puts.push_back({.hash = record.hash, .old_offset = record.offset, .new_offset = offset, .len = len});
  rewritten.puts_end = offset + len;
}

}  // namespace

Result<Rewritten> rewrite(const log::SealedSegments& log, const Projection& projection, const SegmentFile& segment,
                          safeatomic::File& old, const MayContain& earlier, const RewriteOptions& options) {
  const Judge judge(log, projection, segment, earlier, options.may_be_newest);
  Rewritten rewritten;
  SegmentOutput output(log.file_system(), *log.directory(), log.file_mode(),
                       [&log, may = options.may_use_thread, last = log.last_txid()]() mutable {
                         // Not beside writers: it would take a processor that one of them needs.
                         const std::uint64_t before = std::exchange(last, log.last_txid());
                         return may && last == before;
                       });
  OldRecords records(projection, old, segment.pinned.info.size);
  std::uint64_t told = 0;
  for (;;) {
    Result<std::span<const OldRecord>> some = records.next();
    if (!some) return propagate(some);
    if (some->empty()) break;
    for (const OldRecord& record : *some) {
      const Result<Judge::Need> needed = judge.need_for(record);
      if (!needed) return propagate(needed);
      const Judge::Need need = *needed;
      if (need == Judge::Need::none) continue;
      const auto len = static_cast<std::uint32_t>(record.frame.len);
      if (need == Judge::Need::tombstone) rewritten.needed_tombstone_bytes += len;
      note(rewritten, record, output.size(), need == Judge::Need::live_put);
      count(rewritten.counts, record.frame.type, len);
      rewritten.chain.add(record.frame.txid, len, record.frame.crc);
      if (Result<void> kept = output.append({record.frame.key.data() - format::header_len, len}); !kept) {
        return propagate(kept);
      }
    }
    const std::uint64_t done = records.end() + output.size();
    if (done - told < told_each) continue;
    if (!options.go_on(done - std::exchange(told, done))) {
      rewritten.is_cancelled = true;
      return rewritten;
    }
  }
  if (records.stop() != format::Stop::end_of_input || records.end() != segment.pinned.info.size) {
    return damaged(log, segment.id, records.end(), records.stop());
  }
  rewritten.is_unchanged = output.size() == segment.pinned.info.size;
  if (rewritten.is_unchanged) return rewritten;
  if (rewritten.puts.size() < max_moved_puts) rewritten.puts_end = output.size();
  Result<std::optional<safeatomic::TemporaryFile>> file = output.finish();
  if (!file) return propagate(file);
  (void)options.go_on(records.end() + output.size() - told);
  rewritten.file = std::move(*file);
  return rewritten;
}

}  // namespace datawal::kv
