#include "log/recovery/tail_recovery.hpp"

#include <filesystem>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"
#include "log/directory/quarantine.hpp"
#include "segment/copy.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileSystem;

// Copies the torn bytes aside. On a full disk the zeros behind them are given back first: they hold nothing.
Result<std::filesystem::path> keep_torn_tail(FileSystem& file_system, Directory& directory, std::uint32_t id,
                                             File& file, const ScanEnd& end, bool shared) {
  Result<std::filesystem::path> kept = quarantine_bytes(file_system, directory, file, id, end.valid_end, end.data_end);
  if (kept || kept.error().code != Errc::no_space || shared || end.file_end == end.data_end) return kept;
  if (safeatomic::Result<void> cut = file.truncate(end.data_end); !cut)
    return io_failure(cut, "cut preallocated zeros");
  return quarantine_bytes(file_system, directory, file, id, end.valid_end, end.data_end);
}

}  // namespace

Result<std::unique_ptr<File>> replace_by_prefix(FileSystem& file_system, Directory& directory, std::uint32_t id,
                                                File& file, std::uint64_t len) {
  const safeatomic::Result<safeatomic::Access> access = safeatomic::access_of(file);
  if (!access) return io_failure(access, "inspect segment");
  safeatomic::Result<safeatomic::TemporaryFile> copy = safeatomic::TemporaryFile::create(file_system, directory, 0600);
  if (!copy) return io_failure(copy, "copy segment");
  if (safeatomic::Result<void> copied = segment::copy_range(file, 0, len, copy->file()); !copied) {
    return io_failure(copied, "copy segment");
  }
  if (safeatomic::Result<void> owned = copy->take_ownership_of(*access); !owned) {
    return io_failure(owned, "copy a segment's owner and mode");
  }
  if (safeatomic::Result<void> synced = copy->file().sync_all(); !synced) {
    return io_failure(synced, "sync segment");
  }
  if (safeatomic::Result<void> named = copy->publish_over(segment::filename(id)); !named) {
    return io_failure(named, "replace segment");
  }
  if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
  return copy->release();
}

Result<std::unique_ptr<File>> recover_tail(FileSystem& file_system, Directory& directory, const OpenOptions& options,
                                           std::uint32_t id, const ScanEnd& end, const WatermarkCheck& watermark,
                                           RecoveryReport& report) {
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(segment::filename(id), {.write = true});
  if (!file) return io_failure(file, "open segment");
  const safeatomic::Result<safeatomic::FileInfo> info = (*file)->info();
  if (!info) return io_failure(info, "inspect segment");
  const bool shared = info->link_count != 1;

  if (end.verdict == Verdict::cut_tail && options.quarantine_torn_tail && end.data_end > end.valid_end) {
    Result<std::filesystem::path> kept = keep_torn_tail(file_system, directory, id, **file, end, shared);
    if (!kept) return propagate(kept);
    report.quarantine_path = std::move(*kept);
  }
  if (shared) return replace_by_prefix(file_system, directory, id, **file, end.valid_end);

  if (end.file_end > end.valid_end) {
    if (safeatomic::Result<void> done = (*file)->truncate(end.valid_end); !done) return io_failure(done, "cut segment");
  }
  if (end.valid_end > watermark.proven_end()) {
    // What this process sees may live in the page cache alone, and be marked clean after a failed sync.
    if (safeatomic::Result<void> done = segment::rewrite_range(**file, watermark.proven_end(), end.valid_end); !done) {
      return io_failure(done, "rewrite segment");
    }
  }
  // Even if nothing was done: an earlier recovery may have cut here and died before its sync, and a watermark proves what lies below
  // it, not that nothing lies above.
  if (safeatomic::Result<void> synced = (*file)->sync_data(); !synced) return io_failure(synced, "sync segment");
  return std::move(*file);
}

}  // namespace datawal::log
