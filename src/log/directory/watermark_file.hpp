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
/// @return io if no descriptor is left to read it: that must not be taken for a store without a watermark
[[nodiscard]] Result<std::optional<format::Watermark>> read_watermark(safeatomic::Directory& directory);

/// The writer's side. Failures are not reported: a watermark that could not be written merely lags, as it may.
class WatermarkFile {
 public:
  WatermarkFile() = default;

  /// Opens or creates it. Anything else by that name (a link, a second name of another file, a file of another size) is unlinked, never
  /// written to.
  static WatermarkFile open(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                            const StoreOwner& owner, std::uint32_t mode);

  /// One `pwrite`, after a sync has succeeded and never before.
  void write(const format::Watermark& watermark) noexcept;

 private:
  std::unique_ptr<safeatomic::File> file_;  // null: there is no room for one
};

/// Durably replaces the watermark by `watermark`, which may say what no other file does. At every instant one of the two is there.
[[nodiscard]] Result<void> replace_watermark(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                                             const StoreOwner& owner, const format::Watermark& watermark,
                                             std::uint32_t mode);

}  // namespace datawal::log
