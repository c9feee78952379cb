#pragma once
// One page of the key directory: 4 KiB that hold up to 400 entries, each a tag of 32 bits and an address of 48, in 25
// buckets of 16. The tags of a bucket are one cache line; a lookup that finds nothing mostly touches only that.
//
// An entry lies in the bucket that its tag names or, if that was full, in the next one that was not, around the ring.
// Invariant: all buckets between an entry's home and its place are full. So a lookup ends at the first bucket with a free
// slot, and removing closes the gap: there are no tombstones.
//
// One writer, inside a write section (striped_seqlock.hpp); any number of readers at the same time.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_THREAD__)
#define DATAWAL_VECTOR_TAGS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DATAWAL_VECTOR_TAGS 0
#endif
#endif
#if !defined(DATAWAL_VECTOR_TAGS)
#if defined(__SSE2__)
#define DATAWAL_VECTOR_TAGS 1
#else
#define DATAWAL_VECTOR_TAGS 0
#endif
#endif
#if DATAWAL_VECTOR_TAGS
#include <emmintrin.h>
#endif

#include "kv/index/striped_seqlock.hpp"

namespace datawal::kv {

inline constexpr std::uint32_t page_buckets = 25;
inline constexpr std::uint32_t bucket_slots = 16;
inline constexpr std::uint32_t page_slots = page_buckets * bucket_slots;

/// Addresses are below this.
inline constexpr std::uint64_t address_limit = 1ULL << 48;

/// The tag of no entry.
inline constexpr std::uint32_t free_tag = 0;

struct Entry {
  std::uint32_t tag;
  std::uint64_t address;
};

/// A place in a page.
struct Slot {
  std::uint32_t bucket;
  std::uint32_t index;
};

/// The result of one look at a bucket; bit i is slot i.
struct BucketMatch {
  std::uint32_t same;  ///< slots with the wanted tag
  std::uint32_t free;
};

/// The bucket `steps` (at most page_buckets) after `bucket`.
[[nodiscard]] constexpr std::uint32_t bucket_after(std::uint32_t bucket, std::uint32_t steps) noexcept {
  const std::uint32_t sum = bucket + steps;
  return sum < page_buckets ? sum : sum - page_buckets;
}

/// The bucket where a tag belongs. Depends on all bits: those of one page share the first ones.
[[nodiscard]] constexpr std::uint32_t home_of(std::uint32_t tag) noexcept {
  return ((tag * 0x9E37'79B1U) >> 16) * page_buckets >> 16;
}

/// Lives in zeroed memory, without construction; all zeros is an empty page.
class alignas(64) Page {
 public:
  [[nodiscard]] BucketMatch match(std::uint32_t bucket, std::uint32_t tag) const noexcept {
    const std::uint32_t* tags = tags_[bucket];
#if DATAWAL_VECTOR_TAGS
    // Formally no atomic loads, but aligned words do not tear, and a mixture fails the sequence's check.
    const auto* lanes = reinterpret_cast<const __m128i*>(tags);
    const __m128i a = _mm_load_si128(lanes);
    const __m128i b = _mm_load_si128(lanes + 1);
    const __m128i c = _mm_load_si128(lanes + 2);
    const __m128i d = _mm_load_si128(lanes + 3);
    const auto equal = [&](__m128i to) noexcept {
      const __m128i low = _mm_packs_epi32(_mm_cmpeq_epi32(a, to), _mm_cmpeq_epi32(b, to));
      const __m128i high = _mm_packs_epi32(_mm_cmpeq_epi32(c, to), _mm_cmpeq_epi32(d, to));
      return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
    };
    return {.same = equal(_mm_set1_epi32(static_cast<int>(tag))), .free = equal(_mm_setzero_si128())};
#else
    BucketMatch found{.same = 0, .free = 0};
    for (std::uint32_t i = 0; i < bucket_slots; ++i) {
      const std::uint32_t there = load_shared(tags[i]);
      found.same |= static_cast<std::uint32_t>(there == tag) << i;
      found.free |= static_cast<std::uint32_t>(there == free_tag) << i;
    }
    return found;
#endif
  }

  [[nodiscard]] Entry entry(Slot at) const noexcept { return {load_shared(tags_[at.bucket][at.index]), address(at)}; }

  [[nodiscard]] std::uint64_t address(Slot at) const noexcept {
    const std::uint16_t* parts = addresses_[at.bucket][at.index];
    return load_shared(parts[0]) | static_cast<std::uint64_t>(load_shared(parts[1])) << 16 |
           static_cast<std::uint64_t>(load_shared(parts[2])) << 32;
  }

  /// Starts fetching what a lookup of `tag` will touch.
  void prefetch_tags(std::uint32_t tag) const noexcept { __builtin_prefetch(tags_[home_of(tag)]); }
  void prefetch_addresses(std::uint32_t tag) const noexcept {
    const char* first = reinterpret_cast<const char*>(addresses_[home_of(tag)]);
    __builtin_prefetch(first);
    __builtin_prefetch(first + sizeof addresses_[0] - 1);
  }

  void prefetch_counts() const noexcept { __builtin_prefetch(&next_); }

  /// The page where this one's entries continue, 0 if there is none. If there is one, this one is full.
  [[nodiscard]] std::uint32_t next() const noexcept { return load_shared(next_, std::memory_order_acquire); }
  void set_next(std::uint32_t page) noexcept { store_shared(next_, page, std::memory_order_release); }

  /// For the writer: how many entries there are, and how many leading bits their tags share, at least.
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] bool is_full() const noexcept { return count_ == page_slots; }
  [[nodiscard]] std::uint32_t depth() const noexcept { return depth_; }
  void set_depth(std::uint32_t depth) noexcept { depth_ = depth; }
  /// Of one that was filled by put().
  void set_count(std::uint32_t count) noexcept { count_ = count; }

  /// Of the first page of a chain: since when it has been as it is, in the words of frozen_directory.hpp.
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }
  void set_epoch(std::uint32_t epoch) noexcept { epoch_ = epoch; }

  /// Of the first page of a chain where memory is limited, in the words of limited_pages.hpp: the epoch of its last change, and while
  /// it is as on file, which saved page it is and where it stands among those that are.
  [[nodiscard]] std::uint32_t changed() const noexcept { return changed_; }
  void set_changed(std::uint32_t epoch) noexcept { changed_ = epoch; }
  [[nodiscard]] bool is_clean() const noexcept { return saved_ != 0; }
  [[nodiscard]] std::uint32_t saved() const noexcept { return saved_ - 1; }
  void set_saved(std::uint32_t saved) noexcept { saved_ = saved + 1; }
  void set_dirty() noexcept { saved_ = 0; }
  [[nodiscard]] std::uint32_t clean_place() const noexcept { return clean_place_; }
  void set_clean_place(std::uint32_t place) noexcept { clean_place_ = place; }

  /// Calls `visit(Entry)` for each entry, in no order. For the writer.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t bucket = 0; bucket < page_buckets; ++bucket) {
      for (std::uint32_t i = 0; i < bucket_slots; ++i) {
        if (tags_[bucket][i] != free_tag) visit(entry({bucket, i}));
      }
    }
  }

  /// The place of some entry. There must be one.
  [[nodiscard]] Slot any_entry() const noexcept {
    for (std::uint32_t bucket = 0;; ++bucket) {
      const std::uint32_t used = ~match(bucket, free_tag).free & ((1U << bucket_slots) - 1);
      if (used != 0) return {bucket, static_cast<std::uint32_t>(std::countr_zero(used))};
    }
  }

  /// The page must not be full.
  void add(Entry entry) noexcept {
    std::uint32_t bucket = home_of(entry.tag);
    std::uint32_t free = match(bucket, entry.tag).free;
    while (free == 0) {
      bucket = bucket_after(bucket, 1);
      free = match(bucket, entry.tag).free;
    }
    put({bucket, static_cast<std::uint32_t>(std::countr_zero(free))}, entry);
    ++count_;
  }

  /// Replaces the entry in `at`; the invariant must hold for `entry` there, as it does for any tag in a full page.
  void put(Slot at, Entry entry) noexcept {
    set_address(at, entry.address);
    store_shared(tags_[at.bucket][at.index], entry.tag);
  }

  void set_address(Slot at, std::uint64_t address) noexcept {
    std::uint16_t* parts = addresses_[at.bucket][at.index];
    store_shared(parts[0], static_cast<std::uint16_t>(address));
    store_shared(parts[1], static_cast<std::uint16_t>(address >> 16));
    store_shared(parts[2], static_cast<std::uint16_t>(address >> 32));
  }

  /// Removes the entry in `at`; others may move into its place.
  void remove(Slot at) noexcept;

  /// Gives it, which is empty, the entries of `other`, each in its place, and its depth.
  void fill(const Page& other) noexcept {
    for (std::uint32_t bucket = 0; bucket < page_buckets; ++bucket) {
      for (std::uint32_t i = 0; i < bucket_slots; ++i) {
        if (other.tags_[bucket][i] != free_tag) put({bucket, i}, other.entry({bucket, i}));
      }
    }
    count_ = other.count_;
    depth_ = other.depth_;
  }

  /// Makes it an empty page without a successor.
  void clear() noexcept;

 private:
  /// Finds an entry that lies after `bucket` because that was full when it came.
  [[nodiscard]] bool find_displaced(std::uint32_t bucket, Slot& found) const noexcept;

  std::uint32_t tags_[page_buckets][bucket_slots];
  std::uint16_t addresses_[page_buckets][bucket_slots][3];  // low part first
  alignas(64) std::uint32_t next_;
  std::uint32_t count_;
  std::uint32_t depth_;
  // These stay when the page is emptied.
  std::uint32_t epoch_;
  std::uint32_t changed_;
  std::uint32_t saved_;  // from 1; 0: none
  std::uint32_t clean_place_;
};
static_assert(sizeof(Page) == 4096);

}  // namespace datawal::kv
