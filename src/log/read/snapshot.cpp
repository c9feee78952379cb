#include "log/read/snapshot.hpp"

#include <algorithm>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/kept_files.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/watermark_file.hpp"
#include "log/read/seen_tail.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;

bool same_file(const FileInfo& a, const FileInfo& b) noexcept { return a.device == b.device && a.inode == b.inode; }

// For a file that was not kept open, whose inode number may therefore have gone to another one since. What the library puts in a
// sealed segment's place (a compaction, a repair) is shorter than before, so the size shows it. Times show nothing: anybody may
// change them.
bool unchanged(const FileInfo& a, const FileInfo& b) noexcept { return same_file(a, b) && a.size == b.size; }

// The id that a writer gives to the segment after these.
std::uint32_t next_after(const std::vector<PinnedSegment>& segments) noexcept {
  return segments.empty() ? 1 : segments.back().id + 1;
}

const PinnedSegment* find_in(const std::vector<PinnedSegment>& segments, std::uint32_t id) noexcept {
  const auto found = std::ranges::lower_bound(segments, id, {}, &PinnedSegment::id);
  return found != segments.end() && found->id == id ? &*found : nullptr;
}

// True if `listing` still begins with what is pinned. The last one may have grown meanwhile, and others been added after it: they
// belong to a later instant, and a writer that keeps rotating must not keep a reader waiting.
bool matches(const std::vector<PinnedSegment>& pinned, const StoreListing& listing) noexcept {
  if (pinned.size() > listing.segments.size()) return false;
  for (std::size_t i = 0; i < pinned.size(); ++i) {
    const PinnedSegment& pin = pinned[i];
    const segment::Entry& entry = listing.segments[i];
    if (pin.id != entry.id) return false;
    const bool same = pin.file || i + 1 == pinned.size() ? same_file(pin.info, entry.info)
                                                         : unchanged(pin.info, entry.info);
    if (!same) return false;
  }
  return pinned.size() == listing.segments.size() || listing.segments[pinned.size()].id == next_after(pinned);
}

Result<FileInfo> info_of(const File& file) {
  const safeatomic::Result<FileInfo> info = file.info();
  if (!info) return io_failure(info, "inspect segment");
  return *info;
}

// Closes some of what is pinned, the oldest first; unpinned files are opened when needed. False if nothing is left to close.
bool let_go(std::vector<PinnedSegment>& pinned) noexcept {
  const auto is_open = [](const PinnedSegment& pin) { return pin.file != nullptr; };
  auto open = static_cast<std::size_t>(std::ranges::count_if(pinned, is_open));
  if (open == 0) return false;
  open -= open / 2;
  for (PinnedSegment& pin : pinned) {
    if (!pin.file) continue;
    pin.file.reset();
    if (--open == 0) break;
  }
  return true;
}

// Repeats `attempt` with fewer pins as long as there is no descriptor for it.
template <class Attempt>
auto with_descriptors(std::vector<PinnedSegment>& pinned, Attempt&& attempt) {
  auto result = attempt();
  while (!result && is_out_of_descriptors(result.error().os_errno) && let_go(pinned)) result = attempt();
  return result;
}

// How many segments a snapshot may keep open: half of what the process has left for that, so that the next reader gets some too.
// `known` is what the snapshot before it holds.
std::size_t share_of_descriptors(const std::vector<PinnedSegment>& known) noexcept {
  const auto own = static_cast<std::size_t>(
      std::ranges::count_if(known, [](const PinnedSegment& pin) { return pin.file != nullptr; }));
  const std::size_t most = max_kept_files() + own;
  const std::size_t kept = kept_file_count();
  return std::min(kept < most ? (most - kept) / 2 : 0, max_pinned_descriptors);
}

struct OpenedEntry {
  std::shared_ptr<File> file{};
  bool is_gone = false;  // its name
};

// The open file of `entry`; none if there are no descriptors.
Result<OpenedEntry> pin_entry(Directory& directory, const segment::Entry& entry, std::vector<PinnedSegment>& pinned) {
  safeatomic::Result<std::unique_ptr<File>> file = with_descriptors(
      pinned, [&] { return directory.open_file(segment::filename(entry.id), {}); });
  if (!file && file.error().code == safeatomic::Errc::not_found) return OpenedEntry{.is_gone = true};
  if (!file && is_out_of_descriptors(file.error().os_errno)) return OpenedEntry{};
  if (!file) return io_failure(file, "open segment");
  return OpenedEntry{.file = std::move(*file)};
}

// The pin of `entry` in `known`, null unless it is the same file and unwritten since: the last one may have been written, and on
// overlayfs the first change of a file moves it, so a file opened before may keep showing the old state.
std::shared_ptr<File> taken_over(const std::vector<PinnedSegment>& known, const segment::Entry& entry) {
  const PinnedSegment* old = find_in(known, entry.id);
  if (old == nullptr || old == &known.back() || !old->file || !same_file(old->info, entry.info)) return nullptr;
  return old->file;
}

// Pins `entry`, the last one or one that is kept open if allowed. False if its name is gone.
Result<bool> pin_one(Directory& directory, const segment::Entry& entry, const std::vector<PinnedSegment>& known,
                     bool is_last, std::vector<PinnedSegment>& pinned) {
  PinnedSegment next{.id = entry.id, .info = entry.info, .file = taken_over(known, entry)};
  if (!next.file) {
    Result<OpenedEntry> opened = pin_entry(directory, entry, pinned);
    if (!opened) return propagate(opened);
    if (opened->is_gone) return false;
    next.file = std::move(opened->file);
    if (next.file && !is_last) next.file = keep_open(std::move(next.file));
  }
  if (next.file) {
    Result<FileInfo> info = info_of(*next.file);
    if (!info) return propagate(info);
    next.info = *info;
  }
  pinned.push_back(std::move(next));
  return true;
}

// Pins what `listing` names, in ascending order; keeps open the newest `share` of them, and the last one in any case.
Result<std::vector<PinnedSegment>> pin(Directory& directory, const StoreListing& listing,
                                       const std::vector<PinnedSegment>& known, std::size_t share) {
  std::vector<PinnedSegment> pinned;
  pinned.reserve(listing.segments.size());
  const std::size_t count = listing.segments.size();
  for (std::size_t i = 0; i < count; ++i) {
    const segment::Entry& entry = listing.segments[i];
    const bool is_last = i + 1 == count;
    if (!is_last && count - i > share) {
      pinned.push_back({.id = entry.id, .info = entry.info});
      continue;
    }
    Result<bool> done = pin_one(directory, entry, known, is_last, pinned);
    if (!done) return propagate(done);  // if its name is gone, the next listing shows it
  }
  return pinned;
}

// Gets the size of the last one: from the open file or, without a descriptor, by name.
Result<void> measure_last(Directory& directory, std::vector<PinnedSegment>& pinned) {
  if (pinned.empty()) return {};
  PinnedSegment& last = pinned.back();
  if (last.file) {
    Result<FileInfo> info = info_of(*last.file);
    if (!info) return propagate(info);
    last.info = *info;
    return {};
  }
  Result<std::optional<segment::Entry>> named = segment::look_at(directory, segment::filename(last.id));
  if (!named) return propagate(named);
  if (*named && same_file((*named)->info, last.info)) last.info = (*named)->info;
  return {};  // if it is another one, the next listing shows it
}

// The last one is no longer the last: it has its final size, and can be kept open like the others. False if its name is gone.
Result<bool> pin_sealed(Directory& directory, std::vector<PinnedSegment>& pinned) {
  Result<std::optional<segment::Entry>> sealed = segment::look_at(directory, segment::filename(pinned.back().id));
  if (!sealed) return propagate(sealed);
  pinned.pop_back();
  if (!*sealed) return false;
  return pin_one(directory, **sealed, {}, false, pinned);
}

// Pins the segments added since the listing, until there are no more, and measures the last one.
Result<void> catch_up(Directory& directory, std::vector<PinnedSegment>& pinned, std::size_t share) {
  while (next_after(pinned) <= segment::max_id) {
    Result<std::optional<segment::Entry>> added = segment::look_at(directory, segment::filename(next_after(pinned)));
    if (!added) return propagate(added);
    if (!*added) break;
    Result<bool> done = pinned.empty() ? Result<bool>(true) : pin_sealed(directory, pinned);
    if (done && *done) done = pin_one(directory, **added, {}, true, pinned);
    if (!done) return propagate(done);
    if (!*done) return {};  // the next listing shows it
    const std::size_t count = pinned.size();
    if (count > 1 && count > share) pinned[std::min(count - 1 - share, count - 2)].file.reset();
  }
  return measure_last(directory, pinned);
}

// A listing is no instant: beside a writer that makes a segment and drops the one before it may show neither. So where it shows none
// beside a watermark, it is made again.
constexpr int tries_where_all_is_gone = 5;

// True if the watermark was read before its segment was dropped, and there is a newer one: alone, it would prove nothing.
bool is_outdated(const std::optional<format::Watermark>& watermark, const std::optional<format::Watermark>& newer,
                 const std::vector<PinnedSegment>& pinned) {
  if (!watermark || watermark == newer || pinned.empty()) return false;
  return watermark->segment < pinned.back().id && find_in(pinned, watermark->segment) == nullptr;
}

}  // namespace

bool goes_on_from(const Snapshot& now, const Snapshot& before) noexcept {
  const std::size_t count = before.segments.size();
  if (now.segments.size() < count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const PinnedSegment& then = before.segments[i];
    const PinnedSegment& same = now.segments[i];
    // The last one may have grown; it is certainly the same file only because it was kept open.
    const bool is_same = i + 1 < count ? unchanged(then.info, same.info) : then.file && same_file(then.info, same.info);
    if (then.id != same.id || !is_same) return false;
  }
  return true;
}

const PinnedSegment* Snapshot::find(std::uint32_t id) const noexcept { return find_in(segments, id); }

safeatomic::Result<StoreOwner> owner_of(const Snapshot& snapshot, std::uint32_t mode) {
  if (snapshot.segments.empty()) return StoreOwner::of_directory(*snapshot.directory, mode);
  const PinnedSegment& newest = snapshot.segments.back();
  return StoreOwner::of_segment(*snapshot.directory, newest.id, newest.info);
}

std::filesystem::path segment_path(const Snapshot& snapshot, std::uint32_t id) {
  return segment::path(snapshot.directory->path(), id);
}

Result<std::shared_ptr<File>> open_pinned(const Snapshot& snapshot, const PinnedSegment& segment) {
  if (segment.file) return segment.file;
  const auto expired = [&]() -> Result<std::shared_ptr<File>> {
    if (segment.kept) {
      if (std::shared_ptr<File> kept = segment.kept->get()) return kept;
    }
    return std::unexpected(Error{.code = Errc::snapshot_expired,
                                 .action = "open segment",
                                 .path = segment_path(snapshot, segment.id),
                                 .segment = segment.id,
                                 .detail = "it was replaced or removed since this snapshot was taken"});
  };
  safeatomic::Result<std::unique_ptr<File>> file = snapshot.directory->open_file(segment::filename(segment.id), {});
  if (!file && file.error().code == safeatomic::Errc::not_found) return expired();
  if (!file) return io_failure(file, "open segment");
  const safeatomic::Result<FileInfo> info = (*file)->info();
  if (!info) return io_failure(info, "inspect segment");
  const bool may_have_grown = !snapshot.segments.empty() && segment.id == snapshot.segments.back().id;
  const bool is_it = may_have_grown ? same_file(*info, segment.info) && info->size >= segment.info.size
                                    : unchanged(*info, segment.info);
  if (!is_it) return expired();
  return std::shared_ptr<File>(std::move(*file));
}

// The rule that makes the outcome one state of the log: pin in ascending order; when all are pinned, check that nothing follows the
// last one; measure that one last. A compaction drops from a segment only what later records supersede, and only once those can be
// read. So whoever holds its outcome must show everything that was there when that segment was pinned: every later segment, pinned
// afterwards, as a whole, and of the last one, which alone grows, all that it has when every other one is pinned. The second listing
// is for what a compaction takes out of two segments together (a Put, then the tombstone that hid it): nothing that was pinned had
// been replaced by then.
Result<std::shared_ptr<const Snapshot>> take_snapshot(std::shared_ptr<Directory> directory, const Snapshot* previous) {
  std::vector<PinnedSegment> pinned;
  if (previous != nullptr) pinned = previous->segments;
  const std::size_t share = share_of_descriptors(pinned);
  const auto read = [&] { return with_descriptors(pinned, [&] { return read_watermark(*directory); }); };
  Result<std::optional<format::Watermark>> watermark = read();
  Result<StoreListing> listing = with_descriptors(pinned, [&] { return list_store(*directory); });
  for (int tries = 0; tries < max_snapshot_tries; ++tries) {
    if (!watermark) return propagate(watermark);
    if (!listing) return propagate(listing);
    Result<std::vector<PinnedSegment>> pins = pin(*directory, *listing, pinned, share);
    if (!pins) return propagate(pins);
    pinned = std::move(*pins);
    if (Result<void> complete = catch_up(*directory, pinned, share); !complete) return propagate(complete);
    Result<std::optional<format::Watermark>> next_watermark = read();
    if (!next_watermark) return propagate(next_watermark);
    listing = with_descriptors(pinned, [&] { return list_store(*directory); });
    if (!listing) return propagate(listing);
    const bool may_be_torn = pinned.empty() && *next_watermark && tries < tries_where_all_is_gone;
    if (!may_be_torn && matches(pinned, *listing) && !is_outdated(*watermark, *next_watermark, pinned)) {
      auto snapshot = std::make_shared<Snapshot>();
      snapshot->directory = std::move(directory);
      snapshot->segments = std::move(pinned);
      snapshot->watermark = *watermark;
      snapshot->quarantined_previously = listing->quarantined;
      return std::shared_ptr<const Snapshot>(std::move(snapshot));
    }
    watermark = std::move(next_watermark);
  }
  return std::unexpected(Error{.code = Errc::snapshot_expired,
                               .action = "take a snapshot",
                               .path = directory->path(),
                               .detail = "the segments changed faster than they could be opened; try again"});
}

Result<std::shared_ptr<const Snapshot>> snapshot_of(const std::filesystem::path& dir,
                                                    safeatomic::FileSystem* file_system) {
  Result<std::unique_ptr<Directory>> directory = open_store_directory(file_system_of(file_system), dir);
  if (!directory) return propagate(directory);
  return take_snapshot(std::move(*directory), nullptr);
}

}  // namespace datawal::log
