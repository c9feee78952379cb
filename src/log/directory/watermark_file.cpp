#include "log/directory/watermark_file.hpp"

#include <array>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include <safeatomic/io.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"
#include "log/directory/kept_files.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;

bool is_ours(const FileInfo& info) noexcept {
  return info.kind == safeatomic::FileKind::regular && info.link_count == 1 && info.size == format::watermark_len;
}

}  // namespace

Result<std::optional<format::Watermark>> read_watermark(Directory& directory) {
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(watermark_name, {});
  if (!file && is_out_of_descriptors(file.error().os_errno)) return io_failure(file, "read watermark");
  if (!file) return std::nullopt;
  const safeatomic::Result<FileInfo> info = (*file)->info();
  if (!info || !is_ours(*info)) return std::nullopt;
  std::array<char, format::watermark_len> bytes{};
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(**file, 0, bytes);
  if (!got) return std::nullopt;
  return format::decode_watermark(std::string_view(bytes.data(), *got));
}

WatermarkFile WatermarkFile::open(safeatomic::FileSystem& file_system, Directory& directory, const StoreOwner& owner,
                                  std::uint32_t mode) {
  WatermarkFile watermark;
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(watermark_name, {.write = true});
  if (file) {
    const safeatomic::Result<FileInfo> info = (*file)->info();
    if (info && is_ours(*info)) {
      watermark.file_ = std::move(*file);
      return watermark;
    }
  }
  (void)directory.unlink(watermark_name);
  file = owner.create(file_system, directory, watermark_name, mode);
  if (file) watermark.file_ = std::move(*file);
  return watermark;
}

void WatermarkFile::write(const format::Watermark& watermark) noexcept {
  if (!file_) return;
  const std::array<char, format::watermark_len> bytes = format::encode_watermark(watermark);
  const std::string_view part(bytes.data(), bytes.size());
  try {
    (void)file_->write_at(0, std::span(&part, 1));
  } catch (const std::bad_alloc&) {
    return;  // no memory for an error that nobody asks for
  }
}

Result<void> replace_watermark(safeatomic::FileSystem& file_system, Directory& directory, const StoreOwner& owner,
                               const format::Watermark& watermark, std::uint32_t mode) {
  safeatomic::Result<safeatomic::TemporaryFile> file = safeatomic::TemporaryFile::create(file_system, directory, mode);
  if (!file) return io_failure(file, "write watermark");
  const std::array<char, format::watermark_len> bytes = format::encode_watermark(watermark);
  if (safeatomic::Result<void> written = safeatomic::write_all(file->file(), 0,
                                                               std::string_view(bytes.data(), bytes.size()));
      !written) {
    return io_failure(written, "write watermark");
  }
  if (safeatomic::Result<void> given = owner.give(file->file()); !given) return io_failure(given, "give watermark");
  if (safeatomic::Result<void> synced = file->file().sync_all(); !synced) return io_failure(synced, "sync watermark");
  if (safeatomic::Result<void> named = file->publish_over(watermark_name); !named) {
    return io_failure(named, "write watermark");
  }
  if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
  return {};
}

}  // namespace datawal::log
