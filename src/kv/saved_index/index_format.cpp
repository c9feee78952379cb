#include "kv/saved_index/index_format.hpp"

namespace datawal::kv {

using log::FieldDecoder;
using log::FieldEncoder;

std::array<char, index_part_len> encode_index_part(const IndexPart& part) noexcept {
  std::array<char, index_part_len> bytes{};
  FieldEncoder(bytes.data()) << part.depth << part.pages;
  return bytes;
}

IndexPart decode_index_part(std::span<const char, index_part_len> bytes) noexcept {
  IndexPart part;
  FieldDecoder(bytes.data()) >> part.depth >> part.pages;
  return part;
}

std::array<char, index_page_len> encode_index_page(const SavedPage& page) noexcept {
  constexpr std::uint16_t this_file = 0;
  constexpr std::uint8_t unused = 0;
  std::array<char, index_page_len> bytes{};
  FieldEncoder(bytes.data()) << this_file << static_cast<std::uint8_t>(page.depth) << unused << page.page << page.crc
                             << page.chain;
  return bytes;
}

std::optional<SavedPage> decode_index_page(std::span<const char, index_page_len> bytes) noexcept {
  std::uint16_t file = 0;
  std::uint8_t depth = 0;
  std::uint8_t unused = 0;
  SavedPage page;
  FieldDecoder(bytes.data()) >> file >> depth >> unused >> page.page >> page.crc >> page.chain;
  if (file != 0 || unused != 0) return std::nullopt;
  page.depth = depth;
  return page;
}

}  // namespace datawal::kv
