#pragma once
// The meaning of addresses. An address has 48 bits: the number of an extent, and an offset in it. An extent stands for one MiB of
// one segment file as long as that file's SegmentFile lives; then its number is used again. So a file takes any free extents as it
// grows, and the limit is 256 TiB of files at one time, whatever the history.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.hpp"

namespace datawal::kv {

struct SegmentFile;

/// Which file each extent belongs to, and which part of it that is. What is there never moves; an extent takes 16 bytes.
///
/// Threads: `find` from any thread at any time, without a lock, for an address whose file is kept meanwhile; the rest from any
/// thread, by a lock of its own.
class ExtentTable {
 public:
  static constexpr int offset_bits = 20;
  static constexpr std::uint64_t extent_len = 1ULL << offset_bits;  // bytes
  static constexpr std::uint64_t offset_mask = extent_len - 1;
  static constexpr int number_bits = 28;
  /// The first one given out: address 0 is nowhere, and the first block a few cache lines.
  static constexpr std::uint32_t first_number = 64;

  /// An address that no record ever has.
  static constexpr std::uint64_t nowhere = 0;

  /// A file and an offset in it.
  struct Place {
    SegmentFile* segment = nullptr;  ///< null: the address leads nowhere
    std::uint64_t offset = 0;
  };

  ExtentTable() = default;
  ~ExtentTable();
  ExtentTable(const ExtentTable&) = delete;
  ExtentTable& operator=(const ExtentTable&) = delete;

  [[nodiscard]] Place find(std::uint64_t address) const noexcept {
    const std::uint64_t number = address >> offset_bits;
    const auto block = static_cast<std::size_t>(std::bit_width(number));
    if (block > number_bits) [[unlikely]]
      return {};
    const Extent* const extents = blocks_[block].load(std::memory_order_acquire);
    if (extents == nullptr) [[unlikely]]
      return {};
    const Extent& extent = extents[number - std::bit_floor(number)];
    return {.segment = extent.segment.load(std::memory_order_acquire),
            .offset = (std::uint64_t{extent.part.load(std::memory_order_relaxed)} << offset_bits) +
                      (address & offset_mask)};
  }

 private:
  friend class Extents;

  struct Extent {
    std::atomic<SegmentFile*> segment{nullptr};
    std::atomic<std::uint32_t> part{0};  // of a free one: the next that is free
  };

  static constexpr std::uint32_t first = first_number;
  static constexpr std::uint32_t limit = 1U << number_bits;

  /// @return 0 if all are taken. Throws std::bad_alloc.
  [[nodiscard]] std::uint32_t take(SegmentFile& segment, std::uint32_t part);
  void give_back(std::uint32_t number) noexcept;
  [[nodiscard]] Extent& at(std::uint32_t number) noexcept {
    return blocks_[static_cast<std::size_t>(std::bit_width(number))][number - std::bit_floor(number)];
  }

  // By bit width: the extents from a power of two to the next.
  std::array<std::atomic<Extent*>, number_bits + 1> blocks_{};
  Mutex mutex_;                                             // guards what follows
  std::uint32_t fresh_ DATAWAL_GUARDED_BY(mutex_) = first;  // never given out from here on
  std::uint32_t free_head_ DATAWAL_GUARDED_BY(mutex_) = 0;  // linked by `part`
};

/// The extents of one file, given back with it. Threads: `address` from any thread while nobody changes them; the rest exclude
/// each other, by the lock of the space's owner.
class Extents {
 public:
  Extents(ExtentTable& table, SegmentFile& segment) noexcept : table_(table), segment_(segment) {}
  ~Extents() { trim(0); }
  Extents(const Extents&) = delete;
  Extents& operator=(const Extents&) = delete;

  /// Gives all offsets below `end` an address. Throws std::bad_alloc.
  /// @return false when all extents are taken
  [[nodiscard]] bool cover(std::uint64_t end) { return end <= this->end() || grow(end); }
  /// Gives back what lies behind `end`: no address there was ever handed out.
  void trim(std::uint64_t end) noexcept;
  /// Offsets below this have an address.
  [[nodiscard]] std::uint64_t end() const noexcept {
    return std::uint64_t{numbers_.size()} << ExtentTable::offset_bits;
  }

  /// The address of `offset`; `nowhere` if it has none.
  [[nodiscard]] std::uint64_t address(std::uint64_t offset) const noexcept {
    const std::uint64_t part = offset >> ExtentTable::offset_bits;
    if (part >= numbers_.size()) [[unlikely]]
      return ExtentTable::nowhere;
    return std::uint64_t{numbers_[part]} << ExtentTable::offset_bits | (offset & ExtentTable::offset_mask);
  }

  /// Of the file's first MiB, of its second, and so on.
  [[nodiscard]] const std::vector<std::uint32_t>& numbers() const noexcept { return numbers_; }

 private:
  [[nodiscard, gnu::cold]] bool grow(std::uint64_t end);

  ExtentTable& table_;
  SegmentFile& segment_;
  std::vector<std::uint32_t> numbers_;
};

}  // namespace datawal::kv
