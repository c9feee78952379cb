#pragma once
// `.watermark`: how far a sync has succeeded. A lower bound that a store can live without.

#include <cstdint>
#include <memory>
#include <optional>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "format/watermark.hpp"

namespace datawal::log {

class StoreOwner;

/// The watermark; nullopt unless it is a regular file with one link that holds a whole watermark. Changes nothing.
/// @return io if there is no descriptor left to read it: that must not pass for a store without one
[[nodiscard]] Result<std::optional<format::Watermark>> read_watermark(safeatomic::Directory& directory);

/// The writer's side. For its user nothing here fails: a watermark that could not be written lags, as a watermark may.
class WatermarkFile {
 public:
  WatermarkFile() = default;

  /// Opens or makes it. Anything there that is no file of ours (a link, a second name of another file, another size) is
  /// unlinked, never written to.
  static WatermarkFile open(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                            const StoreOwner& owner, std::uint32_t mode);

  /// One `pwrite`, after a sync has succeeded and never before.
  void write(const format::Watermark& watermark) noexcept;

 private:
  std::unique_ptr<safeatomic::File> file_;  // null: there is no room for one
};

/// Replaces the watermark by `watermark` so that it survives a loss of power: for what nothing else remembers. At every
/// instant one of the two is there.
[[nodiscard]] Result<void> replace_watermark(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                                             const StoreOwner& owner, const format::Watermark& watermark,
                                             std::uint32_t mode);

}  // namespace datawal::log
