#include "kv/store/data_wal_impl.hpp"
#include "log/maintenance/checkpoint.hpp"

namespace datawal {

Result<void> DataWal::checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return datawal::log::checkpoint(*impl_->core, dir, options);
}

}  // namespace datawal
