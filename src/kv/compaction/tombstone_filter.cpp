#include "kv/compaction/tombstone_filter.hpp"

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

TombstoneFilter::TombstoneFilter(const Projection& projection, FutexMutex& changes,
                                 std::shared_ptr<safeatomic::Directory> directory,
                                 const std::vector<std::uint32_t>& sealed)
    : projection_(projection), changes_(changes), directory_(std::move(directory)) {
  segments_.reserve(sealed.size());
  for (const std::uint32_t id : sealed) segments_.push_back({.id = id});
}

std::size_t TombstoneFilter::index_of(std::uint32_t id) const noexcept {
  return static_cast<std::size_t>(std::ranges::lower_bound(segments_, id, {}, &Segment::id) - segments_.begin());
}

void TombstoneFilter::prove(std::uint32_t id, Proof /* whichever */) noexcept {
  const std::size_t index = index_of(id);
  if (index == segments_.size() || segments_[index].id != id || segments_[index].is_proven) return;
  segments_[index].is_proven = true;
  if (index < looked_at_) start_over();  // its Puts are gone, and need not hold up tombstones any more
}

Result<MayContain> TombstoneFilter::before(std::uint32_t id, std::uint64_t tombstone_bytes) {
  if (tombstone_bytes == 0) return MayContain(nullptr);
  const std::size_t index = index_of(id);
  if (index < looked_at_) start_over();  // what lies behind it does not matter
  look_at_all_before(index);
  if (is_lost_ || !is_worth_reading(tombstone_bytes)) return MayContain(nullptr);
  if (bits_.empty() && !unread_.empty()) grow(unread_puts_);
  while (!unread_.empty()) {
    if (Result<void> done = read(unread_.back()); !done) return propagate(done);
    unread_.pop_back();
  }
  unread_bytes_ = 0;
  unread_puts_ = 0;
  return MayContain(this);
}

void TombstoneFilter::look_at_all_before(std::size_t index) {
  if (looked_at_ == index) return;
  const Locked guard(changes_);
  for (; looked_at_ < index; ++looked_at_) {
    const Segment& segment = segments_[looked_at_];
    if (segment.is_proven) continue;
    const AddressSpace& space = projection_.address_space();
    const std::shared_ptr<SegmentFile> found = space.find(segment.id);
    if (!found) {
      is_lost_ = true;
      continue;
    }
    unread_bytes_ += found->pinned.info.size;
    unread_puts_ += found->counts.put_records;
    unread_.push_back(space.registry()->pinned(*found));
  }
}

bool TombstoneFilter::is_worth_reading(std::uint64_t tombstone_bytes) const noexcept {
  return unread_bytes_ <= free_to_read || unread_bytes_ / read_per_tombstone_byte <= tombstone_bytes;
}

void TombstoneFilter::start_over() noexcept {
  looked_at_ = 0;
  is_lost_ = false;
  unread_.clear();
  unread_bytes_ = 0;
  unread_puts_ = 0;
  bits_.clear();
}

bool TombstoneFilter::may_contain(std::uint64_t hash) const noexcept {
  if (bits_.empty()) return false;
  const std::uint64_t mask = bits_.size() * 64 - 1;
  const auto is_set = [this](std::uint64_t bit) { return (bits_[bit / 64] >> (bit % 64) & 1) != 0; };
  return is_set(hash & mask) && is_set(std::rotl(hash, 32) & mask);
}

void TombstoneFilter::grow(std::uint64_t keys) {
  const std::uint64_t wanted = std::clamp<std::uint64_t>(keys * bits_per_key, 1ULL << 16, max_bits);
  bits_.resize(static_cast<std::size_t>(std::bit_ceil(wanted) / 64));
}

void TombstoneFilter::add(std::uint64_t hash) noexcept {
  const std::uint64_t mask = bits_.size() * 64 - 1;
  for (const std::uint64_t bit : {hash & mask, std::rotl(hash, 32) & mask}) bits_[bit / 64] |= 1ULL << (bit % 64);
}

Result<void> TombstoneFilter::read(const log::PinnedSegment& segment) {
  log::Snapshot only;
  only.directory = directory_;
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(only, segment);
  if (!file) return propagate(file);
  segment::Scanner scanner;
  scanner.start(**file, 0, segment.info.size);
  for (;;) {
    Result<format::Stop> stop = scanner.next();
    if (!stop) return propagate(stop);
    if (*stop == format::Stop::none) {
      if (scanner.frame().type == RecordType::Put) add(projection_.hash_of(scanner.frame().key));
      continue;
    }
    // Behind damage there may be anything.
    if (*stop != format::Stop::end_of_input) std::ranges::fill(bits_, ~std::uint64_t{0});
    return {};
  }
}

}  // namespace datawal::kv
