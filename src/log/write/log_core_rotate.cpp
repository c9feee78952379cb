// LogCore: from one segment to the next.

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"
#include "log/write/log_core.hpp"
#include "log/write/write_path.hpp"

namespace datawal::log {

using safeatomic::File;

Result<void> LogCore::rotate() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  Guard guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  const Turn turn(*this, guard);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  return rotate_in_turn(guard);
}

void LogCore::limit_segments(std::uint64_t bytes) {
  if (!process_.is_ours() || options_.max_segment_bytes == 0) return;
  const Guard guard(mutex_);
  segment_limit_ = std::min(bytes, options_.max_segment_bytes);
}

Result<void> LogCore::rotate_in_turn(Guard& guard) {
  if (writer_->end() == 0) return {};
  return begin_in_turn(guard, active_segment() + 1);
}

// With the lock and the turn. The order of docs/DURABILITY.md, "Rotation".
Result<void> LogCore::begin_in_turn(Guard& guard, std::uint32_t next_id) {
  const std::uint32_t id = active_segment();
  if (next_id > segment::max_id) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "rotate log",
                                 .path = directory()->path(),
                                 .segment = id,
                                 .detail = "the segment ids are used up"});
  }
  if (Result<void> cut = writer_->cut_to_end(); !cut) return cut;
  if (Result<void> synced = sync_in_turn(guard); !synced) return synced;
  const safeatomic::Result<safeatomic::FileInfo> sealed = writer_->file()->info();
  if (!sealed) return io_failure(sealed, "inspect segment");
  const safeatomic::Result<StoreOwner> owner = StoreOwner::of_segment(*directory(), id, *sealed);
  if (!owner) return io_failure(owner, "inspect segment");
  (void)segments_->reserve();
  write_state_before_rotating(*sealed);
  // From here on a file of the next name may exist; only a completed rotation may leave one.
  Doubt doubt(*this, guard, "start the next segment");
  Result<std::unique_ptr<File>> file = create_next(next_id, *owner);
  if (!file) {
    doubt.resolve();
    return propagate(file);
  }
  const safeatomic::Result<safeatomic::FileInfo> created = (*file)->info();
  if (!created) return poison(created.error(), "inspect segment");
  if (safeatomic::Result<void> synced = directory()->sync(); !synced) return poison(synced.error(), "sync directory");
  std::shared_ptr<segment::Writer> next;
  try {
    next = make_writer(is_mapped_, std::move(*file), 0, segment_limit_);
  } catch (const std::bad_alloc&) {
    return poison({.code = Errc::poisoned, .action = "start the next segment", .os_errno = ENOMEM});
  }
  doubt.resolve();
  appended_before_ = appended_bytes();
  counted_from_ = 0;
  writer_ = std::move(next);
  if (state_) {
    state_->seal(*sealed);
    state_->enter(next_id, *created);
  }
  segments_->rotate(*sealed, next_id, *created, writer_->file());
  writeback_end_ = 0;
  watermark_.write({.segment = next_id, .inode = created->inode, .offset = 0, .txid = last_txid()});
  return {};
}

// Makes the segment `id`; the one before it is durable.
Result<std::unique_ptr<File>> LogCore::create_next(std::uint32_t id, const StoreOwner& owner) {
  const std::string name = segment::filename(id);
  // A file of that name, whoever made it, is the active segment at the next open, and this one is sealed then, where a torn
  // tail is damage: nothing may be appended to it any more.
  try {
    safeatomic::Result<std::unique_ptr<File>> file = owner.create(file_system_of(options_.file_system), *directory(),
                                                                  name, options_.file_mode);
    if (file) return std::move(*file);
    const safeatomic::Result<safeatomic::FileInfo> there = directory()->info_of(name);
    const bool is_absent = !there && there.error().code == safeatomic::Errc::not_found;
    if (!is_absent) return poison(file.error(), "create segment");
    return io_failure(file, "create segment");
  } catch (const std::bad_alloc&) {
    return poison({.code = Errc::poisoned, .action = "create segment", .os_errno = ENOMEM});  // it may be there
  }
}

}  // namespace datawal::log
