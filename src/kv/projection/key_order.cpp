#include "kv/projection/key_order.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/radix_sort.hpp"

namespace datawal::kv {

namespace {

// Eight bytes of a key from some depth on, as a number that compares like them, and the address. How many bytes the key has
// left from that depth stands above the address, up to 9 for "more": where the bytes are equal, the shorter key is the
// smaller one, and only those with more need a look at their next bytes.
struct SortEntry {
  std::uint64_t prefix = 0;
  std::uint64_t left_and_address = 0;

  friend auto operator<=>(const SortEntry&, const SortEntry&) = default;
};

constexpr std::size_t step = sizeof(std::uint64_t);
constexpr int left_shift = 48;
constexpr std::uint64_t address_mask = (1ULL << left_shift) - 1;
constexpr std::uint64_t more = step + 1;
constexpr std::size_t prefetch_distance = 16;  // records

SortEntry entry_at(std::string_view key, std::size_t depth, std::uint64_t address) noexcept {
  const std::string_view rest = key.substr(std::min(depth, key.size()));
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, rest.data(), std::min(rest.size(), step));
  if constexpr (std::endian::native == std::endian::little) prefix = std::byteswap(prefix);
  const std::uint64_t left = std::min<std::uint64_t>(rest.size(), more);
  return {.prefix = prefix, .left_and_address = left << left_shift | address};
}

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t depth = 0;
};

// Where keys are alike for long, eight bytes a pass would read them again and again: so many bytes are compared at once as fit into this,
// as far as that is worth it.
constexpr std::size_t chunk_memory = 16 << 20;
constexpr std::size_t chunk_worth_it = 64;
constexpr std::size_t depth_of_chunks = 2 * step;

Result<void> load(const KeyReader& keys, std::span<SortEntry> entries, std::size_t depth, std::string& buffer) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + prefetch_distance < entries.size()) {
      keys.prefetch(entries[i + prefetch_distance].left_and_address & address_mask);
    }
    const std::uint64_t address = entries[i].left_and_address & address_mask;
    Result<LocatedRecord> located = keys.read(address, buffer);
    if (!located) return propagate(located);
    entries[i] = entry_at(located->record.key, depth, address);
  }
  return {};
}

// Bytes of a key from some depth on, `begin` in the memory of all, and whether the key goes on behind them.
struct Chunk {
  std::size_t begin = 0;
  std::size_t len = 0;
  bool has_more = false;
  std::uint64_t address = 0;
};

// Sorts by the next `chunk_memory / entries.size()` bytes, and adds what is still alike to `open`.
Result<void> sort_by_chunks(const KeyReader& keys, std::span<SortEntry> entries, const Range& range,
                            std::vector<Range>& open, std::string& buffer) {
  const std::size_t longest = chunk_memory / entries.size();
  std::string bytes;
  std::vector<Chunk> chunks;
  chunks.reserve(entries.size());
  for (const SortEntry& entry : entries) {
    const std::uint64_t address = entry.left_and_address & address_mask;
    Result<LocatedRecord> located = keys.read(address, buffer);
    if (!located) return propagate(located);
    const std::string_view key = located->record.key;
    const std::string_view rest = key.substr(std::min(range.depth, key.size()));
    const std::string_view part = rest.substr(0, longest);
    chunks.push_back(
        {.begin = bytes.size(), .len = part.size(), .has_more = rest.size() > longest, .address = address});
    bytes.append(part);
  }
  const auto text = [&](const Chunk& chunk) { return std::string_view(bytes).substr(chunk.begin, chunk.len); };
  const auto is_before = [&](const Chunk& a, const Chunk& b) {
    const int order = text(a).compare(text(b));
    return order != 0 ? order < 0 : a.has_more < b.has_more;
  };
  std::ranges::sort(chunks, is_before);
  for (std::size_t i = 0; i < chunks.size();) {
    std::size_t next = i + 1;
    while (next < chunks.size() && !is_before(chunks[i], chunks[next])) ++next;
    if (next - i > 1) open.push_back({range.begin + i, range.begin + next, range.depth + longest});
    for (; i < next; ++i) entries[i].left_and_address = chunks[i].address;
  }
  return {};
}

}  // namespace

Result<void> sort_by_key(const KeyReader& keys, std::vector<std::uint64_t>& addresses) {
  std::vector<SortEntry> entries(addresses.size());
  for (std::size_t i = 0; i < addresses.size(); ++i) entries[i].left_and_address = addresses[i];
  std::string buffer;
  std::vector<Range> open{{0, entries.size(), 0}};
  while (!open.empty()) {
    const Range range = open.back();
    open.pop_back();
    const std::span<SortEntry> part = std::span(entries).subspan(range.begin, range.end - range.begin);
    if (range.depth >= depth_of_chunks && part.size() <= chunk_memory / chunk_worth_it) {
      if (Result<void> sorted = sort_by_chunks(keys, part, range, open, buffer); !sorted) return sorted;
      continue;
    }
    if (Result<void> loaded = load(keys, part, range.depth, buffer); !loaded) return loaded;
    radix_sort(part, [](const SortEntry& entry) { return entry.prefix; });
    for (std::size_t i = 0; i < part.size();) {
      std::size_t next = i + 1;
      const std::uint64_t left = part[i].left_and_address >> left_shift;
      while (next < part.size() && part[next].prefix == part[i].prefix &&
             part[next].left_and_address >> left_shift == left) {
        ++next;
      }
      if (left == more && next - i > 1) open.push_back({range.begin + i, range.begin + next, range.depth + step});
      i = next;
    }
  }
  for (std::size_t i = 0; i < addresses.size(); ++i) addresses[i] = entries[i].left_and_address & address_mask;
  return {};
}

}  // namespace datawal::kv
