#include "log/read/durable_end.hpp"

#include <algorithm>
#include <memory>

#include "log/read/log_scanner.hpp"
#include "segment/scanner.hpp"

namespace datawal::log {

namespace {

// The contents of a segment below some offset.
struct Below {
  std::uint64_t txid = 0;   // of the last record
  std::uint64_t end = 0;    // of that record
  bool is_damaged = false;  // what follows it is no record, whatever the offset
};

std::uint64_t place_behind(const RecordRef& record) noexcept { return record.offset + record.len; }

// Reads the records of a segment up to `limit`. `before` is the txid if there are none.
Result<Below> records_below(const Snapshot& snapshot, const PinnedSegment& segment, std::uint64_t begin,
                            std::uint64_t limit, std::uint64_t before) {
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(snapshot, segment);
  if (!file) return propagate(file);
  segment::Scanner scanner;
  scanner.start(**file, begin, limit);
  std::uint64_t txid = before;
  for (;;) {
    Result<format::Stop> stop = scanner.next();
    if (!stop) return propagate(stop);
    if (*stop != format::Stop::none) break;
    txid = scanner.frame().txid;
  }
  Below below{.txid = txid, .end = scanner.end()};
  if (below.end == limit) return below;
  scanner.start(**file, below.end, segment.info.size);
  Result<format::Stop> stop = scanner.next();
  if (!stop) return propagate(stop);
  below.is_damaged = *stop != format::Stop::none;
  return below;
}

// The newest txid of the sealed segments: those are durable as a whole.
Result<std::uint64_t> last_sealed_txid(const Snapshot& snapshot, const RecordRef& whole) {
  for (std::size_t n = snapshot.segments.size() - 1; n-- > 0;) {
    const PinnedSegment& sealed = snapshot.segments[n];
    if (whole.segment == sealed.id && place_behind(whole) == sealed.info.size) return whole.txid;
    Result<Below> below = records_below(snapshot, sealed, 0, sealed.info.size, 0);
    if (!below) return propagate(below);
    if (below->end != sealed.info.size) break;  // damaged: what follows is not known
    if (below->txid != 0) return below->txid;
  }
  return 0;
}

}  // namespace

Result<DurableEnd> find_durable_end(const Snapshot& snapshot, const std::optional<DurableEnd>& known,
                                    std::uint64_t known_inode, const RecordRef& whole) {
  if (snapshot.segments.empty()) return DurableEnd{};
  const std::optional<format::Watermark>& mark = snapshot.watermark;
  const PinnedSegment& active = snapshot.segments.back();
  if (mark && mark->segment > active.id) return std::unexpected(missing_segments(snapshot));
  // Without a watermark for a file that is there this may be a copy, of which nobody has synced anything yet.
  const PinnedSegment* named = mark ? snapshot.find(mark->segment) : nullptr;
  if (named == nullptr || named->info.inode != mark->inode) {
    return DurableEnd{.segment = snapshot.segments.front().id, .offset = 0, .txid = 0};
  }
  const bool is_same = known && known->segment == active.id && known_inode == active.info.inode;
  if (named == &active && mark->offset > 0) {
    const DurableEnd end{.segment = active.id, .offset = mark->offset, .txid = mark->txid};
    if (is_same && *known == end) return end;
    Below from;
    if (is_same && known->offset < mark->offset) from = {.txid = known->txid, .end = known->offset};
    if (whole.segment == active.id && place_behind(whole) <= mark->offset && place_behind(whole) > from.end) {
      from = {.txid = whole.txid, .end = place_behind(whole)};
    }
    Result<Below> below = records_below(snapshot, active, from.end, mark->offset, from.txid);
    if (!below) return propagate(below);
    // Whoever reads up to there finds the damage and reports it.
    if (below->is_damaged || (below->end == mark->offset && below->txid == mark->txid)) return end;
  }
  if (is_same && known->offset == 0) return *known;
  Result<std::uint64_t> txid = last_sealed_txid(snapshot, whole);
  if (!txid) return propagate(txid);
  // A rotation wrote the txid up to which all was durable; the segments that show it may have been dropped since.
  const bool was_rotated = named == &active && mark->offset == 0;
  return DurableEnd{.segment = active.id, .offset = 0, .txid = was_rotated ? std::max(*txid, mark->txid) : *txid};
}

}  // namespace datawal::log
