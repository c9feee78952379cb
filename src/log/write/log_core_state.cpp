// LogCore: the state, `.state`. What it says is on the disk before it has its name.

#include <new>
#include <utility>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

void LogCore::keep_state(std::unique_ptr<LogState> state) {
  const Locked guard(mutex_);
  state_ = std::move(state);
  if (!state_) return;
  const bool is_known = !state_->segments().empty() && state_->segments().back().id == active_segment();
  if (!is_known) state_->enter(active_segment(), segments_->last_info());  // recovery made it
}

// With the lock and the turn, and all of the log synced. The directory is to be synced.
Result<void> LogCore::write_state(const safeatomic::FileInfo& active) {
  const std::optional<StateImage> image = state_->image(active, writer_->end());
  if (!image) return {};
  Result<void> written = log::write_state(file_system_of(options_.file_system), *directory(), *image);
  if (written) state_->saved(*image);
  return written;
}

// P is the end of the segment that is being sealed. Rotation syncs the directory anyway, and so this name too. Only cancellation of the
// thread leaves it otherwise than by return.
void LogCore::write_state_before_rotating(const safeatomic::FileInfo& sealed) {
  if (!state_) return;
  try {
    if (state_->is_worth_rotating(sealed)) (void)write_state(sealed);
  } catch (const std::bad_alloc&) {
    return;  // no new state, that is all
  }
}

// Throws std::bad_alloc.
Result<void> LogCore::write_state_at_close() {
  if (!state_) return {};
  const safeatomic::Result<safeatomic::FileInfo> active = writer_->file()->info();
  if (!active || !state_->is_worth_closing(*active) || !write_state(*active)) return {};
  const safeatomic::Result<void> synced = directory()->sync();
  return synced ? Result<void>() : poison(synced.error(), "sync directory");
}

Result<void> LogCore::save_state() {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  Guard guard(mutex_);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  const Turn turn(*this, guard);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  if (!state_) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "save state",
                                 .path = directory()->path(),
                                 .detail = "the log was opened without StateOptions::is_enabled"});
  }
  // Before the time of its change is noted: it is the last one.
  if (Result<void> cut = writer_->cut_to_end(); !cut) return cut;
  if (Result<void> synced = sync_in_turn(guard); !synced) return synced;
  const safeatomic::Result<safeatomic::FileInfo> active = writer_->file()->info();
  if (!active) return io_failure(active, "inspect segment");
  if (Result<void> written = write_state(*active); !written) return written;
  Doubt doubt(*this, guard, "sync directory");
  const safeatomic::Result<void> synced = directory()->sync();
  doubt.resolve();
  return synced ? Result<void>() : poison(synced.error(), "sync directory");
}

}  // namespace datawal::log
