#include "log/snapshot.hpp"

#include <algorithm>
#include <utility>

#include <datawal/segment.hpp>

#include "format/seam_error.hpp"
#include "log/store_directory.hpp"
#include "log/watermark_file.hpp"

namespace datawal {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileInfo;

bool same_file(const FileInfo& a, const FileInfo& b) noexcept { return a.device == b.device && a.inode == b.inode; }

// For a file that was not kept open, and whose inode number may therefore have been given to another one since. What the library
// puts in a sealed segment's place (a compaction, a repair) is shorter than what stood there, so that the size tells then. Times
// tell nothing: whoever likes may change them.
bool unchanged(const FileInfo& a, const FileInfo& b) noexcept { return same_file(a, b) && a.size == b.size; }

// The id that a writer gives to the segment behind these.
std::uint32_t next_after(const std::vector<PinnedSegment>& segments) noexcept {
  return segments.empty() ? 1 : segments.back().id + 1;
}

const PinnedSegment* find_in(const std::vector<PinnedSegment>& segments, std::uint32_t id) noexcept {
  const auto found = std::ranges::lower_bound(segments, id, {}, &PinnedSegment::id);
  return found != segments.end() && found->id == id ? &*found : nullptr;
}

// Whether what is pinned is still what `listing` begins with. The last one may have grown meanwhile, and others been added behind
// it: they belong to a later instant, and a writer that rotates all the time must not keep a reader waiting.
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
  if (!info) return format::lift(info, "inspect segment");
  return *info;
}

// The open file of `entry`, null if its name is gone.
Result<std::shared_ptr<File>> hold(Directory& directory, const segment::Entry& entry) {
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(segment::filename(entry.id), {});
  if (!file && file.error().code == safeatomic::Errc::not_found) return std::shared_ptr<File>();
  if (!file) return format::lift(file, "open segment");
  return std::shared_ptr<File>(std::move(*file));
}

// The pin of `entry` in `known`, null unless it is the same file and has not been written since: the last one may have been, and on
// overlayfs the first change of a file moves it, so that what was opened before may go on showing how it was.
std::shared_ptr<File> taken_over(const std::vector<PinnedSegment>& known, const segment::Entry& entry) {
  const PinnedSegment* old = find_in(known, entry.id);
  if (old == nullptr || old == &known.back() || !old->file || !same_file(old->info, entry.info)) return nullptr;
  return old->file;
}

// Pins what `listing` names, in ascending order.
Result<std::vector<PinnedSegment>> pin(Directory& directory, const StoreListing& listing,
                                       const std::vector<PinnedSegment>& known) {
  std::vector<PinnedSegment> pinned;
  pinned.reserve(listing.segments.size());
  const std::size_t count = listing.segments.size();
  for (std::size_t i = 0; i < count; ++i) {
    const segment::Entry& entry = listing.segments[i];
    PinnedSegment next{.id = entry.id, .info = entry.info};
    if (count - i <= max_pinned_descriptors) {
      next.file = taken_over(known, entry);
      if (!next.file) {
        Result<std::shared_ptr<File>> held = hold(directory, entry);
        if (!held) return propagate(held);
        if (!*held) continue;  // the next listing will tell
        next.file = std::move(*held);
      }
      Result<FileInfo> info = info_of(*next.file);
      if (!info) return propagate(info);
      next.info = *info;
    }
    pinned.push_back(std::move(next));
  }
  return pinned;
}

// Asks for the size of the last one, by the file itself.
Result<void> measure_last(std::vector<PinnedSegment>& pinned) {
  if (pinned.empty() || !pinned.back().file) return {};
  Result<FileInfo> info = info_of(*pinned.back().file);
  if (!info) return propagate(info);
  pinned.back().info = *info;
  return {};
}

// Pins the segments that were added since the listing, until there is none more, and measures the last one.
Result<void> catch_up(Directory& directory, std::vector<PinnedSegment>& pinned) {
  while (next_after(pinned) <= segment::max_id) {
    Result<std::optional<segment::Entry>> added = segment::look_at(directory, segment::filename(next_after(pinned)));
    if (!added) return propagate(added);
    if (Result<void> measured = measure_last(pinned); !measured) return measured;
    if (!*added) return {};
    Result<std::shared_ptr<File>> held = hold(directory, **added);
    if (!held) return propagate(held);
    if (!*held) return {};  // the next listing will tell
    Result<FileInfo> info = info_of(**held);
    if (!info) return propagate(info);
    pinned.push_back({.id = (*added)->id, .info = *info, .file = std::move(*held)});
    if (pinned.size() > max_pinned_descriptors) pinned[pinned.size() - 1 - max_pinned_descriptors].file.reset();
  }
  return measure_last(pinned);
}

}  // namespace

const PinnedSegment* Snapshot::find(std::uint32_t id) const noexcept { return find_in(segments, id); }

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
  if (!file) return format::lift(file, "open segment");
  const safeatomic::Result<FileInfo> info = (*file)->info();
  if (!info) return format::lift(info, "inspect segment");
  if (!unchanged(*info, segment.info)) return expired();
  return std::shared_ptr<File>(std::move(*file));
}

// The rule that makes the outcome one state of the log: pin in ascending order; when all are pinned, see that nothing lies behind the
// last one; measure that one last. A compaction drops from a segment only what records behind it supersede, and only once those can
// be read. So whoever holds its outcome must show everything that was there when that segment was pinned: the whole of every later
// segment, which is pinned afterwards, and of the last one, which alone grows, all that it has when every other one is pinned. What
// a compaction takes out of two segments together (a Put, then the tombstone that hid it) is what the second listing is for:
// nothing that was pinned had been replaced by then.
Result<std::shared_ptr<const Snapshot>> take_snapshot(std::shared_ptr<Directory> directory, const Snapshot* previous) {
  std::vector<PinnedSegment> pinned;
  if (previous != nullptr) pinned = previous->segments;
  std::optional<format::Watermark> watermark = read_watermark(*directory);
  Result<StoreListing> listing = list_store(*directory);
  for (int tries = 0; tries < max_snapshot_tries; ++tries) {
    if (!listing) return propagate(listing);
    Result<std::vector<PinnedSegment>> pins = pin(*directory, *listing, pinned);
    if (!pins) return propagate(pins);
    pinned = std::move(*pins);
    if (Result<void> complete = catch_up(*directory, pinned); !complete) return propagate(complete);
    std::optional<format::Watermark> next_watermark = read_watermark(*directory);
    listing = list_store(*directory);
    if (!listing) return propagate(listing);
    if (matches(pinned, *listing)) {
      auto snapshot = std::make_shared<Snapshot>();
      snapshot->directory = std::move(directory);
      snapshot->segments = std::move(pinned);
      snapshot->watermark = watermark;
      snapshot->quarantined_previously = listing->quarantined;
      return std::shared_ptr<const Snapshot>(std::move(snapshot));
    }
    watermark = next_watermark;
  }
  return std::unexpected(Error{.code = Errc::snapshot_expired,
                               .action = "take a snapshot",
                               .path = directory->path(),
                               .detail = "the segments changed faster than they could be opened; try again"});
}

}  // namespace datawal
