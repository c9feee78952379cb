#include "log/saved/saved_format.hpp"

#include <cstring>

#include <datawal/format.hpp>

namespace datawal::log {

namespace {

constexpr std::size_t header_crc_offset = saved_header_len - 4;

}  // namespace

std::array<char, saved_header_len> encode_saved_header(const SavedHeader& header) noexcept {
  std::array<char, saved_header_len> bytes{};
  std::memcpy(bytes.data(), saved_magic.data(), saved_magic.size());
  FieldEncoder(bytes.data() + saved_magic.size())
      << header.layout << header.flags << header.hash_seed << header.generation << header.last.segment
      << header.last.len << header.end() << header.last.txid << header.last.crc << header.segments << header.last_txid
      << header.keys << header.pages << header.pages_begin << header.written_ns << header.metadata_crc;
  format::store(bytes.data() + header_crc_offset, format::crc32c({bytes.data(), header_crc_offset}));
  return bytes;
}

HeaderVerdict decode_saved_header(std::span<const char, saved_header_len> bytes, std::uint32_t flags,
                                  SavedHeader& header) noexcept {
  if (std::string_view(bytes.data(), saved_magic.size()) != saved_magic) return HeaderVerdict::damaged;
  if (format::load<std::uint32_t>(bytes.data() + header_crc_offset) !=
      format::crc32c({bytes.data(), header_crc_offset})) {
    return HeaderVerdict::damaged;
  }
  std::uint64_t end = 0;
  FieldDecoder(bytes.data() + saved_magic.size()) >> header.layout >> header.flags >> header.hash_seed >>
      header.generation >> header.last.segment >> header.last.len >> end >> header.last.txid >> header.last.crc >>
      header.segments >> header.last_txid >> header.keys >> header.pages >> header.pages_begin >> header.written_ns >>
      header.metadata_crc;
  if (header.layout != saved_layout || header.flags != flags) return HeaderVerdict::unknown_layout;
  if (header.last.len > end || header.last.len < format::frame_len(0, 0) || header.last.txid == 0) {
    return HeaderVerdict::damaged;
  }
  header.last.offset = end - header.last.len;
  return HeaderVerdict::sound;
}

std::array<char, saved_segment_len> encode_saved_segment(const SavedSegment& segment) noexcept {
  std::array<char, saved_segment_len> bytes{};
  const SegmentCounts& counts = segment.counts;
  const RecordChain& chain = segment.chain;
  FieldEncoder(bytes.data()) << segment.id << segment.generation << segment.inode << segment.size << segment.modified_ns
                             << segment.first_extent << segment.extents << counts.raw_records << counts.put_records
                             << counts.delete_records << counts.bytes << counts.raw_bytes << counts.delete_bytes
                             << counts.live_bytes << segment.needed_tombstone_bytes << chain.gaps << chain.last_txid
                             << chain.last_len << chain.last_crc << chain.first_txid << chain.digest;
  return bytes;
}

SavedSegment decode_saved_segment(std::span<const char, saved_segment_len> bytes) noexcept {
  SavedSegment segment;
  SegmentCounts& counts = segment.counts;
  RecordChain& chain = segment.chain;
  FieldDecoder(bytes.data()) >> segment.id >> segment.generation >> segment.inode >> segment.size >>
      segment.modified_ns >> segment.first_extent >> segment.extents >> counts.raw_records >> counts.put_records >>
      counts.delete_records >> counts.bytes >> counts.raw_bytes >> counts.delete_bytes >> counts.live_bytes >>
      segment.needed_tombstone_bytes >> chain.gaps >> chain.last_txid >> chain.last_len >> chain.last_crc >>
      chain.first_txid >> chain.digest;
  return segment;
}

}  // namespace datawal::log
