#include "log/durable_end.hpp"

#include <memory>

#include "log/walk.hpp"
#include "segment/scanner.hpp"

namespace datawal {

namespace {

// Goes through the records of a segment up to `limit`.
// @return the txid of the last one, `before` if there is none; nullopt if `limit` is no record's end
Result<std::optional<std::uint64_t>> last_txid_below(const Snapshot& snapshot, const PinnedSegment& segment,
                                                     std::uint64_t begin, std::uint64_t limit, std::uint64_t before) {
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
  if (scanner.end() != limit) return std::optional<std::uint64_t>();
  return std::optional(txid);
}

// The newest txid of the sealed segments: those are durable as a whole.
Result<std::uint64_t> last_sealed_txid(const Snapshot& snapshot) {
  for (std::size_t n = snapshot.segments.size() - 1; n-- > 0;) {
    const PinnedSegment& sealed = snapshot.segments[n];
    Result<std::optional<std::uint64_t>> txid = last_txid_below(snapshot, sealed, 0, sealed.info.size, 0);
    if (!txid) return propagate(txid);
    if (*txid && **txid != 0) return **txid;
    if (!*txid) break;  // damaged: what is behind the damage is not known
  }
  return 0;
}

}  // namespace

Result<DurableEnd> find_durable_end(const Snapshot& snapshot, const std::optional<DurableEnd>& known,
                                    std::uint64_t known_inode) {
  if (snapshot.segments.empty()) return DurableEnd{};
  const std::optional<format::Watermark>& mark = snapshot.watermark;
  const PinnedSegment& active = snapshot.segments.back();
  if (mark && mark->segment > active.id) return std::unexpected(missing_segments(snapshot));
  // Without a word about a file that is there this may be a copy, of which nobody has synced anything yet.
  const PinnedSegment* named = mark ? snapshot.find(mark->segment) : nullptr;
  if (named == nullptr || named->info.inode != mark->inode) {
    return DurableEnd{.segment = snapshot.segments.front().id, .offset = 0, .txid = 0};
  }
  const bool is_same = known && known->segment == active.id && known_inode == active.info.inode;
  if (named == &active && mark->offset > 0) {
    const DurableEnd end{.segment = active.id, .offset = mark->offset, .txid = mark->txid};
    if (is_same && *known == end) return end;
    const bool goes_on = is_same && known->offset < mark->offset;
    Result<std::optional<std::uint64_t>> txid = last_txid_below(snapshot, active, goes_on ? known->offset : 0,
                                                                mark->offset, goes_on ? known->txid : 0);
    if (!txid) return propagate(txid);
    if (*txid == mark->txid) return end;
  }
  if (is_same && known->offset == 0) return *known;
  Result<std::uint64_t> txid = last_sealed_txid(snapshot);
  if (!txid) return propagate(txid);
  return DurableEnd{.segment = active.id, .offset = 0, .txid = *txid};
}

}  // namespace datawal
