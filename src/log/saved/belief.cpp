#include "log/saved/belief.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "format/frame.hpp"

namespace datawal::log {

namespace {

std::string about(std::uint32_t id, std::string_view what) {
  return "segment " + std::to_string(id) + " " + std::string(what);
}

// The time comes from the file and may be any number.
bool is_racy(std::int64_t modified_ns, std::int64_t written_ns) noexcept {
  constexpr std::int64_t earliest = std::numeric_limits<std::int64_t>::min() + racy_ns;
  return written_ns < earliest || modified_ns > written_ns - racy_ns;
}

// True if the last known record of a segment is still where it was.
bool holds_last_record(const Snapshot& snapshot, const PinnedSegment& there, const SavedSegment& known) {
  const safeatomic::Result<std::unique_ptr<safeatomic::File>> file = snapshot.directory->open_file(
      segment::filename(there.id), {});
  if (!file) return false;
  const safeatomic::Result<safeatomic::FileInfo> info = (*file)->info();
  if (!info || info->inode != known.inode || info->size < known.size) return false;
  std::string bytes(known.chain.last_len, '\0');
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, known.size - bytes.size(), bytes);
  format::DecodedRecord record;
  return got && *got == bytes.size() && format::decode_whole(bytes, record) && record.len == bytes.size() &&
         record.txid == known.chain.last_txid && record.crc == known.chain.last_crc;
}

// True if the known records of a segment are still the same, in the same order, by their headers and checksums: a few bytes of each are
// read.
bool holds_these_records(const Snapshot& snapshot, const PinnedSegment& there, const SavedSegment& known) {
  const Result<std::shared_ptr<safeatomic::File>> file = open_pinned(snapshot, there);
  if (!file) return false;
  std::vector<char> buffer(128 * 1024);
  std::uint64_t begin = 0;  // what is in the buffer
  std::size_t filled = 0;
  const auto at = [&](std::uint64_t offset, std::size_t len) -> const char* {
    if (offset < begin || offset + len > begin + filled) {
      const safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, offset, buffer);
      begin = offset;
      filled = got ? *got : 0;
      if (len > filled) return nullptr;
    }
    return buffer.data() + (offset - begin);
  };
  RecordChain chain;
  for (std::uint64_t offset = 0; offset < known.size;) {
    const char* const header = at(offset, format::header_len);
    if (header == nullptr || !format::is_sound_header(header)) return false;
    const format::Header fields = format::load_header(header);
    const std::uint64_t len = format::frame_len(fields);
    if (len > known.size - offset) return false;
    const char* const crc = at(offset + len - format::crc_len, format::crc_len);
    if (crc == nullptr) return false;
    chain.add(fields.txid, static_cast<std::uint32_t>(len), format::load<std::uint32_t>(crc));
    offset += len;
  }
  return chain == known.chain;
}

}  // namespace

std::optional<std::string> reason_for_doubt(const SavedLog& saved, const Snapshot& snapshot) {
  if (snapshot.segments.size() < saved.segments.size()) return "segments are missing";
  for (std::size_t n = 0; n < saved.segments.size(); ++n) {
    const SavedSegment& known = saved.segments[n];
    const PinnedSegment& there = snapshot.segments[n];
    const bool holds_p = n + 1 == saved.segments.size();
    if (there.id != known.id) return about(known.id, "is missing");
    if (there.info.inode != known.inode) return about(known.id, "is another file");
    if (holds_p ? there.info.size < known.size : there.info.size != known.size) {
      return about(known.id, "has another size");
    }
    const auto modified_ns = static_cast<std::int64_t>(known.modified_ns);
    if (!holds_p && there.info.modified_ns != modified_ns) return about(known.id, "was changed");
    const bool may_have_changed = is_racy(modified_ns, static_cast<std::int64_t>(saved.header.written_ns));
    if (!holds_p && (!may_have_changed || known.size == 0)) continue;
    if (!holds_last_record(snapshot, there, known)) return about(known.id, "holds other records");
    // An append behind P changes the time, and so does writing other records there; freed inode numbers are given out again. And what lies
    // behind P may be cut as a tail, so it must be proven that P is the end of a record.
    const bool is_as_it_was = there.info.modified_ns == modified_ns && there.info.size == known.size;
    if (!is_as_it_was && !holds_these_records(snapshot, there, known)) {
      return about(known.id, "holds other records");
    }
  }
  return std::nullopt;
}

StateLook look_at_state(const Snapshot& snapshot) {
  StateLook look = read_state(*snapshot.directory);
  if (!look.log) return look;
  std::vector<SavedSegment>& segments = look.log->segments;
  const std::uint32_t first = snapshot.segments.empty() ? 0 : snapshot.segments.front().id;
  segments.erase(segments.begin(), std::ranges::lower_bound(segments, first, {}, &SavedSegment::id));
  std::optional<std::string> doubt = segments.empty() ? "the segments that it describes are missing"
                                                      : reason_for_doubt(*look.log, snapshot);
  if (!doubt) return look;
  look.log.reset();
  look.state = IndexState::stale;
  look.reason = std::move(*doubt);
  return look;
}

Before before_saved(const SavedLog& saved) noexcept {
  Before before{.last = saved.header.last, .is_durable = true};
  RecordChain all;
  for (const SavedSegment& segment : saved.segments) {
    before.records += segment.counts.records();
    all.add(segment.chain);
  }
  before.txid_gaps = all.gaps;
  return before;
}

}  // namespace datawal::log
