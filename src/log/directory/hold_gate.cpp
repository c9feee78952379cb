#include "log/directory/hold_gate.hpp"

#include <vector>

#include <datawal/holds.hpp>
#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/holds_file.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::log {

using safeatomic::Directory;
using safeatomic::File;

Result<std::optional<HoldGate>> HoldGate::pass(Directory& directory, std::shared_ptr<File> segment,
                                               std::uint64_t last_txid) {
  Result<std::optional<BriefLock>> lock = BriefLock::attempt(std::move(segment), "lock segment");
  if (!lock) return propagate(lock);
  if (!*lock) return std::nullopt;
  const Result<std::vector<Hold>> holds = read_holds(directory);
  if (!holds) return propagate(holds);
  if (last_txid > floor_of(*holds)) return std::nullopt;
  return HoldGate(std::move(**lock));
}

Result<void> wait_for_gates(Directory& directory) {
  const Result<StoreListing> listing = list_store(directory);
  if (!listing) return propagate(listing);
  for (const segment::Entry& entry : listing->segments) {
    safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(segment::filename(entry.id), {});
    if (!file && file.error().code == safeatomic::Errc::not_found) continue;  // it went before the hold counted
    if (!file) return io_failure(file, "lock segment");
    const Result<BriefLock> lock = BriefLock::wait_for(std::move(*file), "lock segment");
    if (!lock) return propagate(lock);
  }
  return {};
}

}  // namespace datawal::log
