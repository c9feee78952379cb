#include "file_body.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace safeatomic::sim::detail {

namespace {

void put(Sectors& sectors, std::size_t index, SectorRef content) {
  if (index >= sectors.size()) {
    if (!content) return;
    sectors.resize(index + 1);
  }
  sectors[index] = std::move(content);
}

constexpr std::size_t sectors_of(std::uint64_t bytes) noexcept {
  return static_cast<std::size_t>((bytes + sector_bytes - 1) / sector_bytes);
}

}  // namespace

FileBody::FileBody(const std::shared_ptr<const ImageFile>& image)
    : size_(image->size),
      content_(image->sectors),
      disk_size_(image->size),
      disk_(image->sectors),
      settled_image_(image) {}

std::size_t FileBody::read(std::uint64_t offset, std::span<char> into) const {
  if (offset >= size_) return 0;
  const auto total = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  std::size_t done = 0;
  while (done < total) {
    const std::uint64_t at = offset + done;
    const auto index = static_cast<std::size_t>(at / sector_bytes);
    const auto within = static_cast<std::size_t>(at % sector_bytes);
    if (index >= content_.size()) {
      std::memset(into.data() + done, 0, total - done);
      break;
    }
    const std::size_t count = std::min(total - done, sector_bytes - within);
    if (content_[index]) {
      std::memcpy(into.data() + done, content_[index]->bytes.data() + within, count);
    } else {
      std::memset(into.data() + done, 0, count);
    }
    done += count;
  }
  return total;
}

std::optional<DataRange> FileBody::next_data(std::uint64_t offset) const noexcept {
  if (offset >= size_) return std::nullopt;
  auto index = static_cast<std::size_t>(offset / sector_bytes);
  while (index < content_.size() && !content_[index]) ++index;
  if (index >= content_.size() || index * sector_bytes >= size_) return std::nullopt;
  const std::uint64_t begin = std::max<std::uint64_t>(offset, index * sector_bytes);
  while (index < content_.size() && content_[index]) ++index;
  return DataRange{begin, std::min<std::uint64_t>(size_, index * sector_bytes)};
}

void FileBody::change_sector(std::uint64_t& time, std::size_t index, SectorRef content, Dirt dirt) {
  if (index >= dirt_.size()) dirt_.resize(index + 1, Dirt::clean);
  dirt_[index] = dirt;
  any_dirt_ = true;
  if (is_equal(sector_at(content_, index), content)) return;  // a sector that is given the bytes it has keeps them
  sector_changes_.push_back({time++, static_cast<std::uint32_t>(index), content});
  put(content_, index, std::move(content));
}

void FileBody::write_sectors(std::uint64_t& time, std::uint64_t offset, std::string_view bytes) {
  const std::uint64_t end = offset + bytes.size();
  for (std::uint64_t at = offset; at < end;) {
    const auto index = static_cast<std::size_t>(at / sector_bytes);
    const auto within = static_cast<std::size_t>(at % sector_bytes);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(end - at, sector_bytes - within));
    SectorBytes content{};
    if (const SectorRef old = sector_at(content_, index)) content = old->bytes;
    std::memcpy(content.data() + within, bytes.data() + (at - offset), count);
    change_sector(time, index, make_sector(content), Dirt::written);
    at += count;
  }
}

// To `size`, by data that begins at `from`, in the same page.
void FileBody::grow(std::uint64_t& time, std::uint64_t from, std::uint64_t size) {
  for (std::uint64_t at = (std::max(size_, from) / sector_bytes + 1) * sector_bytes; at < size; at += sector_bytes) {
    size_changes_.push_back({time++, at, at % page_bytes != 0});
  }
  size_ = size;
  size_changes_.push_back({time++, size});
}

// Page by page, and of each the size behind its data: see LossModel::ordered.
void FileBody::write(std::uint64_t& time, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  const std::uint64_t end = offset + bytes.size();
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t end_of_page = std::min(end, (at / page_bytes + 1) * page_bytes);
    write_sectors(time, at,
                  bytes.substr(static_cast<std::size_t>(at - offset), static_cast<std::size_t>(end_of_page - at)));
    if (end_of_page > size_) grow(time, at, end_of_page);
    at = end_of_page;
  }
  if (end == size_ && size_dirt_ == Dirt::clean) size_dirt_ = Dirt::written;
}

void FileBody::reserve(std::uint64_t& time, std::uint64_t size) {
  if (size <= size_) return;
  const std::uint64_t middle = (size_ + (size - size_) / 2) / page_bytes * page_bytes;
  if (middle > size_) size_changes_.push_back({time++, middle});
  reserved_.resize(std::max(reserved_.size(), sectors_of(size)), false);
  for (std::size_t index = sectors_of(size_); index < sectors_of(size); ++index) reserved_[index] = true;
  resize(time, size);
}

void FileBody::resize(std::uint64_t& time, std::uint64_t size) {
  if (size == size_) return;
  if (size < size_) {
    const std::size_t kept = sectors_of(size);
    if (kept < reserved_.size()) reserved_.resize(kept);
    for (std::size_t index = kept; index < content_.size(); ++index) {
      if (content_[index]) change_sector(time, index, nullptr, Dirt::cut);
    }
    if (kept > 0 && sector_at(content_, kept - 1)) {
      SectorRef rest = clipped(content_[kept - 1], static_cast<std::size_t>(size - (kept - 1) * sector_bytes));
      if (rest != content_[kept - 1]) change_sector(time, kept - 1, std::move(rest), Dirt::cut);
    }
  }
  size_ = size;
  size_changes_.push_back({time++, size});
  size_dirt_ = Dirt::cut;
}

bool FileBody::sync() {
  const std::size_t undecided = sector_changes_.size() + size_changes_.size();
  if (any_dirt_) {
    for (std::size_t index = 0; index < dirt_.size(); ++index) {
      if (dirt_[index] != Dirt::clean) put(disk_, index, sector_at(content_, index));
    }
    std::erase_if(sector_changes_, [this](const SectorChange& change) { return dirt_[change.index] != Dirt::clean; });
    dirt_.clear();
    any_dirt_ = false;
  }
  if (size_dirt_ != Dirt::clean) {
    disk_size_ = size_;
    size_changes_.clear();
    size_dirt_ = Dirt::clean;
  }
  const bool has_changed = sector_changes_.size() + size_changes_.size() != undecided;
  if (has_changed) settled_image_.reset();
  return has_changed;
}

void FileBody::fail_sync() {
  for (Dirt& dirt : dirt_) {
    if (dirt == Dirt::written) dirt = Dirt::clean;
  }
  if (size_dirt_ == Dirt::written) size_dirt_ = Dirt::clean;
}

bool FileBody::drop_clean(bool with_size) {
  const auto is_clean = [this](std::size_t index) { return index >= dirt_.size() || dirt_[index] == Dirt::clean; };
  bool has_changed = false;
  for (const SectorChange& change : sector_changes_) {
    if (!is_clean(change.index)) continue;
    has_changed = true;
    put(content_, change.index, sector_at(disk_, change.index));
  }
  std::erase_if(sector_changes_, [&](const SectorChange& change) { return is_clean(change.index); });
  if (with_size && size_dirt_ == Dirt::clean && !size_changes_.empty()) {
    has_changed = true;
    size_ = disk_size_;
    size_changes_.clear();
  }
  return has_changed;
}

}  // namespace safeatomic::sim::detail
