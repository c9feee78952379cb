// Copying, retention and numbers of a RecordLog: apart, so that a program without them does not hold them.

#include <datawal/record_log.hpp>

#include "log/handle/record_log_impl.hpp"
#include "log/maintenance/checkpoint.hpp"
#include "log/maintenance/retention.hpp"

namespace datawal {

Result<LogStats> RecordLog::stats() const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return stats_of(*impl_->core);
}

Result<void> RecordLog::drop_segments_before(std::uint32_t id, const DropOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return datawal::log::drop_segments_before(*impl_->core, id, options);
}

Result<void> RecordLog::checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return datawal::log::checkpoint(*impl_->core, dir, options);
}

}  // namespace datawal
