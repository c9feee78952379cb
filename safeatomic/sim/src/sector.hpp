#pragma once
// The unit in which a disk writes.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <safeatomic/sim/disk_image.hpp>

namespace safeatomic::sim::detail {

using SectorBytes = std::array<char, sector_bytes>;

/// Immutable, shared by every state that holds it.
struct Sector {
  SectorBytes bytes;
  std::uint64_t hash;
};

/// Null stands for zeros, and is the only thing that does.
using SectorRef = std::shared_ptr<const Sector>;

/// Of a file, from its beginning; what lies behind the last one is zeros.
using Sectors = std::vector<SectorRef>;

[[nodiscard]] SectorRef make_sector(const SectorBytes& bytes);

/// `sector` with zeros from `length` on.
[[nodiscard]] SectorRef clipped(const SectorRef& sector, std::size_t length);

[[nodiscard]] bool is_equal(const SectorRef& a, const SectorRef& b) noexcept;

[[nodiscard]] inline SectorRef sector_at(const Sectors& sectors, std::size_t index) {
  return index < sectors.size() ? sectors[index] : nullptr;
}

/// Mixes `value` into `hash`.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

[[nodiscard]] std::uint64_t hash_of(std::string_view text) noexcept;

}  // namespace safeatomic::sim::detail
