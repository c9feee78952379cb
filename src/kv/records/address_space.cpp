#include "kv/records/address_space.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "format/frame.hpp"

namespace datawal::kv {

namespace {

// One `pread` gets the whole of most records; a longer one costs a second.
constexpr std::size_t first_read = 4096;

// All lines of a small record at once: else the second is asked for only when the first has come and told how long it is. What
// lies behind the record, or behind the mapping, costs nothing: fetching ahead does not fault.
void prefetch_record(const char* from) noexcept {
  __builtin_prefetch(from);
  __builtin_prefetch(from + 64);
  __builtin_prefetch(from + 128);
}

bool announces_longer(std::string_view bytes, std::uint64_t longest) noexcept {
  return bytes.size() >= format::header_len && format::is_sound_header(bytes.data()) &&
         format::frame_len(format::load_header(bytes.data())) > longest;
}

bool announces_same(std::string_view bytes, const format::Header& header) noexcept {
  if (!format::is_sound_header(bytes.data())) return false;
  const format::Header again = format::load_header(bytes.data());
  return again.txid == header.txid && again.key_len == header.key_len && again.payload_len == header.payload_len;
}

}  // namespace

AddressSpace::AddressSpace(std::shared_ptr<log::SegmentRegistry> registry, ReadPath read_path)
    : read_path_(read_path), registry_(std::move(registry)) {
  registry_->attach(*this);
}

// The registry may live on: it must not keep files of this space.
AddressSpace::~AddressSpace() { registry_->detach(); }

void AddressSpace::map(SegmentFile& segment, safeatomic::File& file, std::uint64_t length) const noexcept {
  if (read_path_ == ReadPath::mapped) segment.mapping.map(file, length);
  segment.mapped = segment.mapping.data();
  segment.mapped_len = segment.mapped == nullptr ? 0 : length;
}

void AddressSpace::prefetch(std::uint64_t address) const noexcept {
  const ExtentTable::Place place = extents_.find(address);
  if (place.segment == nullptr || place.offset >= place.segment->mapped_len) return;
  prefetch_record(place.segment->mapped + place.offset);
}

// The answer is made where the caller wants it: a copy of what was just written, in wider pieces, costs a tenth of a get.
template <std::uint64_t longest>
Result<LocatedRecord> AddressSpace::read_in(SegmentFile& segment, std::uint64_t offset, std::string& buffer) const {
  constexpr bool whole = longest >= format::max_frame_len;
  Result<LocatedRecord> located;
  const std::uint64_t end = segment.end.load(std::memory_order_acquire);
  if (offset >= end) [[unlikely]] {
    located = leads_nowhere(&segment, offset);
    return located;
  }
  const std::uint64_t mapped_end = std::min(end, segment.mapped_len);
  std::string_view bytes;
  if (offset < mapped_end) {
    bytes = {segment.mapped + offset, static_cast<std::size_t>(mapped_end - offset)};
    prefetch_record(bytes.data());
    if (!whole && bytes.size() > longest && announces_longer(bytes, longest)) [[unlikely]] {
      located = head_in(segment, offset, end, bytes, buffer);
      return located;
    }
  }
  if (!format::decode_whole(bytes, located->record)) [[unlikely]] {
    if (mapped_end < end) {
      Result<std::string_view> got = bytes_of(segment, offset, end, longest, buffer);
      if (!got) {
        located = propagate(got);
        return located;
      }
      bytes = *got;
      if (!whole && announces_longer(bytes, longest)) {
        located = head_in(segment, offset, end, bytes, buffer);
        return located;
      }
    }
    if (mapped_end == end || !format::decode_whole(bytes, located->record)) {
      located = damaged(segment, offset, format::decode_next(bytes).stop);
      return located;
    }
  }
  located->ref.segment = segment.id;
  located->ref.offset = offset;
  located->ref.len = static_cast<std::uint32_t>(located->record.len);
  located->ref.txid = located->record.txid;
  located->ref.crc = located->record.crc;
  located->segment = &segment;
  return located;
}

template Result<LocatedRecord> AddressSpace::read_in<format::max_frame_len>(SegmentFile&, std::uint64_t,
                                                                            std::string&) const;
template Result<LocatedRecord> AddressSpace::read_in<AddressSpace::long_record>(SegmentFile&, std::uint64_t,
                                                                                std::string&) const;
template Result<LocatedRecord> AddressSpace::read_in<AddressSpace::worth_skipping>(SegmentFile&, std::uint64_t,
                                                                                   std::string&) const;

Result<LocatedRecord> AddressSpace::read_key(std::uint64_t address, std::size_t key_len, std::string& buffer) const {
  const ExtentTable::Place place = extents_.find(address);
  if (place.segment == nullptr) [[unlikely]]
    return leads_nowhere(nullptr, address);
  SegmentFile& segment = *place.segment;
  const std::uint64_t end = segment.end.load(std::memory_order_acquire);
  const std::size_t wanted = format::header_len + key_len;
  std::string_view begin;
  if (place.offset + wanted <= std::min(end, segment.mapped_len)) {
    begin = {segment.mapped + place.offset, wanted};
  } else if (place.offset + wanted <= end) {
    Result<std::shared_ptr<safeatomic::File>> file = registry_->open(segment);
    if (!file) return propagate(file);
    buffer.resize(wanted);
    const safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, place.offset, buffer);
    if (!got) return io_failure(got, "read record");
    if (*got == wanted) begin = buffer;
  }
  if (!begin.empty() && format::is_sound_header(begin.data())) {
    const format::Header header = format::load_header(begin.data());
    const std::uint64_t len = format::frame_len(header);
    if (header.key_len == key_len && len <= end - place.offset) {
      return LocatedRecord{.record = {.type = header.type,
                                      .txid = header.txid,
                                      .key = begin.substr(format::header_len),
                                      .payload = {},
                                      .len = static_cast<std::size_t>(len)},
                           .ref = {.segment = segment.id,
                                   .offset = place.offset,
                                   .len = static_cast<std::uint32_t>(len),
                                   .txid = header.txid},
                           .segment = &segment,
                           .is_checked = false};
    }
  }
  return read_in<format::max_frame_len>(segment, place.offset, buffer);
}

// What the header and the key of a long record say, of which `begin` is there; of one that cannot be, the whole says what is wrong.
Result<LocatedRecord> AddressSpace::head_in(SegmentFile& segment, std::uint64_t offset, std::uint64_t end,
                                            std::string_view begin, std::string& buffer) const {
  const format::Header header = format::load_header(begin.data());
  const std::uint64_t key_end = format::header_len + header.key_len;
  const std::uint64_t len = format::frame_len(header);
  if (len > end - offset) return read_in<format::max_frame_len>(segment, offset, buffer);
  if (begin.size() < key_end) {
    Result<std::shared_ptr<safeatomic::File>> file = registry_->open(segment);
    if (!file) return propagate(file);
    buffer.resize(static_cast<std::size_t>(key_end));
    const safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, offset, buffer);
    if (!got) return io_failure(got, "read record");
    if (*got != key_end || !announces_same(buffer, header))
      return read_in<format::max_frame_len>(segment, offset, buffer);
    begin = buffer;
  }
  return LocatedRecord{
      .record = {.type = header.type,
                 .txid = header.txid,
                 .key = begin.substr(format::header_len, header.key_len),
                 .payload = {},
                 .len = static_cast<std::size_t>(len)},
      .ref = {.segment = segment.id, .offset = offset, .len = static_cast<std::uint32_t>(len), .txid = header.txid},
      .segment = &segment,
      .is_checked = false};
}

// The bytes at `offset`, at least those of the frame that begins there, if they are there and it is not longer than `longest`.
Result<std::string_view> AddressSpace::bytes_of(const SegmentFile& segment, std::uint64_t offset, std::uint64_t end,
                                                std::uint64_t longest, std::string& buffer) const {
  Result<std::shared_ptr<safeatomic::File>> file = registry_->open(segment);
  if (!file) return propagate(file);
  const std::uint64_t left = end - offset;
  buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(first_read, left)));
  safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, offset, buffer);
  if (!got) return io_failure(got, "read record");
  buffer.resize(*got);
  if (format::decode_next(buffer).stop == format::Stop::body_cut) {
    const std::uint64_t len = format::frame_len(format::load_header(buffer.data()));
    if (len <= std::min(left, longest)) {
      buffer.resize(static_cast<std::size_t>(len));
      got = safeatomic::read_all(**file, offset, buffer);
      if (!got) return io_failure(got, "read record");
      buffer.resize(*got);
    }
  }
  return std::string_view(buffer);
}

// An address must lie where there are records; anything else is refused, whatever bytes are there.
std::unexpected<Error> AddressSpace::leads_nowhere(const SegmentFile* segment, std::uint64_t offset) const {
  return std::unexpected(
      Error{.code = Errc::corruption,
            .action = "read record",
            .path = segment != nullptr ? segment::path(directory().path(), segment->id) : directory().path(),
            .segment = segment != nullptr ? segment->id : 0,
            .offset = offset,
            .detail = "the index in memory leads to a place without a record"});
}

std::unexpected<Error> AddressSpace::damaged(const SegmentFile& segment, std::uint64_t offset,
                                             format::Stop stop) const {
  return std::unexpected(Error{.code = Errc::corruption,
                               .action = "read record",
                               .path = segment::path(directory().path(), segment.id),
                               .segment = segment.id,
                               .offset = offset,
                               .detail = std::string(format::describe(stop))});
}

}  // namespace datawal::kv
