#include "format/crc32c.hpp"

#include <algorithm>
#include <array>

#include <isa-l/crc.h>

#include "format/frame.hpp"

#if defined(__x86_64__)
#include <nmmintrin.h>
#define DATAWAL_CRC_TARGET [[gnu::target("sse4.2")]]
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define DATAWAL_CRC_TARGET
#endif

namespace datawal::format {
namespace {

// Slicing by 16: table[n][b] is the effect of byte b followed by n bytes.
using Tables = std::array<std::array<std::uint32_t, 256>, 16>;

constexpr Tables make_tables() noexcept {
  constexpr std::uint32_t polynomial = 0x82F63B78;  // Castagnoli, reflected
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t state = byte;
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1) != 0 ? polynomial : 0);
    tables[0][byte] = state;
  }
  for (std::size_t n = 1; n < tables.size(); ++n) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[n - 1][byte];
      tables[n][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

// The effect of four bytes followed by `behind` bytes.
std::uint32_t effect(std::uint32_t word, std::size_t behind) noexcept {
  return (tables[behind + 3][word & 0xFF] ^ tables[behind + 2][(word >> 8) & 0xFF]) ^
         (tables[behind + 1][(word >> 16) & 0xFF] ^ tables[behind][word >> 24]);
}

#if defined(DATAWAL_CRC_TARGET)

#if defined(__x86_64__)
DATAWAL_CRC_TARGET inline std::uint64_t step8(std::uint64_t state, std::uint64_t word) noexcept {
  return _mm_crc32_u64(state, word);
}
DATAWAL_CRC_TARGET inline std::uint32_t step4(std::uint32_t state, std::uint32_t word) noexcept {
  return _mm_crc32_u32(state, word);
}
DATAWAL_CRC_TARGET inline std::uint32_t step1(std::uint32_t state, unsigned char byte) noexcept {
  return _mm_crc32_u8(state, byte);
}
bool detect() noexcept {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}
#else
inline std::uint64_t step8(std::uint64_t state, std::uint64_t word) noexcept {
  return __crc32cd(static_cast<std::uint32_t>(state), word);
}
inline std::uint32_t step4(std::uint32_t state, std::uint32_t word) noexcept { return __crc32cw(state, word); }
inline std::uint32_t step1(std::uint32_t state, unsigned char byte) noexcept { return __crc32cb(state, byte); }
bool detect() noexcept { return true; }
#endif

DATAWAL_CRC_TARGET std::uint32_t run_instruction(const char* from, std::size_t size, std::uint32_t crc) noexcept {
  std::uint64_t wide = ~crc;
  for (; size >= 8; size -= 8, from += 8) wide = step8(wide, load<std::uint64_t>(from));
  auto state = static_cast<std::uint32_t>(wide);
  if (size >= 4) {
    state = step4(state, load<std::uint32_t>(from));
    size -= 4;
    from += 4;
  }
  for (; size > 0; --size, ++from) state = step1(state, static_cast<unsigned char>(*from));
  return ~state;
}

// The words common to all pieces, side by side; then the rest of each.
DATAWAL_CRC_TARGET std::array<std::uint32_t, crcs_at_once> run_side_by_side(
    const std::array<std::string_view, crcs_at_once>& pieces) noexcept {
  std::size_t words = pieces[0].size() / 8;
  for (const std::string_view piece : pieces) words = std::min(words, piece.size() / 8);
  const char* const from[crcs_at_once] = {pieces[0].data(), pieces[1].data(), pieces[2].data(), pieces[3].data()};
  constexpr std::uint64_t begin = ~std::uint32_t{0};
  std::uint64_t states[crcs_at_once] = {begin, begin, begin, begin};
  for (std::size_t at = 0; at < 8 * words; at += 8) {
    for (std::size_t n = 0; n < crcs_at_once; ++n) states[n] = step8(states[n], load<std::uint64_t>(from[n] + at));
  }
  std::array<std::uint32_t, crcs_at_once> crcs{};
  for (std::size_t n = 0; n < crcs_at_once; ++n) {
    crcs[n] = run_instruction(from[n] + 8 * words, pieces[n].size() - 8 * words,
                              ~static_cast<std::uint32_t>(states[n]));
  }
  return crcs;
}

// Zero, the portable way, for calls from constructors that run before this one.
const bool has_instruction = detect();

#endif

}  // namespace

namespace detail {

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t crc) noexcept {
  const char* from = bytes.data();
  std::size_t size = bytes.size();
  std::uint32_t state = ~crc;
  // Only the first word waits for the state: what the others do is there when it comes.
  for (; size >= 16; size -= 16, from += 16) {
    const std::uint32_t others = effect(load<std::uint32_t>(from + 4), 8) ^ effect(load<std::uint32_t>(from + 8), 4) ^
                                 effect(load<std::uint32_t>(from + 12), 0);
    state = others ^ effect(load<std::uint32_t>(from) ^ state, 12);
  }
  if (size >= 4) {  // in one step too: the last word without the bytes that are in others
    const std::size_t left = size % 4;
    const auto rest = static_cast<std::uint32_t>(std::uint64_t{0xFFFF'FFFF} << (8 * (4 - left)));
    std::uint32_t others = effect(load<std::uint32_t>(from + size - 4) & rest, 0);
    if (size >= 8) others ^= effect(load<std::uint32_t>(from + 4), size - 8);
    if (size >= 12) others ^= effect(load<std::uint32_t>(from + 8), size - 12);
    return ~(others ^ effect(load<std::uint32_t>(from) ^ state, size - 4));
  }
  for (; size > 0; --size, ++from) state = (state >> 8) ^ tables[0][(state ^ static_cast<unsigned char>(*from)) & 0xFF];
  return ~state;
}

std::uint32_t crc32c_isal(std::string_view bytes, std::uint32_t crc) noexcept {
  constexpr std::size_t at_once = std::size_t{1} << 30;  // it counts in int
  std::uint32_t state = ~crc;                            // and neither inverts at the start nor at the end
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, at_once);
    // It only reads, though its parameter lacks the const.
    auto* from = reinterpret_cast<unsigned char*>(const_cast<char*>(part.data()));
    state = crc32_iscsi(from, static_cast<int>(part.size()), state);
    bytes.remove_prefix(part.size());
  }
  return ~state;
}

bool has_crc32c_instruction() noexcept {
#if defined(DATAWAL_CRC_TARGET)
  return has_instruction;
#else
  return false;
#endif
}

std::uint32_t crc32c_instruction(std::string_view bytes, std::uint32_t crc) noexcept {
#if defined(DATAWAL_CRC_TARGET)
  return run_instruction(bytes.data(), bytes.size(), crc);
#else
  return crc32c_portable(bytes, crc);
#endif
}

}  // namespace detail

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) noexcept {
#if defined(DATAWAL_CRC_TARGET)
  if (!has_instruction) [[unlikely]]
    return detail::crc32c_portable(bytes, crc);
  if (bytes.size() >= detail::crc_block) {
    const std::size_t blocks = bytes.size() / detail::crc_block * detail::crc_block;
    crc = detail::crc32c_isal(bytes.substr(0, blocks), crc);
    bytes.remove_prefix(blocks);
  }
  return run_instruction(bytes.data(), bytes.size(), crc);
#elif defined(__aarch64__)
  return detail::crc32c_isal(bytes, crc);  // asks the CPU itself
#else
  return detail::crc32c_portable(bytes, crc);
#endif
}

std::array<std::uint32_t, crcs_at_once> crc32c_of_each(
    const std::array<std::string_view, crcs_at_once>& pieces) noexcept {
#if defined(DATAWAL_CRC_TARGET)
  if (has_instruction) [[likely]]
    return run_side_by_side(pieces);
#endif
  std::array<std::uint32_t, crcs_at_once> crcs{};
  for (std::size_t n = 0; n < crcs_at_once; ++n) crcs[n] = crc32c(pieces[n]);
  return crcs;
}

}  // namespace datawal::format
