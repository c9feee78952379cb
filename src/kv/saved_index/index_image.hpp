#pragma once
// What a persisted index says of the log at one instant.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "kv/projection/projection.hpp"
#include "kv/saved_index/index_format.hpp"

namespace datawal::kv {

/// All but the pages of the directory.
struct IndexImage {
  log::SavedHeader header{};
  std::vector<log::SavedSegment> segments{};  ///< those up to P
  /// By number: which number an extent has in the index, in the order of the log; 0: none.
  std::vector<std::uint32_t> extents{};

  /// The address in the index; ExtentTable::nowhere if it is none.
  [[nodiscard]] std::uint64_t address(std::uint64_t in_memory) const noexcept {
    const std::uint64_t number = in_memory >> ExtentTable::offset_bits;
    if (number >= extents.size() || extents[number] == 0) return ExtentTable::nowhere;
    return std::uint64_t{extents[number]} << ExtentTable::offset_bits | (in_memory & ExtentTable::offset_mask);
  }

  /// From the addresses in the index back to those in memory, which mean the same as long as an entry has them.
  [[nodiscard]] SavedAddress in_memory() const;
};

/// What is known of the files of segments, by id.
using SegmentInfos = std::map<std::uint32_t, safeatomic::FileInfo>;

/// Notes P, and what there is up to it. By the lock of the projection's owner, while nobody rewrites segments.
/// @param infos  of the sealed segments, as they are now; those that it lacks are asked
/// @return nullopt if the log holds no record; corruption if the files are not those that the projection knows; io
[[nodiscard]] Result<std::optional<IndexImage>> take_index_image(const Projection& projection,
                                                                 const SegmentInfos& infos);

}  // namespace datawal::kv
