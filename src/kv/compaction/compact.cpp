#include "kv/compaction/compact.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "kv/compaction/pace.hpp"
#include "kv/compaction/rewrite.hpp"
#include "kv/compaction/tombstone_filter.hpp"
#include "log/directory/holds_file.hpp"
#include "segment/scanner.hpp"

namespace datawal::kv {

namespace {

using log::Departure;
using safeatomic::File;

// Moves the directory's entries from one file of a segment to the next, some at a time, so that changes wait for microseconds.
class Mover {
 public:
  Mover(const CompactionSite& site, SegmentFile& from, SegmentFile& to) : site_(site), from_(from), to_(to) {}

  /// Errors as Projection::move: some are moved then.
  [[nodiscard]] Result<void> add(std::uint64_t hash, std::uint64_t old_offset, std::uint64_t new_offset,
                                 std::uint32_t len) {
    site_.projection.prefetch(hash);
    moves_[count_++] = {hash, from_.extents.address(old_offset), to_.extents.address(new_offset), len};
    return count_ == moves_.size() ? flush() : Result<void>();
  }

  [[nodiscard]] Result<void> flush() {
    const Locked guard(site_.changes);
    for (std::size_t i = 0; i < count_; ++i) {
      const Move& move = moves_[i];
      Result<bool> moved = site_.projection.move(move.hash, move.from, move.to);
      // The new file has its name already, and no index can be written before all have moved: one more try is worth it.
      for (int tries = 0; !moved && moved.error().code == Errc::io && tries < 3; ++tries) {
        moved = site_.projection.move(move.hash, move.from, move.to);
      }
      if (!moved) return propagate(moved);
      if (!*moved) continue;  // superseded meanwhile
      site_.projection.address_space().count_dead(from_, move.len);
      site_.projection.address_space().count_live(to_, move.len);
    }
    count_ = 0;
    return {};
  }

 private:
  struct Move {
    std::uint64_t hash, from, to;
    std::uint32_t len;
  };

  const CompactionSite& site_;
  SegmentFile& from_;
  SegmentFile& to_;
  std::array<Move, 16> moves_{};  // a few microseconds
  std::size_t count_ = 0;
};

class Compaction {
 public:
  Compaction(const CompactionSite& site, const CompactOptions& options, double bytes_per_appended,
             const std::vector<log::PinnedSegment>& segments, std::uint64_t floor)
      : site_(site),
        options_(options),
        floor_(floor),
        pace_(site.segments, options, bytes_per_appended, total_of(segments)),
        waiting_(ids_of(segments)),
        earlier_(site.projection, site.changes, site.segments.directory(), waiting_) {}

  Result<CompactionStats> run() {
    // What does not fit now may fit when later segments have given back theirs.
    std::optional<Error> no_space;
    for (std::uint64_t before = 0; !waiting_.empty(); before = stats_.bytes_reclaimed) {
      no_space.reset();
      if (Result<void> done = pass(no_space); !done) return propagate(done);
      if (no_space && stats_.bytes_reclaimed == before) return std::unexpected(std::move(*no_space));
    }
    stats_.live_keys = site_.projection.size();
    stats_.is_cancelled = pace_.is_stopped();
    return stats_;
  }

 private:
  static std::vector<std::uint32_t> ids_of(const std::vector<log::PinnedSegment>& segments) {
    std::vector<std::uint32_t> ids(segments.size());
    std::ranges::transform(segments, ids.begin(), &log::PinnedSegment::id);
    return ids;
  }

  static std::uint64_t total_of(const std::vector<log::PinnedSegment>& segments) noexcept {
    std::uint64_t total = 0;
    for (const log::PinnedSegment& segment : segments) total += segment.info.size;
    return total;
  }

  Result<void> pass(std::optional<Error>& no_space) {
    std::vector<std::uint32_t> left;
    for (const std::uint32_t id : std::exchange(waiting_, {})) {
      if (pace_.is_stopped()) break;
      const Locked maintenance(site_.segments.maintenance_mutex());
      Result<void> done = take(id);
      if (!done && done.error().code != Errc::no_space) return done;
      if (!done) {
        no_space = std::move(done.error());
        left.push_back(id);
      }
    }
    if (!pace_.is_stopped()) waiting_ = std::move(left);
    return {};
  }

  Result<void> take(std::uint32_t id) {
    bool may_be_newest = true;
    SegmentCounts counts;
    std::uint64_t needed = 0;
    std::uint64_t last_txid = 0;
    std::shared_ptr<SegmentFile> segment;
    {
      const Locked guard(site_.changes);
      const AddressSpace& space = site_.projection.address_space();
      segment = space.find(id);
      if (!segment || !segment->is_complete) return {};
      counts = segment->counts;
      needed = space.needed_tombstone_bytes(*segment);
      last_txid = segment->chain.last_txid;
      may_be_newest = !space.has_records_behind(id);
    }
    if (counts.dead_put_bytes() == 0) earlier_.prove(id, TombstoneFilter::Proof::counted);
    const std::uint64_t garbage = counts.dead_put_bytes() + counts.delete_bytes - needed;
    const bool is_worth_it = garbage > 0 && static_cast<double>(garbage) >=
                                                options_.min_garbage_ratio * static_cast<double>(counts.bytes);
    const bool is_held = is_worth_it && last_txid > floor_;
    if (!is_worth_it || is_held) {
      ++(is_held ? stats_.segments_held : stats_.segments_skipped);
      (void)pace_.passed(counts.bytes);
      return {};
    }
    Result<void> done = rewrite_one(segment, counts, may_be_newest);
    if (done) (void)pace_.passed(counts.bytes);
    return done;
  }

  Result<void> rewrite_one(const std::shared_ptr<SegmentFile>& segment, const SegmentCounts& counts,
                           bool may_be_newest) {
    // Removes a segment in which nothing is alive. The word of a persisted index alone is not enough to remove one unread.
    const bool may_go = !may_be_newest && counts.raw_bytes + counts.delete_bytes == 0 && segment->is_counted;
    if (may_go && !holds_live_puts(*segment)) return take_away(segment);
    Result<MayContain> earlier = earlier_.before(segment->id, counts.delete_bytes);
    if (!earlier) return propagate(earlier);
    Result<std::shared_ptr<File>> old = open_sealed(*segment);
    if (!old) return propagate(old);
    const RewriteOptions rewriting{
        .may_be_newest = may_be_newest,
        .may_use_thread = options_.max_bytes_per_second == 0,  // who asks for care gets one core's worth
        .go_on = [this, &segment, may_go](std::uint64_t bytes) {
          return pace_.worked(bytes) && !(may_go && !holds_live_puts(*segment));
        }};
    Result<Rewritten> rewritten = rewrite(site_.segments, site_.projection, *segment, **old, *earlier, rewriting);
    if (!rewritten) return propagate(rewritten);
    if (rewritten->is_cancelled) return pace_.is_stopped() ? Result<void>() : take_away(segment);
    if (rewritten->is_unchanged) {
      ++stats_.segments_skipped;
      earlier_.prove(segment->id, TombstoneFilter::Proof::counted);
      const Locked guard(site_.changes);
      site_.projection.address_space().note_needed_tombstones(*segment, rewritten->needed_tombstone_bytes);
      return {};
    }
    return install(segment, *old, *rewritten);
  }

  [[nodiscard]] bool holds_live_puts(const SegmentFile& segment) const {
    const Locked guard(site_.changes);
    return segment.counts.live_bytes > 0;
  }

  // A segment of which nothing is needed: what it holds need not even be read.
  Result<void> take_away(const std::shared_ptr<SegmentFile>& segment) {
    Result<std::shared_ptr<File>> old = open_sealed(*segment);
    if (!old) return propagate(old);
    Rewritten nothing;
    return install(segment, *old, nothing);
  }

  [[nodiscard]] Result<std::shared_ptr<File>> open_sealed(const SegmentFile& segment) const {
    safeatomic::Result<std::unique_ptr<File>> file = site_.segments.directory()->open_file(
        segment::filename(segment.id), {});
    if (!file) return io_failure(file, "compact segment");
    const safeatomic::Result<safeatomic::FileInfo> info = (*file)->info();
    if (!info) return io_failure(info, "inspect segment");
    const safeatomic::FileInfo& known = segment.pinned.info;
    if (info->inode == known.inode && info->device == known.device && info->size == known.size) {
      return std::shared_ptr<File>(std::move(*file));
    }
    return std::unexpected(Error{.code = Errc::corruption,
                                 .action = "compact segment",
                                 .path = (*file)->path(),
                                 .segment = segment.id,
                                 .detail = "somebody put another file in its place while the store was open"});
  }

  // The order makes a crash safe at any instant: the new file, and whatever superseded the dropped Puts, is durable before the old file
  // goes; and the new name is durable before the next segment's turn.
  Result<void> install(const std::shared_ptr<SegmentFile>& from, const std::shared_ptr<File>& old,
                       Rewritten& rewritten) {
    if (rewritten.file) {
      if (Result<void> synced = seal(*rewritten.file, *old); !synced) return synced;
    }
    if (Result<void> synced = site_.segments.sync_log(); !synced) return synced;
    const log::LeavingSegment leaving{.segment = *from, .file = old, .last_txid = last_txid_of(*from)};
    const Result<Departure> done = rewritten.file ? replace(from, leaving, rewritten) : drop(leaving);
    if (!done) return propagate(done);
    if (*done != Departure::gone) {
      ++(*done == Departure::held ? stats_.segments_held : stats_.segments_busy);
      return {};
    }
    stats_.records_written += rewritten.records;
    stats_.bytes_written += rewritten.counts.bytes;
    stats_.bytes_reclaimed += from->pinned.info.size - rewritten.counts.bytes;
    forget(*from);
    return {};
  }

  static Result<void> seal(safeatomic::TemporaryFile& file, const File& like) {
    const safeatomic::Result<safeatomic::Access> access = safeatomic::access_of(like);
    if (!access) return io_failure(access, "inspect segment");
    if (safeatomic::Result<void> owned = file.take_ownership_of(*access); !owned) {
      return io_failure(owned, "copy a segment's owner and mode");
    }
    if (safeatomic::Result<void> synced = file.file().sync_all(); !synced) return io_failure(synced, "sync segment");
    return {};
  }

  [[nodiscard]] std::uint64_t last_txid_of(const SegmentFile& segment) const {
    const Locked guard(site_.changes);
    return segment.chain.last_txid;
  }

  // These two change nothing where the name does not go: a hold may have been set since the compaction began.
  Result<Departure> drop(const log::LeavingSegment& from) {
    const Result<Departure> removed = site_.segments.remove(from);
    if (!removed || *removed != Departure::gone) return removed;
    earlier_.prove(from.segment.id, TombstoneFilter::Proof::gone);
    ++stats_.segments_removed;
    return removed;
  }

  Result<Departure> replace(const std::shared_ptr<SegmentFile>& from, const log::LeavingSegment& leaving,
                            Rewritten& rewritten) {
    const safeatomic::Result<safeatomic::FileInfo> info = rewritten.file->file().info();
    if (!info) return io_failure(info, "inspect segment");
    AddressSpace& space = site_.projection.address_space();
    std::shared_ptr<SegmentFile> to;
    {
      const Locked guard(site_.changes);
      Result<std::shared_ptr<SegmentFile>> added = space.add_rewritten(*from, *info, rewritten.file->file());
      if (!added) return propagate(added);
      to = std::move(*added);
      to->chain = rewritten.chain;
    }
    {
      // Undone unless the file gets the name: if the directory could not be synced it is unknown which file has it, and both stay readable.
      const RemovedUnlessNamed unless_named(*this, *to);
      const Result<Departure> named = site_.segments.replace(leaving, *to, *rewritten.file);
      if (!named || *named != Departure::gone) return named;
    }
    const std::unique_ptr<File> written = rewritten.file->release();
    if (Result<void> moved = move_records(*from, *to, *written, rewritten); !moved) return propagate(moved);
    earlier_.prove(from->id, TombstoneFilter::Proof::rewritten);
    ++stats_.segments_rewritten;
    return Departure::gone;
  }

  Result<void> move_records(SegmentFile& from, SegmentFile& to, File& written, const Rewritten& rewritten) {
    {
      const Locked guard(site_.changes);
      site_.projection.address_space().count_rewritten(from, to, rewritten.counts);
    }
    Mover mover(site_, from, to);
    for (const MovedPut& put : rewritten.puts) {
      if (Result<void> moved = mover.add(put.hash, put.old_offset, put.new_offset, put.len); !moved) return moved;
    }
    const Result<void> rest = move_the_rest(mover, to.id, written, rewritten);
    if (Result<void> moved = mover.flush(); !moved) return moved;
    if (!rest) return rest;
    const Locked guard(site_.changes);
    site_.projection.address_space().note_needed_tombstones(to, rewritten.needed_tombstone_bytes);
    to.is_complete = true;
    return {};
  }

  // Moves the records that were not noted while the file was written.
  Result<void> move_the_rest(Mover& mover, std::uint32_t id, File& written, const Rewritten& rewritten) {
    if (rewritten.puts_end == rewritten.counts.bytes) return {};
    segment::Scanner scanner;
    scanner.start(written, rewritten.puts_end, rewritten.counts.bytes);
    std::size_t run = 0;
    for (;;) {
      Result<format::Stop> stop = scanner.next();
      if (!stop) return propagate(stop);
      if (*stop != format::Stop::none && scanner.end() == rewritten.counts.bytes) return {};
      if (*stop != format::Stop::none) return reads_back_otherwise(id, scanner.end());
      const std::uint64_t offset = scanner.frame_offset();
      while (run + 1 < rewritten.runs.size() && rewritten.runs[run + 1].begin <= offset) ++run;
      const format::DecodedRecord& frame = scanner.frame();
      if (frame.type != RecordType::Put) continue;
      Result<void> moved = mover.add(site_.projection.hash_of(frame.key), offset + rewritten.runs[run].distance, offset,
                                     static_cast<std::uint32_t>(frame.len));
      if (!moved) return moved;
    }
  }

  [[nodiscard]] std::unexpected<Error> reads_back_otherwise(std::uint32_t id, std::uint64_t offset) const {
    return std::unexpected(
        Error{.code = Errc::corruption,
              .action = "compact segment",
              .path = segment::path(site_.segments.directory()->path(), id),
              .segment = id,
              .offset = offset,
              .detail = "what was just written cannot be read back; the old file's records stay readable "
                        "while the store is open"});
  }

  // Frees a file to which the directory no longer points, once its last reader has left; no lock is held meanwhile.
  void forget(const SegmentFile& from) {
    {
      const Locked guard(site_.changes);
      // What was superseded here is gone: tombstones behind it may have become superfluous.
      site_.projection.address_space().note_puts_gone(from.id);
    }
    (void)remove(from);  // if the new file could not be read back, both stay
  }

  // Removes a file that was written in vain, whatever the reason.
  class RemovedUnlessNamed {
   public:
    RemovedUnlessNamed(Compaction& compaction, const SegmentFile& file) : compaction_(compaction), file_(file) {}
    RemovedUnlessNamed(const RemovedUnlessNamed&) = delete;
    RemovedUnlessNamed& operator=(const RemovedUnlessNamed&) = delete;
    ~RemovedUnlessNamed() { (void)compaction_.remove(file_); }  // what has a name stays

   private:
    Compaction& compaction_;
    const SegmentFile& file_;
  };

  [[nodiscard]] AddressSpace::Removed remove(const SegmentFile& segment) {
    const Locked guard(site_.changes);
    return site_.projection.address_space().remove(segment);
  }

  const CompactionSite& site_;
  const CompactOptions& options_;
  const std::uint64_t floor_;  // of the holds at the beginning; those of the last moment decide
  Pace pace_;
  std::vector<std::uint32_t> waiting_;  // ascending
  TombstoneFilter earlier_;
  CompactionStats stats_;
};

}  // namespace

Result<CompactionStats> compact(const CompactionSite& site, const CompactOptions& options, double bytes_per_appended) {
  // Compaction asks the directory about every key that it rewrites: so all pages, unless memory is limited, are read one behind the other.
  if (Result<void> loaded = site.projection.load_all(); !loaded) return propagate(loaded);
  const Result<std::vector<Hold>> holds = log::read_holds(*site.segments.directory());
  if (!holds) return propagate(holds);
  Result<std::vector<log::PinnedSegment>> sealed = site.segments.list();
  if (!sealed) return propagate(sealed);
  Compaction compaction(site, options, bytes_per_appended, *sealed, log::floor_of(*holds));
  sealed->clear();  // as long as they are pinned, files that were replaced keep their space
  return compaction.run();
}

}  // namespace datawal::kv
