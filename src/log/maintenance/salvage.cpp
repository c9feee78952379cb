#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <datawal/repair.hpp>
#include <datawal/segment.hpp>

#include "base/io_error.hpp"
#include "format/frame.hpp"
#include "log/directory/lock.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"
#include "log/maintenance/salvage_plan.hpp"
#include "log/recovery/recovery.hpp"
#include "segment/writer.hpp"

namespace datawal::log {

namespace {

using safeatomic::Directory;
using safeatomic::File;

constexpr std::size_t max_ranges_listed = 1000;

// The new store, one segment after the other.
class Output {
 public:
  Output(safeatomic::FileSystem& file_system, Directory& directory, const StoreOwner& owner, const OpenOptions& options)
      : file_system_(file_system), directory_(directory), owner_(owner), options_(options) {}

  Result<void> append(const format::DecodedRecord& record) {
    const format::Header header{.type = record.type,
                                .txid = record.txid,
                                .key_len = static_cast<std::uint32_t>(record.key.size()),
                                .payload_len = static_cast<std::uint32_t>(record.payload.size())};
    const bool full = writer_ && writer_->end() > 0 && options_.max_segment_bytes != 0 &&
                      writer_->end() + record.len > options_.max_segment_bytes;
    if (!writer_ || full) {
      if (Result<void> next = next_segment(); !next) return next;
    }
    Result<segment::AppendedFrame> written = writer_->append(header, record.key, record.payload);
    if (!written) return propagate(written);
    return {};
  }

  Result<void> finish() {
    if (!writer_) return next_segment();
    return writer_->sync();
  }

 private:
  Result<void> next_segment() {
    if (writer_) {
      if (Result<void> synced = writer_->sync(); !synced) return synced;
    }
    Result<std::unique_ptr<File>> file = create_segment(file_system_, directory_, owner_, ++id_, options_.file_mode);
    if (!file) return propagate(file);
    writer_ = std::make_unique<segment::Writer>(std::move(*file), 0);
    return {};
  }

  safeatomic::FileSystem& file_system_;
  Directory& directory_;
  const StoreOwner& owner_;
  const OpenOptions& options_;
  std::uint32_t id_ = 0;
  std::unique_ptr<segment::Writer> writer_;
};

// What was copied last.
struct Copied {
  std::uint64_t txid = 0;
  std::size_t len = 0;
  std::uint32_t crc = 0;
};

void note_hole(std::uint64_t expected, std::uint64_t found, SalvageReport& report) {
  if (found == expected || report.lost_txids.size() == max_ranges_listed) return;
  report.lost_txids.push_back({.first = expected, .last = found - 1});
}

// Reports how far the copying has come.
class CopyMeter {
 public:
  CopyMeter(const ProgressCallback& callback, const Snapshot& snapshot) : callback_(callback) {
    for (const PinnedSegment& segment : snapshot.segments) progress_.bytes_total += segment.info.size;
    if (callback_) callback_(progress_);
  }

  void add(std::uint64_t bytes) {
    done_ += bytes;
    constexpr std::uint64_t interval = 16ULL << 20;
    if (callback_ && done_ >= progress_.bytes_done + interval) tell(done_);
  }

  void finish() {
    if (callback_) tell(progress_.bytes_total);
  }

 private:
  void tell(std::uint64_t bytes_done) {
    progress_.bytes_done = bytes_done;
    callback_(progress_);
  }

  const ProgressCallback& callback_;
  Progress progress_{};
  std::uint64_t done_ = 0;
};

// What is left of the store, in txid order, each txid once: the first record in the log wins.
class Copier {
 public:
  Copier(Output& output, CopyMeter& progress, SalvageReport& report)
      : output_(output), progress_(progress), report_(report) {}

  Result<void> run(const Snapshot& snapshot) {
    std::uint64_t first_txid = 0;
    for (SalvageReport* report = &report_;; report = nullptr) {
      Result<StrandPart> part = find_strands(snapshot, first_txid, report);
      if (!part) return propagate(part);
      StrandMerge records(snapshot, std::move(part->strands));
      if (Result<void> copied = copy(records, part->end); !copied) return copied;
      if (!part->end) return output_.finish();
      first_txid = *part->end;
    }
  }

 private:
  // The records of `records` with txids below `end`.
  Result<void> copy(StrandMerge& records, std::optional<std::uint64_t> end) {
    StrandMerge::Record record;
    for (;;) {
      Result<bool> more = records.next(record);
      if (!more) return propagate(more);
      const format::DecodedRecord& frame = record.frame;
      if (!*more || (end && frame.txid >= *end)) return {};
      progress_.add(frame.len);
      if (last_ && frame.txid == last_->txid) {
        ++(frame.len == last_->len && record.crc == last_->crc ? report_.duplicates : report_.conflicts);
        continue;
      }
      if (last_) note_hole(last_->txid + 1, frame.txid, report_);
      if (Result<void> written = output_.append(frame); !written) return written;
      ++report_.records_salvaged;
      report_.has_keys = report_.has_keys || frame.type != RecordType::Raw;
      last_ = {.txid = frame.txid, .len = frame.len, .crc = record.crc};
    }
  }

  Output& output_;
  CopyMeter& progress_;
  SalvageReport& report_;
  std::optional<Copied> last_;
};

Result<void> refuse_unless_empty(Directory& out) {
  const safeatomic::Result<std::vector<std::string>> names = out.list();
  if (!names) return io_failure(names, "list directory");
  if (names->empty()) return {};
  return std::unexpected(Error{.code = Errc::already_exists,
                               .action = "salvage",
                               .path = out.path(),
                               .detail = "the target must be absent or an empty directory"});
}

}  // namespace

}  // namespace datawal::log

namespace datawal {

Result<SalvageReport> salvage(const std::filesystem::path& dir, const std::filesystem::path& out,
                              const OpenOptions& options) {
  safeatomic::FileSystem& file_system = log::file_system_of(options.file_system);
  Result<std::unique_ptr<safeatomic::Directory>> source = log::open_store_directory(file_system, dir);
  if (!source) return propagate(source);
  if (Result<void> apart = log::refuse_place_inside(file_system, out, **source, "salvage"); !apart)
    return propagate(apart);
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(std::move(*source), nullptr);
  if (!snapshot) return propagate(snapshot);
  Result<std::unique_ptr<safeatomic::Directory>> target = log::make_store_directory(file_system, out, options);
  if (!target) return propagate(target);
  const std::shared_ptr<safeatomic::Directory> directory = std::move(*target);
  if (Result<void> empty = log::refuse_unless_empty(*directory); !empty) return propagate(empty);
  const safeatomic::Result<log::StoreOwner> owner = log::StoreOwner::of(*directory, options.file_mode);
  if (!owner) return io_failure(owner, "inspect directory");
  Result<log::StoreLock> lock = log::StoreLock::acquire(file_system, directory, options.file_mode);
  if (!lock) return propagate(lock);

  SalvageReport report;
  Result<void> done = log::sync_with_ancestors(*directory);
  if (done) {
    log::CopyMeter progress(options.on_progress, **snapshot);
    log::Output output(file_system, *directory, *owner, options);
    done = log::Copier(output, progress, report).run(**snapshot);
    if (done) progress.finish();
  }
  lock->release();
  if (!done) return propagate(done);
  return report;
}

}  // namespace datawal
