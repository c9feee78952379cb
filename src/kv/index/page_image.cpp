#include "kv/index/page_image.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace datawal::kv {

namespace {

constexpr std::size_t tag_len = 4;
constexpr std::size_t address_len = 6;
constexpr std::size_t addresses_begin = page_slots * tag_len;
constexpr std::size_t count_begin = 4036;
constexpr std::size_t depth_begin = 4040;
static_assert(addresses_begin + page_slots * address_len <= count_begin);

// Little-endian, as one access where that is the machine's order.

template <class Word>
void store(Word value, char* to) noexcept {
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

template <class Word>
Word load(const char* from) noexcept {
  Word value = 0;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

void store_address(std::uint64_t address, char* to) noexcept {
  store(static_cast<std::uint32_t>(address), to);
  store(static_cast<std::uint16_t>(address >> 32), to + 4);
}

std::uint64_t load_address(const char* from) noexcept {
  return load<std::uint32_t>(from) | std::uint64_t{load<std::uint16_t>(from + 4)} << 32;
}

constexpr std::uint32_t all_buckets = (1U << page_buckets) - 1;

// The buckets from `home` up to before `place`, around the ring.
std::uint32_t between(std::uint32_t home, std::uint32_t place) noexcept {
  const std::uint32_t from_home = all_buckets & ~((1U << home) - 1);
  const std::uint32_t below_place = (1U << place) - 1;
  return home <= place ? from_home & below_place : from_home | below_place;
}

}  // namespace

void encode_page(const Page& page, const SavedAddress& address, std::span<char, saved_page_len> into) {
  std::ranges::fill(into, '\0');
  for (std::uint32_t bucket = 0; bucket < page_buckets; ++bucket) {
    for (std::uint32_t i = 0; i < bucket_slots; ++i) {
      const Entry entry = page.entry({bucket, i});
      if (entry.tag == free_tag) continue;
      const std::size_t slot = bucket * bucket_slots + i;
      store(entry.tag, into.data() + slot * tag_len);
      store_address(address(entry.address), into.data() + addresses_begin + slot * address_len);
    }
  }
  store(page.count(), into.data() + count_begin);
  store(page.depth(), into.data() + depth_begin);
}

bool decode_page(std::string_view bytes, const SavedPage& saved, bool is_last, Page& page) noexcept {
  const auto count = load<std::uint32_t>(bytes.data() + count_begin);
  if (load<std::uint32_t>(bytes.data() + depth_begin) > saved.depth) return false;
  if (!is_last && count != page_slots) return false;
  const std::uint32_t shared = saved.depth == 0 ? 0 : ~std::uint32_t{0} << (32 - saved.depth);
  std::array<std::uint32_t, page_buckets> displaced{};  // by bucket: those that its entries were pushed over
  std::uint32_t full = 0;
  std::uint32_t found = 0;
  for (std::uint32_t bucket = 0; bucket < page_buckets; ++bucket) {
    std::uint32_t used = 0;
    for (std::uint32_t i = 0; i < bucket_slots; ++i) {
      const std::size_t slot = bucket * bucket_slots + i;
      const auto tag = load<std::uint32_t>(bytes.data() + slot * tag_len);
      if (tag == free_tag) continue;
      if ((tag & shared) != saved.tag) return false;
      ++used;
      displaced[bucket] |= between(home_of(tag), bucket);
      page.put({bucket, i}, {.tag = tag, .address = load_address(bytes.data() + addresses_begin + slot * address_len)});
    }
    found += used;
    if (used == bucket_slots) full |= 1U << bucket;
  }
  const bool is_reachable = std::ranges::all_of(displaced, [full](std::uint32_t over) { return (over & ~full) == 0; });
  if (!is_reachable || found != count) return false;
  page.set_count(found);
  page.set_depth(saved.depth);
  return true;
}

bool translate_page(Page& page, const SavedAddress& address) {
  for (std::uint32_t bucket = 0; bucket < page_buckets; ++bucket) {
    for (std::uint32_t i = 0; i < bucket_slots; ++i) {
      const Entry entry = page.entry({bucket, i});
      if (entry.tag == free_tag) continue;
      const std::uint64_t translated = address(entry.address);
      if (translated == 0) return false;
      page.set_address({bucket, i}, translated);
    }
  }
  return true;
}

}  // namespace datawal::kv
