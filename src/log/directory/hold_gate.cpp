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

namespace {

Result<bool> is_same_file(const File& a, const File& b) {
  const safeatomic::Result<safeatomic::FileInfo> first = a.info();
  if (!first) return io_failure(first, "lock segment");
  const safeatomic::Result<safeatomic::FileInfo> second = b.info();
  if (!second) return io_failure(second, "lock segment");
  return first->inode == second->inode && first->device == second->device;
}

}  // namespace

Result<HoldGate> HoldGate::pass(Directory& directory, std::uint32_t id, const File& segment, std::uint64_t last_txid) {
  if (last_txid == 0) return HoldGate(Departure::gone);
  safeatomic::Result<std::shared_ptr<File>> file = open_to_lock(directory, segment::filename(id));
  if (!file) return io_failure(file, "lock segment");
  const Result<bool> is_it = is_same_file(segment, **file);
  if (!is_it) return propagate(is_it);
  if (!*is_it) return HoldGate(Departure::busy);
  Result<std::optional<BriefLock>> lock = BriefLock::attempt(std::move(*file), "lock segment");
  if (!lock) return propagate(lock);
  if (!*lock) return HoldGate(Departure::busy);
  const Result<std::vector<Hold>> holds = read_holds(directory);
  if (!holds) return propagate(holds);
  if (last_txid > floor_of(*holds)) return HoldGate(Departure::held);
  return HoldGate(Departure::gone, std::move(*lock));
}

Result<void> wait_for_gates(Directory& directory) {
  const Result<StoreListing> listing = list_store(directory);
  if (!listing) return propagate(listing);
  for (const segment::Entry& entry : listing->segments) {
    const safeatomic::Result<std::shared_ptr<File>> file = open_to_lock(directory, segment::filename(entry.id));
    if (!file && file.error().code == safeatomic::Errc::not_found) continue;  // it went before the hold counted
    if (!file) return io_failure(file, "lock segment");
    const Result<BriefLock> lock = BriefLock::wait_for(*file, "lock segment");
    if (!lock) return propagate(lock);
  }
  return {};
}

}  // namespace datawal::log
