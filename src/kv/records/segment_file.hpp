#pragma once
// One segment file as the index uses it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <safeatomic/file_system.hpp>

#include "kv/records/extent_table.hpp"
#include "log/read/segment_registry.hpp"
#include "log/saved/segment_counts.hpp"

namespace datawal::kv {

using log::count;
using log::RecordChain;
using log::SegmentCounts;

/// A mapping for reading, one of those that the stores and readers of this process may have: a quarter of what Linux lets a
/// process have unless told otherwise (vm.max_map_count: 65,530), for the program and its allocator need some too.
class CountedMapping {
 public:
  static constexpr std::uint32_t limit = 16'384;

  CountedMapping() = default;
  ~CountedMapping() { reset(); }
  CountedMapping(const CountedMapping&) = delete;
  CountedMapping& operator=(const CountedMapping&) = delete;

  /// Maps the first `length` bytes. Where it may not or cannot be, also for lack of memory, there is no mapping.
  void map(safeatomic::File& file, std::uint64_t length) noexcept;
  void reset() noexcept;
  /// Null if there is none.
  [[nodiscard]] const char* data() const noexcept { return mapping_ ? mapping_->bytes().data() : nullptr; }

 private:
  static inline std::atomic<std::uint32_t> mapped_files{0};
  std::unique_ptr<safeatomic::Mapping> mapping_;
};

/// A segment file for reading, and the addresses of its bytes. It lives, and its addresses keep their meaning, as long as it is owned: by
/// the registry while it is one of its files, by the thread that takes it out of there until the last reader without a lock has left,
/// and by every PinnedAddressSpace made before that.
struct SegmentFile : log::SegmentFile {
  explicit SegmentFile(ExtentTable& table) noexcept : extents(table, *this) {}

  std::atomic<std::uint64_t> end{0};  // whole records lie below; nothing is read beyond
  const char* mapped = nullptr;
  std::uint64_t mapped_len = 0;
  CountedMapping mapping{};
  Extents extents;
  RecordChain chain{};                       // by the lock of the space's owner
  SegmentCounts counts{};                    // by the lock of the space's owner, and changed by the space alone
  bool is_complete = true;                   // false while its records are being moved; by the same lock
  bool is_counted = true;                    // false: what it holds was not counted by reading it; set once, at open
  std::uint64_t needed_tombstone_bytes = 0;  // see AddressSpace::needed_tombstone_bytes
  std::uint64_t needed_as_of = 0;
  std::uint64_t added_at = 0;  // all three by the mutex of RemovedFiles
  std::uint64_t removed_at = 0;
  std::shared_ptr<SegmentFile> removed_after{};
};

/// All files of a store with keys are of this kind: its AddressSpace makes them.
[[nodiscard]] inline SegmentFile& with_addresses(log::SegmentFile& file) noexcept {
  return static_cast<SegmentFile&>(file);
}
[[nodiscard]] inline std::shared_ptr<SegmentFile> with_addresses(std::shared_ptr<log::SegmentFile> file) noexcept {
  return std::static_pointer_cast<SegmentFile>(std::move(file));
}

}  // namespace datawal::kv
