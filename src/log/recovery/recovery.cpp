#include "log/recovery/recovery.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/progress.hpp"
#include "log/recovery/tail_recovery.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileSystem;

// A left-over that cannot be removed (a directory of such a name, say) only takes space: no reason to fail.
void remove_temporaries(Directory& directory, const StoreListing& listing) {
  for (const std::string& name : listing.temporaries) (void)directory.unlink(name);
}

// The records of the store, read once; nothing is changed here.
Result<void> replay(LogScanner& scanner, SegmentRegistry& segments, ProgressMeter progress,
                    const RecoveryVisitor& visitor) {
  scanner.on_enter([&](const PinnedSegment& segment, File& file) -> Result<void> {
    if (segment.id <= segments.last_id()) return {};  // it is known from before what is read
    SegmentFile& added = segments.add(segment);
    if (visitor.on_segment) visitor.on_segment(added, file);
    return {};
  });
  std::array<RecordView, replay_batch> records;
  for (;;) {
    Result<std::size_t> count = scanner.next_batch(records);
    if (!count) return propagate(count);
    if (*count == 0) break;
    progress.at(records[*count - 1].ref);
    if (visitor.on_records) visitor.on_records(std::span(records).first(*count));
  }
  if (visitor.on_end) {
    if (Result<void> ended = visitor.on_end(); !ended) return ended;
  }
  progress.finish();
  return {};
}

// Sealed segments below the watermark's were synced before their successor was made. In a copied store nothing is known.
Result<void> sync_sealed(Directory& directory, const Snapshot& snapshot, std::uint32_t first_unproven) {
  if (const std::optional<format::Watermark>& watermark = snapshot.watermark) {
    const PinnedSegment* at = snapshot.find(watermark->segment);
    if (at != nullptr && at->info.inode == watermark->inode) {
      first_unproven = std::max(first_unproven, watermark->segment);
    }
  }
  for (const PinnedSegment& segment : snapshot.segments) {
    if (segment.id < first_unproven || segment.id == snapshot.segments.back().id) continue;
    safeatomic::Result<std::unique_ptr<File>> file = directory.open_file(segment::filename(segment.id), {});
    if (!file) return io_failure(file, "open segment");
    if (safeatomic::Result<void> synced = (*file)->sync_data(); !synced) return io_failure(synced, "sync segment");
  }
  return {};
}

// A log without a segment: its first record may only be written once every name on the way to it is durable.
Result<Recovered> begin_log(FileSystem& file_system, SegmentRegistry& segments, const StoreOwner& owner,
                            const OpenOptions& options, RecoveryReport report) {
  Directory& directory = *segments.directory();
  if (Result<void> synced = sync_with_ancestors(directory); !synced) return propagate(synced);
  Result<std::unique_ptr<File>> file = create_segment(file_system, directory, owner, 1, options.file_mode);
  if (!file) return propagate(file);
  const safeatomic::Result<safeatomic::FileInfo> info = (*file)->info();
  if (!info) return io_failure(info, "inspect segment");
  segments.add({.id = 1, .info = *info, .kept = std::make_shared<KeptFile>()});
  report.files_scanned = 1;
  return Recovered{.report = std::move(report), .file = std::move(*file)};
}

// @param first_unproven  segments below that one are known to be durable
Result<Recovered> mend(FileSystem& file_system, SegmentRegistry& segments, const OpenOptions& options,
                       const Snapshot& snapshot, const LogScanner& scanner, std::uint32_t first_unproven) {
  Directory& directory = *segments.directory();
  const PinnedSegment& active = snapshot.segments.back();
  Recovered recovered{.report = scanner.report()};
  Result<std::unique_ptr<File>> file = recover_tail(file_system, directory, options, active.id, scanner.end(),
                                                    scanner.watermark(), recovered.report);
  if (!file) return propagate(file);
  if (Result<void> synced = sync_sealed(directory, snapshot, first_unproven); !synced) return propagate(synced);
  // Without a watermark of its own the store may have been copied here, and then nobody has synced the names above it.
  const bool at_home = scanner.watermark().state() == WatermarkState::kept;
  Result<void> synced;
  if (at_home) {
    if (safeatomic::Result<void> names = directory.sync(); !names) synced = io_failure(names, "sync directory");
  } else {
    synced = sync_with_ancestors(directory);
  }
  if (!synced) return propagate(synced);
  const safeatomic::Result<safeatomic::FileInfo> info = (*file)->info();
  if (!info) return io_failure(info, "inspect segment");
  segments.set_last({.id = active.id, .info = *info});
  recovered.file = std::move(*file);
  recovered.end = scanner.end().valid_end;
  recovered.last_txid = std::max(scanner.report().last_txid_seen, scanner.watermark().proven_txid());
  return recovered;
}

}  // namespace

Result<std::unique_ptr<File>> create_segment(FileSystem& file_system, Directory& directory, const StoreOwner& owner,
                                             std::uint32_t id, std::uint32_t mode) {
  safeatomic::Result<std::unique_ptr<File>> file = owner.create(file_system, directory, segment::filename(id), mode);
  if (!file) return io_failure(file, "create segment");
  if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
  return std::move(*file);
}

Result<Recovered> recover(FileSystem& file_system, SegmentRegistry& segments, const OpenOptions& options,
                          const RecoveryVisitor& visitor) {
  const std::shared_ptr<Directory>& directory = segments.directory();
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->directory = directory;
  Result<std::optional<format::Watermark>> watermark = read_watermark(*directory);
  if (!watermark) return propagate(watermark);
  snapshot->watermark = *watermark;
  Result<StoreListing> listing = list_store(*directory);
  if (!listing) return propagate(listing);
  snapshot->quarantined_previously = listing->quarantined;
  for (const segment::Entry& entry : listing->segments) {
    snapshot->segments.push_back({.id = entry.id, .info = entry.info, .kept = std::make_shared<KeptFile>()});
  }
  std::optional<Before> before;
  if (visitor.on_begin) before = visitor.on_begin(*snapshot);
  std::optional<LogScanner> scanner;
  for (;;) {
    if (before) {
      scanner.emplace(snapshot, LastSegment::recovered,
                      Position{before->last.segment, before->last.offset + before->last.len});
      scanner->goes_on_behind(*before);
    } else {
      scanner.emplace(snapshot, LastSegment::recovered);
    }
    Result<void> read = replay(*scanner, segments, ProgressMeter(options.on_progress, *snapshot), visitor);
    if (read) break;
    if (!before) return propagate(read);
    // The fault may lie in having believed what was not read: the whole log decides.
    before.reset();
    visitor.on_restart(read.error());
  }
  const std::uint32_t first_unproven = before && before->is_durable ? before->last.segment : 0;
  // From here on files are changed: the store is sound.
  remove_temporaries(*directory, *listing);
  const safeatomic::Result<StoreOwner> owner = owner_of(*snapshot, options.file_mode);
  if (!owner) return io_failure(owner, "inspect store");
  Result<Recovered> recovered = snapshot->segments.empty()
                                    ? begin_log(file_system, segments, *owner, options, scanner->report())
                                    : mend(file_system, segments, options, *snapshot, *scanner, first_unproven);
  if (!recovered) return recovered;
  if (visitor.on_report) visitor.on_report(recovered->report);
  recovered->watermark = WatermarkFile::open(file_system, *directory, *owner, options.file_mode);
  recovered->watermark.write({.segment = segments.last_id(),
                              .inode = segments.last_info().inode,
                              .offset = recovered->end,
                              .txid = recovered->last_txid});
  return recovered;
}

}  // namespace datawal::log
