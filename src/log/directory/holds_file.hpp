#pragma once
// `.holds`: how far compaction and retention may go.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/holds.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::log {

/// What no hold needs any more: segments without a larger txid may be changed. The largest number if there is no hold.
[[nodiscard]] std::uint64_t floor_of(std::span<const Hold> holds) noexcept;

/// The holds, by name; none if there is no file. Changes nothing. What cannot be read is an error: nobody knows then what may go.
/// @return corruption, unsupported_version, io
[[nodiscard]] Result<std::vector<Hold>> read_holds(safeatomic::Directory& directory);

/// How holds are changed: by any process, a writer or not, one at a time.
struct HoldsChange {
  /// Changes them; they stay sorted by name. Called again where another process was quicker.
  /// @return false if there is nothing to do; the directory is synced all the same
  std::function<Result<bool>(std::vector<Hold>& holds)> apply;
  std::function<Result<void>()> sync_names;  ///< syncs the directory
};

/// Replaces the file. At every instant it is the old one or the new one; the new one is durable on return. Without holds there is none.
/// @param mode  of a file where there was none
/// @return what `apply` said; errors as hold_from
[[nodiscard]] Result<bool> change_holds(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                                        std::uint32_t mode, const HoldsChange& change);

}  // namespace datawal::log
