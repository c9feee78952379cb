#pragma once
// The owner of files that are made in a store.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/access.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::log {

/// Root also maintains other users' stores, and files that stayed root's would lock those users out. So what root makes in another
/// user's store gets the owner, group and permissions of the newest segment or, without one, the owner and group of the directory.
/// Other users own what they make.
///
/// Another user's directory may be hostile: only files that this process has just made under an unguessable name are given away, and
/// by descriptor. They get their names afterwards, so a crash leaves no file of root's under a store's name.
class StoreOwner {
 public:
  StoreOwner() = default;  ///< a file belongs to whoever makes it

  /// Does nothing unless this process runs as root. `mode` is for files of a store without a segment.
  [[nodiscard]] static safeatomic::Result<StoreOwner> of(safeatomic::Directory& directory, std::uint32_t mode);
  /// `info` is what the segment was when it was looked up.
  [[nodiscard]] static safeatomic::Result<StoreOwner> of_segment(safeatomic::Directory& directory, std::uint32_t id,
                                                                 const safeatomic::FileInfo& info);
  /// For a store without a segment.
  [[nodiscard]] static safeatomic::Result<StoreOwner> of_directory(const safeatomic::Directory& directory,
                                                                   std::uint32_t mode);
  /// For an open directory.
  [[nodiscard]] static StoreOwner of(const safeatomic::Access& access);

  /// True if files that this process makes must be given away.
  [[nodiscard]] bool is_another() const noexcept { return access_.has_value(); }

  /// Gives away a file that this process has made; durable after sync_all.
  [[nodiscard]] safeatomic::Result<void> give(safeatomic::File& made) const;

  /// Makes a file to write to; `mode` is for one that is not given away. The directory is not synced.
  /// @return already_exists if the name is taken
  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::File>> create(safeatomic::FileSystem& file_system,
                                                                             safeatomic::Directory& directory,
                                                                             std::string_view name,
                                                                             std::uint32_t mode) const;

 private:
  std::optional<safeatomic::Access> access_;  // nullopt: nothing is given away
};

}  // namespace datawal::log
