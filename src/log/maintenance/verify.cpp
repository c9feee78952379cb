#include <datawal/verify.hpp>

#include <memory>
#include <utility>

#include "log/directory/store_directory.hpp"
#include "log/maintenance/verification.hpp"

namespace datawal {

Result<VerifyReport> verify(const std::filesystem::path& dir, const VerifyOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(std::move(*directory), nullptr);
  if (!snapshot) return propagate(snapshot);
  return log::verify_snapshot(*snapshot, {}, options.on_progress);
}

}  // namespace datawal
