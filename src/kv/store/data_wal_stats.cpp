#include <mutex>

#include "kv/projection/stats.hpp"
#include "kv/store/data_wal_impl.hpp"

namespace datawal {

StoreStats DataWal::stats() const {
  if (!impl_ || impl_->core->is_closed()) return {};
  StoreStats stats;
  {
    const std::lock_guard guard(impl_->mutex);
    stats = kv::stats_of(*impl_->projection);
  }
  stats.last_txid = impl_->core->last_txid();
  stats.durable_txid = impl_->core->durable_txid();
  if (impl_->auto_compaction) stats.auto_compact = impl_->auto_compaction->stats();
  kv::count_quarantine(*impl_->core->directory(), stats);
  return stats;
}

}  // namespace datawal
