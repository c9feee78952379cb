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

// For a file that was not kept open, and whose inode number may therefore have been given to another one since.
bool unchanged(const FileInfo& a, const FileInfo& b) noexcept {
  return same_file(a, b) && a.size == b.size && a.modified_ns == b.modified_ns;
}

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

// The open file of `entry`, null if its name is gone; `entry` tells of that file then.
Result<std::shared_ptr<File>> hold(Directory& directory, segment::Entry& entry) {
  safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(segment::filename(entry.id), {});
  if (!file && file.error().code == safeatomic::Errc::not_found) return std::shared_ptr<File>();
  if (!file) return format::lift(file, "open segment");
  const safeatomic::Result<FileInfo> info = (*file)->info();
  if (!info) return format::lift(info, "inspect segment");
  entry.info = *info;
  return std::shared_ptr<File>(std::move(*file));
}

// Pins what `listing` names, taking over the pins of `known` that are still the same file.
Result<std::vector<PinnedSegment>> pin(Directory& directory, const StoreListing& listing,
                                       const std::vector<PinnedSegment>& known) {
  std::vector<PinnedSegment> pinned;
  pinned.reserve(listing.segments.size());
  const std::size_t count = listing.segments.size();
  for (std::size_t i = 0; i < count; ++i) {
    segment::Entry entry = listing.segments[i];
    std::shared_ptr<File> file;
    if (count - i <= max_pinned_descriptors) {
      const PinnedSegment* old = find_in(known, entry.id);
      if (old != nullptr && old->file && same_file(old->info, entry.info)) {
        file = old->file;
      } else {
        Result<std::shared_ptr<File>> held = hold(directory, entry);
        if (!held) return propagate(held);
        if (!*held) continue;  // the next listing will tell
        file = std::move(*held);
      }
    }
    pinned.push_back({.id = entry.id, .info = entry.info, .file = std::move(file)});
  }
  return pinned;
}

// Another one lies behind the last that is pinned, which has its final size since then: what it got after it was pinned is a part
// of it, and must not be missing before the records of the next.
Result<void> seal_last(std::vector<PinnedSegment>& pinned) {
  if (pinned.empty() || !pinned.back().file) return {};
  const safeatomic::Result<FileInfo> info = pinned.back().file->info();
  if (!info) return format::lift(info, "inspect segment");
  pinned.back().info = *info;
  return {};
}

// Pins the segments that were added since the listing, until there is none more: at that instant nothing lay behind `pinned`.
// Without that, a segment may be the result of a compaction that counted on records behind the last one that was listed.
Result<void> catch_up(Directory& directory, std::vector<PinnedSegment>& pinned) {
  while (next_after(pinned) <= segment::max_id) {
    Result<std::optional<segment::Entry>> added = segment::look_at(directory, segment::filename(next_after(pinned)));
    if (!added) return propagate(added);
    if (!*added) return {};
    if (Result<void> sealed = seal_last(pinned); !sealed) return sealed;
    Result<std::shared_ptr<File>> held = hold(directory, **added);
    if (!held) return propagate(held);
    if (!*held) return {};  // the next listing will tell
    pinned.push_back({.id = (*added)->id, .info = (*added)->info, .file = std::move(*held)});
    if (pinned.size() > max_pinned_descriptors) pinned[pinned.size() - 1 - max_pinned_descriptors].file.reset();
  }
  return {};
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
