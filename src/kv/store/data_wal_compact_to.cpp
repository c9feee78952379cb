#include <memory>
#include <utility>

#include "kv/compaction/compact_to.hpp"
#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Result<CompactionStats> DataWal::compact_to(const std::filesystem::path& dir, const CompactToOptions& options) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  std::shared_ptr<const log::Snapshot> snapshot;
  Result<kv::LiveView> live = impl_->walk(&snapshot);
  if (!live) return propagate(live);
  {
    const std::lock_guard guard(impl_->mutex);
    if (Result<void> said = kv::refuse_raw(*impl_->projection, options); !said) return propagate(said);
  }
  return kv::compact_view(std::move(*live), options, std::move(snapshot), log::LastSegment::published,
                          impl_->file_system(), dir);
}

}  // namespace datawal
