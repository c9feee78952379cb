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

/// Segments without a txid above this are needed by no hold. The largest number if there is no hold.
[[nodiscard]] std::uint64_t floor_of(std::span<const Hold> holds) noexcept;

/// The holds, by name; none if there is no file. Changes nothing. A file that cannot be read is an error: what may go is then unknown.
/// @return corruption, unsupported_version, io
[[nodiscard]] Result<std::vector<Hold>> read_holds(safeatomic::Directory& directory);

/// Changes holds: any process may, whether it is the writer or not, one at a time.
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
