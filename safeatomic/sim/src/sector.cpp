#include "sector.hpp"

#include <algorithm>
#include <cstring>

namespace safeatomic::sim::detail {

SectorRef make_sector(const SectorBytes& bytes) {
  std::uint64_t hash = 0;
  std::uint64_t any = 0;
  for (std::size_t at = 0; at < sector_bytes; at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    any |= word;
    hash = mixed(hash, word);
  }
  if (any == 0) return nullptr;
  return std::make_shared<const Sector>(Sector{bytes, hash});
}

SectorRef clipped(const SectorRef& sector, std::size_t length) {
  if (!sector || length >= sector_bytes) return sector;
  const auto tail = sector->bytes.begin() + static_cast<std::ptrdiff_t>(length);
  if (std::all_of(tail, sector->bytes.end(), [](char c) { return c == 0; })) return sector;
  SectorBytes bytes = sector->bytes;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(length), bytes.end(), '\0');
  return make_sector(bytes);
}

bool is_equal(const SectorRef& a, const SectorRef& b) noexcept {
  if (a == b) return true;
  if (!a || !b) return false;
  return a->hash == b->hash && a->bytes == b->bytes;
}

std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = text.size();
  for (const char c : text) hash = mixed(hash, static_cast<unsigned char>(c));
  return hash;
}

}  // namespace safeatomic::sim::detail
