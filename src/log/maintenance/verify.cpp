#include <datawal/verify.hpp>

#include <memory>
#include <utility>

#include "log/maintenance/verification.hpp"

namespace datawal {

Result<VerifyReport> verify(const std::filesystem::path& dir, const VerifyOptions& options) {
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::snapshot_of(dir, options.file_system);
  if (!snapshot) return propagate(snapshot);
  return log::verify_snapshot(*snapshot, {}, options.on_progress);
}

}  // namespace datawal
