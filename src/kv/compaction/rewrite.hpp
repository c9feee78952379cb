#pragma once
// Rewrites what is needed of one sealed segment into a new file, and notes where its records went.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>
#include <safeatomic/temporary.hpp>

#include "kv/compaction/tombstone_filter.hpp"
#include "kv/projection/projection.hpp"
#include "log/write/sealed_segments.hpp"

namespace datawal::kv {

/// Gets the number of bytes read or written since the last call; false gives up.
using GoOn = std::function<bool(std::uint64_t bytes)>;

/// Frames that stayed one behind the other: those from `begin` in the new file on lay `distance` further on in the old one.
struct MovedRun {
  std::uint64_t begin = 0;
  std::uint64_t distance = 0;
};

/// A live Put in the new file.
struct MovedPut {
  std::uint64_t hash = 0;  ///< of its key
  std::uint64_t old_offset = 0;
  std::uint64_t new_offset = 0;
  std::uint32_t len = 0;
};

/// At most so many are noted (32 MiB); the rest is read from the new file.
inline constexpr std::size_t max_moved_puts = 1 << 20;

/// A segment without what is no longer needed.
struct Rewritten {
  std::optional<safeatomic::TemporaryFile> file{};  ///< empty if nothing is left; not synced
  SegmentCounts counts{};                           ///< of what is left, but for live bytes
  RecordChain chain{};
  std::uint64_t records = 0;
  std::uint64_t needed_tombstone_bytes = 0;  ///< kept for the sake of an earlier segment
  std::vector<MovedPut> puts{};              ///< ascending, the first max_moved_puts
  std::uint64_t puts_end = 0;                ///< where in the new file the first one lies that is not noted, or the end
  std::vector<MovedRun> runs{};              ///< ascending
  bool is_cancelled = false;
  bool is_unchanged = false;  ///< everything is needed
};

struct RewriteOptions {
  bool may_be_newest = true;   ///< segments behind this one may all be empty
  bool may_use_thread = true;  ///< a second thread may write
  GoOn go_on;
};

/// Copies what is needed of `segment`, whose open file is `old`: Raw records, Puts that the projection points to, tombstones
/// of keys that an earlier segment may hold, and the newest record of the log.
/// @param earlier  of this segment
/// @return corruption if the segment does not decode to its end; no_space; io: the temporary is gone then
[[nodiscard]] Result<Rewritten> rewrite(const log::SealedSegments& log, const Projection& projection,
                                        const SegmentFile& segment, safeatomic::File& old, const MayContain& earlier,
                                        const RewriteOptions& options);

}  // namespace datawal::kv
