#pragma once
// What is on a disk while no machine runs.

#include <cstdint>
#include <memory>

namespace safeatomic::sim {

inline constexpr std::size_t sector_bytes = 512;

namespace detail {
struct Image;
}

/// Names, sizes and bytes. Immutable; copies share everything.
class DiskImage {
 public:
  /// An empty disk: a root directory.
  DiskImage();
  /// For PowerLoss and SimFileSystem.
  explicit DiskImage(std::shared_ptr<const detail::Image> image) noexcept : image_(std::move(image)) {}

  /// Of all that a program can read: names, inode numbers, permissions, sizes, bytes. Equal disks have equal hashes; that different ones
  /// do has a chance of 2^-64.
  [[nodiscard]] std::uint64_t hash() const noexcept;

  [[nodiscard]] const detail::Image& get() const noexcept { return *image_; }  ///< for SimFileSystem

 private:
  std::shared_ptr<const detail::Image> image_;
};

}  // namespace safeatomic::sim
