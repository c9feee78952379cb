#pragma once
// The bytes of one file: as processes see them, as the last sync left them, and everything in between.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <safeatomic/file_system.hpp>

#include "image.hpp"

namespace safeatomic::sim::detail {

struct SectorChange {
  std::uint64_t time;
  std::uint32_t index;
  SectorRef content;
};

/// Where a page ends: what the cache, and a disk that keeps an order, know of a write that is on its way.
inline constexpr std::uint64_t page_bytes = 4096;

struct SizeChange {
  std::uint64_t time;
  std::uint64_t size;
  bool is_within_page = false;  // on the way to a size, at the end of a sector but not of a page
};

/// `time` is different in every change of a machine and grows; each function takes the next one and moves it on.
class FileBody {
 public:
  FileBody() = default;
  explicit FileBody(const std::shared_ptr<const ImageFile>& image);

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t read(std::uint64_t offset, std::span<char> into) const;
  [[nodiscard]] std::optional<DataRange> next_data(std::uint64_t offset) const noexcept;

  void write(std::uint64_t& time, std::uint64_t offset, std::string_view bytes);
  /// What is cut reads as zeros if it comes back.
  void resize(std::uint64_t& time, std::uint64_t size);
  /// Makes it larger: a large reservation is more than one change.
  void reserve(std::uint64_t& time, std::uint64_t size);

  /// Puts on the disk what is dirty. True if that changed what a loss of power could leave.
  bool sync();
  /// Forgets that it is dirty. Cuts stay to be written.
  void fail_sync();
  /// Clean sectors, and with `with_size` a clean size, are what the disk holds, also in a loss of power.
  /// @return whether that changed anything
  bool drop_clean(bool with_size);

  // What PowerLoss looks at.
  [[nodiscard]] const Sectors& content() const noexcept { return content_; }
  [[nodiscard]] const Sectors& disk() const noexcept { return disk_; }
  [[nodiscard]] std::uint64_t disk_size() const noexcept { return disk_size_; }
  [[nodiscard]] const std::vector<SectorChange>& sector_changes() const noexcept { return sector_changes_; }
  [[nodiscard]] const std::vector<SizeChange>& size_changes() const noexcept { return size_changes_; }
  /// The sector has no place on the disk before it lands, and so no content of its own.
  [[nodiscard]] bool is_new(std::uint32_t index) const noexcept {
    const bool is_reserved = index < reserved_.size() && reserved_[index];
    return !is_reserved &&
           index * std::uint64_t{sector_bytes} >= (disk_size_ + page_bytes - 1) / page_bytes * page_bytes;
  }
  /// Nothing is undecided.
  [[nodiscard]] bool is_settled() const noexcept { return sector_changes_.empty() && size_changes_.empty(); }
  /// The file on the disk while it is settled, kept from its last use; null if it must be made.
  [[nodiscard]] const std::shared_ptr<const ImageFile>& settled_image() const noexcept { return settled_image_; }
  void keep_settled_image(std::shared_ptr<const ImageFile> image) const { settled_image_ = std::move(image); }
  void forget_settled_image() noexcept { settled_image_.reset(); }

 private:
  enum class Dirt : std::uint8_t { clean, written, cut };

  void change_sector(std::uint64_t& time, std::size_t index, SectorRef content, Dirt dirt);
  void write_sectors(std::uint64_t& time, std::uint64_t offset, std::string_view bytes);
  void grow(std::uint64_t& time, std::uint64_t from, std::uint64_t size);

  std::uint64_t size_ = 0;
  Sectors content_;
  std::uint64_t disk_size_ = 0;
  Sectors disk_;
  std::vector<SectorChange> sector_changes_;
  std::vector<SizeChange> size_changes_;
  std::vector<Dirt> dirt_;      // of sectors
  std::vector<bool> reserved_;  // sectors that have a place and read as zeros
  bool any_dirt_ = false;
  Dirt size_dirt_ = Dirt::clean;
  mutable std::shared_ptr<const ImageFile> settled_image_;
};

}  // namespace safeatomic::sim::detail
