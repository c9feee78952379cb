#include "format/watermark.hpp"

#include <algorithm>

#include "format/frame.hpp"

namespace datawal::format {
namespace {

namespace at {  // bytes from the start
constexpr std::size_t magic = 0;
constexpr std::size_t version = 4;
constexpr std::size_t segment = 8;
constexpr std::size_t reserved_low = 12;
constexpr std::size_t inode = 16;
constexpr std::size_t offset = 24;
constexpr std::size_t txid = 32;
constexpr std::size_t reserved_high = 40;
constexpr std::size_t crc = 60;
}  // namespace at
static_assert(at::crc + crc_len == watermark_len);

constexpr std::uint32_t max_segment = 99'999'999;  // eight decimal digits in its name

}  // namespace

std::array<char, watermark_len> encode_watermark(const Watermark& watermark) noexcept {
  std::array<char, watermark_len> bytes{};
  std::ranges::copy(watermark_magic, bytes.begin() + at::magic);
  store(bytes.data() + at::version, watermark_version);
  store(bytes.data() + at::segment, watermark.segment);
  store(bytes.data() + at::inode, watermark.inode);
  store(bytes.data() + at::offset, watermark.offset);
  store(bytes.data() + at::txid, watermark.txid);
  store(bytes.data() + at::crc, crc32c({bytes.data(), at::crc}));
  return bytes;
}

std::optional<Watermark> decode_watermark(std::string_view bytes) noexcept {
  if (bytes.size() != watermark_len) return std::nullopt;
  const char* from = bytes.data();
  if (bytes.substr(at::magic, watermark_magic.size()) != watermark_magic) return std::nullopt;
  if (load<std::uint32_t>(from + at::version) != watermark_version) return std::nullopt;
  if (load<std::uint32_t>(from + at::crc) != crc32c(bytes.substr(0, at::crc))) return std::nullopt;
  if (!is_all_zeros(bytes.substr(at::reserved_low, at::inode - at::reserved_low)) ||
      !is_all_zeros(bytes.substr(at::reserved_high, at::crc - at::reserved_high))) {
    return std::nullopt;
  }
  const Watermark watermark{.segment = load<std::uint32_t>(from + at::segment),
                            .inode = load<std::uint64_t>(from + at::inode),
                            .offset = load<std::uint64_t>(from + at::offset),
                            .txid = load<std::uint64_t>(from + at::txid)};
  if (watermark.segment == 0 || watermark.segment > max_segment) return std::nullopt;
  return watermark;
}

}  // namespace datawal::format
