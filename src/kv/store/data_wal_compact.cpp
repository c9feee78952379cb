#include "kv/compaction/compact.hpp"
#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Result<void> DataWal::Impl::rotate() {
  const std::lock_guard guard(mutex);
  if (Result<void> room = make_room(0, 1); !room) return room;
  return following([this] { return core->rotate(); });
}

Result<CompactionStats> DataWal::compact(const CompactOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  // On a full disk there is no room for another segment; the sealed ones can be compacted all the same.
  Result<void> rotated = impl_->rotate();
  if (!rotated && rotated.error().code != Errc::no_space) return propagate(rotated);
  const std::lock_guard alone(impl_->compacting);
  return kv::compact({*impl_->core, *impl_->projection, impl_->mutex}, options);
}

}  // namespace datawal
