#include <datawal/repair.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"
#include "log/directory/lock.hpp"
#include "log/directory/quarantine.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"
#include "log/directory/watermark_file.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/progress.hpp"
#include "log/recovery/recovery.hpp"
#include "log/recovery/tail_recovery.hpp"
#include "segment/resync.hpp"
#include "segment/runs.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;
using safeatomic::FileSystem;

// What to cut: the rest of one segment and all later ones.
struct Cut {
  Position at;
  std::uint64_t last_txid_kept = 0;
  bool keeps_puts = false;
};

// Of what is cut.
struct Txids {
  std::uint64_t highest = 0;  // of the records, and those kept
  std::uint64_t synced = 0;   // of the records that had been synced
};

struct Store {
  FileSystem& file_system;
  std::shared_ptr<Directory> directory;
  std::shared_ptr<const Snapshot> snapshot;
  const OpenOptions& options;
  StoreOwner owner{};
};

// Where to cut the store; nullopt if it opens as it is.
Result<std::optional<Cut>> find_cut(const Store& store) {
  LogScanner scanner(store.snapshot, LastSegment::recovered);
  ProgressMeter progress(store.options.on_progress, *store.snapshot);
  RecordView record;
  bool has_puts = false;
  for (;;) {
    Result<bool> more = scanner.next(record);
    if (more && *more) {
      has_puts = has_puts || record.type == RecordType::Put;
      progress.at(record.ref);
      continue;
    }
    progress.finish();
    if (more && scanner.end().verdict != Verdict::cut_tail) return std::nullopt;
    if (more) {
      return Cut{
          {store.snapshot->segments.back().id, scanner.end().valid_end}, scanner.report().last_txid_seen, has_puts};
    }
    if (more.error().code != Errc::corruption) return propagate(more);
    return Cut{scanner.position(), scanner.report().last_txid_seen, has_puts};
  }
}

// Counts the records in a range and notes the highest txid among them: none of these may be used again. Frames within a value
// do not count.
Result<void> survey(File& file, std::uint64_t begin, std::uint64_t end, bool is_sealed, RepairReport& report,
                    Txids& txids) {
  segment::CrcWork work;
  Result<segment::Apart> apart = segment::find_runs(file, {.begin = begin, .end = end, .previous_txid = txids.highest},
                                                    work, [&](const segment::Run& run) -> Result<void> {
                                                      report.records_quarantined += run.records;
                                                      txids.highest = std::max(txids.highest, run.last_txid);
                                                      if (is_sealed)
                                                        txids.synced = std::max(txids.synced, run.last_txid);
                                                      return {};
                                                    });
  if (!apart) return propagate(apart);
  report.records_apart += apart->records;
  report.highest_txid_apart = std::max(report.highest_txid_apart, apart->highest_txid);
  return {};
}

// Where the damaged segment's bytes worth keeping end.
Result<std::uint64_t> end_of_rest(const Cut& cut, File& file) {
  const safeatomic::Result<safeatomic::FileInfo> info = file.info();
  if (!info) return io_failure(info, "inspect segment");
  return segment::end_of_data(file, cut.at.offset, info->size);
}

// Copies aside the bytes that are cut from the damaged segment.
Result<void> keep_rest(const Store& store, const Cut& cut, File& file, std::uint64_t end, RepairReport& report) {
  if (end == cut.at.offset) return {};
  Result<std::filesystem::path> path = quarantine_bytes(store.file_system, *store.directory, file, cut.at.segment,
                                                        cut.at.offset, end);
  if (!path) return propagate(path);
  report.bytes_quarantined += end - cut.at.offset;
  report.quarantine_paths.push_back(std::move(*path));
  return {};
}

Result<void> survey_later_segments(const Store& store, const Cut& cut, RepairReport& report, Txids& txids) {
  for (const PinnedSegment& segment : store.snapshot->segments) {
    if (segment.id <= cut.at.segment) continue;
    Result<std::shared_ptr<File>> file = open_pinned(*store.snapshot, segment);
    if (!file) return propagate(file);
    if (Result<void> surveyed = survey(**file, 0, segment.info.size, segment.id != store.snapshot->segments.back().id,
                                       report, txids);
        !surveyed)
      return surveyed;
  }
  return {};
}

// Highest first, so that at every instant an unbroken rest follows the damaged segment.
Result<void> move_later_segments(const Store& store, const Cut& cut, std::uint32_t kept_id, RepairReport& report) {
  std::vector<std::filesystem::path> paths;
  const std::vector<PinnedSegment>& segments = store.snapshot->segments;
  for (auto segment = segments.rbegin(); segment != segments.rend() && segment->id > cut.at.segment; ++segment) {
    if (segment->id == kept_id) continue;
    Result<std::filesystem::path> path = quarantine_segment(*store.directory, segment->id);
    if (!path) return propagate(path);
    report.bytes_quarantined += segment->info.size;
    paths.push_back(std::move(*path));
  }
  report.quarantine_paths.insert(report.quarantine_paths.end(), paths.rbegin(), paths.rend());
  return {};
}

// The watermark promises bytes that will be cut.
Result<void> remove_watermark(Directory& directory) {
  const safeatomic::Result<void> removed = directory.unlink(watermark_name);
  if (!removed && removed.error().code != safeatomic::Errc::not_found) return io_failure(removed, "remove watermark");
  if (const safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
  return {};
}

// True if an interrupted repair made the store's last segment to carry `highest`.
bool is_remembered(const Snapshot& snapshot, std::uint64_t highest) noexcept {
  if (!snapshot.watermark || snapshot.segments.empty()) return false;
  const PinnedSegment& last = snapshot.segments.back();
  return last.info.size == 0 && snapshot.watermark->segment == last.id &&
         snapshot.watermark->inode == last.info.inode && snapshot.watermark->offset == 0 &&
         snapshot.watermark->txid >= highest;
}

// Makes the empty segment `id` and the watermark with `txid` that names it. Durable on return.
Result<void> make_carrier(const Store& store, std::uint32_t id, std::uint64_t txid) {
  Directory& directory = *store.directory;
  safeatomic::Result<safeatomic::TemporaryFile> carrier = safeatomic::TemporaryFile::create(
      store.file_system, directory, store.options.file_mode);
  if (!carrier) return io_failure(carrier, "create segment");
  if (safeatomic::Result<void> given = store.owner.give(carrier->file()); !given)
    return io_failure(given, "create segment");
  if (safeatomic::Result<void> synced = carrier->file().sync_all(); !synced) return io_failure(synced, "sync segment");
  const safeatomic::Result<safeatomic::FileInfo> info = carrier->file().info();
  if (!info) return io_failure(info, "inspect segment");
  const format::Watermark watermark{.segment = id, .inode = info->inode, .offset = 0, .txid = txid};
  if (Result<void> written = replace_watermark(store.file_system, directory, store.owner, watermark,
                                               store.options.file_mode);
      !written) {
    return written;
  }
  const safeatomic::Result<bool> named = carrier->publish_new(segment::filename(id));
  if (!named) return io_failure(named, "create segment");
  if (!*named) {
    return std::unexpected(Error{.code = Errc::already_exists,
                                 .action = "create segment",
                                 .path = segment::path(directory.path(), id),
                                 .segment = id});
  }
  if (safeatomic::Result<void> synced = directory.sync(); !synced) return io_failure(synced, "sync directory");
  return {};
}

// An empty segment after everything else, whose watermark carries the highest txid.
struct Carrier {
  std::uint32_t id = 0;   // 0: none is needed
  bool is_there = false;  // an interrupted repair made it
};

// Txids of what is cut must not be used again: a carrier is needed if the rest of the log does not show them. Changes nothing.
Result<Carrier> plan_carrier(const Store& store, const Cut& cut, std::uint64_t highest) {
  if (highest <= cut.last_txid_kept) return Carrier{};
  const std::vector<PinnedSegment>& segments = store.snapshot->segments;
  if (is_remembered(*store.snapshot, highest) && segments.back().id > cut.at.segment) {
    return Carrier{.id = segments.back().id, .is_there = true};
  }
  std::uint32_t id = segments.empty() ? 0 : segments.back().id;
  if (store.snapshot->watermark) id = std::max(id, store.snapshot->watermark->segment);
  if (++id > segment::max_id) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "repair",
                                 .path = store.directory->path(),
                                 .detail = "the segment ids are used up; salvage the records into a new store"});
  }
  return Carrier{.id = id};
}

// Takes back what the watermark promises. A carrier's watermark comes first, then the carrier's name: in between, and until the
// cut is made, the store is refused, so it never opens having forgotten.
Result<void> rewrite_promise(const Store& store, const Carrier& carrier, std::uint64_t highest) {
  if (carrier.id == 0) return remove_watermark(*store.directory);
  return carrier.is_there ? Result<void>() : make_carrier(store, carrier.id, highest);
}

Result<void> cut_segment(const Store& store, const Cut& cut, File& file, bool is_last) {
  const safeatomic::Result<safeatomic::FileInfo> info = file.info();
  if (!info) return io_failure(info, "inspect segment");
  if (info->size == cut.at.offset) return {};
  if (!is_last || info->link_count != 1) {
    Result<std::unique_ptr<File>> replaced = replace_by_prefix(store.file_system, *store.directory, cut.at.segment,
                                                               file, cut.at.offset);
    if (!replaced) return propagate(replaced);
    return {};
  }
  if (safeatomic::Result<void> done = file.truncate(cut.at.offset); !done) return io_failure(done, "cut segment");
  if (safeatomic::Result<void> synced = file.sync_data(); !synced) return io_failure(synced, "sync segment");
  return {};
}

// Everything that can refuse comes before the first change.
Result<RepairReport> cut_store(const Store& store, const Cut& cut) {
  RepairReport report{.action = RepairAction::cut,
                      .segment = cut.at.segment,
                      .offset = cut.at.offset,
                      .keys_may_return = cut.keeps_puts};
  Txids txids{.highest = cut.last_txid_kept};
  std::unique_ptr<File> damaged;
  std::uint64_t rest_end = 0;
  if (cut.at.segment != 0) {
    safeatomic::Result<std::unique_ptr<File>> file = store.directory->open_file(segment::filename(cut.at.segment),
                                                                                {.write = true});
    if (!file) return io_failure(file, "open segment");
    damaged = std::move(*file);
    Result<std::uint64_t> end = end_of_rest(cut, *damaged);
    if (!end) return propagate(end);
    rest_end = *end;
    if (Result<void> done = survey(*damaged, cut.at.offset, rest_end,
                                   cut.at.segment != store.snapshot->segments.back().id, report, txids);
        !done)
      return propagate(done);
  }
  if (Result<void> surveyed = survey_later_segments(store, cut, report, txids); !surveyed) return propagate(surveyed);
  if (store.snapshot->watermark) txids.synced = std::max(txids.synced, store.snapshot->watermark->txid);
  if (txids.synced > cut.last_txid_kept) report.synced_txids_cut = {cut.last_txid_kept + 1, txids.synced};
  const std::uint64_t highest = std::max(txids.highest, txids.synced);
  Result<Carrier> carrier = plan_carrier(store, cut, highest);
  if (!carrier) return propagate(carrier);

  if (damaged) {
    if (Result<void> kept = keep_rest(store, cut, *damaged, rest_end, report); !kept) return propagate(kept);
  }
  if (Result<void> rewritten = rewrite_promise(store, *carrier, highest); !rewritten) return propagate(rewritten);
  if (Result<void> moved = move_later_segments(store, cut, carrier->id, report); !moved) return propagate(moved);
  if (damaged) {
    const bool is_last = store.snapshot->segments.back().id == cut.at.segment && carrier->id == 0;
    if (Result<void> done = cut_segment(store, cut, *damaged, is_last); !done) return propagate(done);
  }
  return report;
}

// A killed repair may have done everything without making it durable.
Result<void> sync_what_is_sound(const Store& store) {
  if (!store.snapshot->segments.empty()) {
    Result<std::shared_ptr<File>> last = open_pinned(*store.snapshot, store.snapshot->segments.back());
    if (!last) return propagate(last);
    if (safeatomic::Result<void> synced = (*last)->sync_data(); !synced) return io_failure(synced, "sync segment");
  }
  if (safeatomic::Result<void> synced = store.directory->sync(); !synced) {
    return io_failure(synced, "sync directory");
  }
  return {};
}

Result<RepairReport> repair_locked(FileSystem& file_system, const std::shared_ptr<Directory>& directory,
                                   const OpenOptions& options) {
  Result<std::shared_ptr<const Snapshot>> snapshot = take_snapshot(directory, nullptr);
  if (!snapshot) return propagate(snapshot);
  safeatomic::Result<StoreOwner> owner = owner_of(**snapshot, options.file_mode);
  if (!owner) return io_failure(owner, "inspect store");
  const Store store{file_system, directory, *snapshot, options, std::move(*owner)};
  Result<std::optional<Cut>> cut = find_cut(store);
  if (!cut) return propagate(cut);
  if (*cut) return cut_store(store, **cut);
  if (Result<void> synced = sync_what_is_sound(store); !synced) return propagate(synced);
  return RepairReport{};
}

}  // namespace

}  // namespace datawal::log

namespace datawal {

Result<RepairReport> repair(const std::filesystem::path& dir, const OpenOptions& options) {
  safeatomic::FileSystem& file_system = log::file_system_of(options.file_system);
  Result<std::unique_ptr<safeatomic::Directory>> opened = log::open_store_directory(file_system, dir);
  if (!opened) return propagate(opened);
  const std::shared_ptr<safeatomic::Directory> directory = std::move(*opened);
  if (Result<void> local = log::refuse_network(*directory, options); !local) return propagate(local);
  Result<log::StoreLock> lock = log::StoreLock::acquire(file_system, directory, options.file_mode);
  if (!lock) return propagate(lock);
  // Before anything else, so the index or the state can never describe what a repair leaves.
  Result<void> forgotten = log::remove_index_and_state(*directory);
  Result<RepairReport> report = forgotten ? log::repair_locked(file_system, directory, options) : propagate(forgotten);
  lock->release();
  return report;
}

}  // namespace datawal
