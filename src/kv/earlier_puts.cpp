#include "kv/earlier_puts.hpp"

#include <algorithm>
#include <bit>

#include "segment/scanner.hpp"

namespace datawal::kv {

namespace {

constexpr std::uint64_t max_bits = 1ULL << 27;
constexpr std::uint64_t bits_per_key = 16;
constexpr std::uint64_t free_to_read = 64ULL << 20;  // bytes
// So much may be read to get rid of one byte of tombstones.
constexpr std::uint64_t read_per_tombstone_byte = 32;

}  // namespace

void EarlierPuts::stay_in(const PinnedSegment& segment, std::uint64_t put_records) {
  unread_.push_back({segment, put_records});
}

Result<void> EarlierPuts::prepare(std::uint64_t tombstone_bytes) {
  std::uint64_t bytes = 0;
  std::uint64_t keys = 0;
  for (const Unread& unread : unread_) {
    bytes += unread.segment.info.size;
    keys += unread.put_records;
  }
  holds_any_ = tombstone_bytes > 0 && bytes > free_to_read && bytes / read_per_tombstone_byte > tombstone_bytes;
  if (tombstone_bytes == 0 || holds_any_ || unread_.empty()) return {};
  if (bits_.empty()) grow(keys);
  for (const Unread& unread : unread_) {
    if (Result<void> done = read(unread); !done) return done;
  }
  unread_.clear();
  return {};
}

bool EarlierPuts::may_hold(std::uint64_t hash) const noexcept {
  if (holds_any_) return true;
  if (bits_.empty()) return false;
  const std::uint64_t mask = bits_.size() * 64 - 1;
  const auto is_set = [this](std::uint64_t bit) { return (bits_[bit / 64] >> (bit % 64) & 1) != 0; };
  return is_set(hash & mask) && is_set(std::rotl(hash, 32) & mask);
}

void EarlierPuts::grow(std::uint64_t keys) {
  const std::uint64_t wanted = std::clamp<std::uint64_t>(keys * bits_per_key, 1ULL << 16, max_bits);
  bits_.resize(static_cast<std::size_t>(std::bit_ceil(wanted) / 64));
}

void EarlierPuts::add(std::uint64_t hash) noexcept {
  const std::uint64_t mask = bits_.size() * 64 - 1;
  for (const std::uint64_t bit : {hash & mask, std::rotl(hash, 32) & mask}) bits_[bit / 64] |= 1ULL << (bit % 64);
}

Result<void> EarlierPuts::read(const Unread& unread) {
  Snapshot only;
  only.directory = directory_;
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(only, unread.segment);
  if (!file) return propagate(file);
  segment::Scanner scanner;
  scanner.start(**file, 0, unread.segment.info.size);
  for (;;) {
    Result<format::Stop> stop = scanner.next();
    if (!stop) return propagate(stop);
    if (*stop == format::Stop::none) {
      if (scanner.frame().type == RecordType::Put) add(projection_.hash_of(scanner.frame().key));
      continue;
    }
    // What lies behind damage is not known: anything.
    if (*stop != format::Stop::end_of_input) std::ranges::fill(bits_, ~std::uint64_t{0});
    return {};
  }
}

}  // namespace datawal::kv
