#include "format/crc32c_join.hpp"

#include <array>

namespace datawal::format {
namespace {

// Polynomials over GF(2) below x^32; the highest bit stands for x^0.
constexpr std::uint32_t one = 1U << 31;

constexpr std::uint32_t times_x(std::uint32_t a) noexcept {
  constexpr std::uint32_t polynomial = 0x82F63B78;  // Castagnoli, reflected
  return (a >> 1) ^ ((a & 1) != 0 ? polynomial : 0);
}

constexpr std::uint32_t times(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t product = 0;
  for (std::uint32_t bit = one; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = times_x(b);
  }
  return product;
}

// powers[n] is the effect of 2^n bytes: x to the power of 8 * 2^n.
constexpr std::array<std::uint32_t, 64> make_powers() noexcept {
  std::array<std::uint32_t, 64> powers{};
  powers[0] = one >> 8;
  for (std::size_t n = 1; n < powers.size(); ++n) powers[n] = times(powers[n - 1], powers[n - 1]);
  return powers;
}

constexpr std::array<std::uint32_t, 64> powers = make_powers();

}  // namespace

std::uint32_t crc32c_behind(std::uint32_t crc, std::uint64_t len) noexcept {
  for (std::size_t n = 0; len != 0; ++n, len >>= 1) {
    if ((len & 1) != 0) crc = times(powers[n], crc);
  }
  return crc;
}

}  // namespace datawal::format
