#include "kv/saved_index/index_format.hpp"

#include <cstring>

#include <datawal/format.hpp>

#include "format/frame.hpp"

namespace datawal::kv {

namespace {

// Fields one behind the other.
class Encoder {
 public:
  explicit Encoder(char* to) noexcept : to_(to) {}
  template <class Integer>
  Encoder& operator<<(Integer value) noexcept {
    format::store(to_, value);
    to_ += sizeof value;
    return *this;
  }

 private:
  char* to_;
};

class Decoder {
 public:
  explicit Decoder(const char* from) noexcept : from_(from) {}
  template <class Integer>
  Decoder& operator>>(Integer& value) noexcept {
    value = format::load<Integer>(from_);
    from_ += sizeof value;
    return *this;
  }

 private:
  const char* from_;
};

constexpr std::size_t header_crc_offset = index_header_len - 4;

}  // namespace

std::array<char, index_header_len> encode_index_header(const IndexHeader& header) noexcept {
  std::array<char, index_header_len> bytes{};
  std::memcpy(bytes.data(), index_magic.data(), index_magic.size());
  Encoder(bytes.data() + index_magic.size())
      << header.layout << header.flags << header.hash_seed << header.generation << header.last.segment
      << header.last.len << header.end() << header.last.txid << header.last.crc << header.segments << header.last_txid
      << header.keys << header.pages << header.pages_begin << header.written_ns << header.metadata_crc;
  format::store(bytes.data() + header_crc_offset, format::crc32c({bytes.data(), header_crc_offset}));
  return bytes;
}

HeaderVerdict decode_index_header(std::span<const char, index_header_len> bytes, IndexHeader& header) noexcept {
  if (std::string_view(bytes.data(), index_magic.size()) != index_magic) return HeaderVerdict::damaged;
  if (format::load<std::uint32_t>(bytes.data() + header_crc_offset) !=
      format::crc32c({bytes.data(), header_crc_offset})) {
    return HeaderVerdict::damaged;
  }
  std::uint64_t end = 0;
  Decoder(bytes.data() + index_magic.size()) >> header.layout >> header.flags >> header.hash_seed >>
      header.generation >> header.last.segment >> header.last.len >> end >> header.last.txid >> header.last.crc >>
      header.segments >> header.last_txid >> header.keys >> header.pages >> header.pages_begin >> header.written_ns >>
      header.metadata_crc;
  if (header.layout != index_layout || header.flags != flag_has_directory) return HeaderVerdict::unknown_layout;
  if (header.last.len > end || header.last.len < format::frame_len(0, 0) || header.last.txid == 0) {
    return HeaderVerdict::damaged;
  }
  header.last.offset = end - header.last.len;
  return HeaderVerdict::sound;
}

std::array<char, index_segment_len> encode_index_segment(const IndexSegment& segment) noexcept {
  std::array<char, index_segment_len> bytes{};
  const SegmentCounts& counts = segment.counts;
  const RecordChain& chain = segment.chain;
  Encoder(bytes.data()) << segment.id << segment.generation << segment.inode << segment.size << segment.modified_ns
                        << segment.first_extent << segment.extents << counts.raw_records << counts.put_records
                        << counts.delete_records << counts.bytes << counts.raw_bytes << counts.delete_bytes
                        << counts.live_bytes << segment.needed_tombstone_bytes << chain.gaps << chain.last_txid
                        << chain.last_len << chain.last_crc << chain.first_txid << chain.digest;
  return bytes;
}

IndexSegment decode_index_segment(std::span<const char, index_segment_len> bytes) noexcept {
  IndexSegment segment;
  SegmentCounts& counts = segment.counts;
  RecordChain& chain = segment.chain;
  Decoder(bytes.data()) >> segment.id >> segment.generation >> segment.inode >> segment.size >> segment.modified_ns >>
      segment.first_extent >> segment.extents >> counts.raw_records >> counts.put_records >> counts.delete_records >>
      counts.bytes >> counts.raw_bytes >> counts.delete_bytes >> counts.live_bytes >> segment.needed_tombstone_bytes >>
      chain.gaps >> chain.last_txid >> chain.last_len >> chain.last_crc >> chain.first_txid >> chain.digest;
  return segment;
}

std::array<char, index_part_len> encode_index_part(const IndexPart& part) noexcept {
  std::array<char, index_part_len> bytes{};
  Encoder(bytes.data()) << part.depth << part.pages;
  return bytes;
}

IndexPart decode_index_part(std::span<const char, index_part_len> bytes) noexcept {
  IndexPart part;
  Decoder(bytes.data()) >> part.depth >> part.pages;
  return part;
}

std::array<char, index_page_len> encode_index_page(const SavedPage& page) noexcept {
  constexpr std::uint16_t this_file = 0;
  constexpr std::uint8_t unused = 0;
  std::array<char, index_page_len> bytes{};
  Encoder(bytes.data()) << this_file << static_cast<std::uint8_t>(page.depth) << unused << page.page << page.crc
                        << page.chain;
  return bytes;
}

std::optional<SavedPage> decode_index_page(std::span<const char, index_page_len> bytes) noexcept {
  std::uint16_t file = 0;
  std::uint8_t depth = 0;
  std::uint8_t unused = 0;
  SavedPage page;
  Decoder(bytes.data()) >> file >> depth >> unused >> page.page >> page.crc >> page.chain;
  if (file != 0 || unused != 0) return std::nullopt;
  page.depth = depth;
  return page;
}

}  // namespace datawal::kv
