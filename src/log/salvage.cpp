#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <datawal/repair.hpp>
#include <datawal/segment.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"
#include "log/lock.hpp"
#include "log/recovery.hpp"
#include "log/salvage_plan.hpp"
#include "log/store_directory.hpp"
#include "segment/writer.hpp"

namespace datawal {

namespace {

using safeatomic::Directory;
using safeatomic::File;

constexpr std::size_t max_ranges_listed = 1000;

// The new store, one segment after the other.
class Output {
 public:
  Output(Directory& directory, const OpenOptions& options) : directory_(directory), options_(options) {}

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
    Result<std::unique_ptr<File>> file = create_segment(directory_, ++id_, options_.file_mode);
    if (!file) return propagate(file);
    writer_ = std::make_unique<segment::Writer>(std::move(*file), 0);
    return {};
  }

  Directory& directory_;
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

// Tells how far the copying has come.
class CopyMeter {
 public:
  CopyMeter(const ProgressCallback& callback, const std::vector<Strand>& strands) : callback_(callback) {
    for (const Strand& strand : strands) progress_.bytes_total += strand.run.end - strand.run.begin;
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

// In txid order, each txid once: the first record in the log wins.
Result<void> copy_records(StrandMerge& records, Output& output, CopyMeter& progress, SalvageReport& report) {
  std::optional<Copied> last;
  StrandMerge::Record record;
  for (;;) {
    Result<bool> more = records.next(record);
    if (!more) return propagate(more);
    if (!*more) break;
    const format::DecodedRecord& frame = record.frame;
    progress.add(frame.len);
    if (last && frame.txid == last->txid) {
      ++(frame.len == last->len && record.crc == last->crc ? report.duplicates : report.conflicts);
      continue;
    }
    if (last) note_hole(last->txid + 1, frame.txid, report);
    if (Result<void> written = output.append(frame); !written) return written;
    ++report.records_salvaged;
    report.has_keys = report.has_keys || frame.type != RecordType::Raw;
    last = {.txid = frame.txid, .len = frame.len, .crc = record.crc};
  }
  if (Result<void> finished = output.finish(); !finished) return finished;
  progress.finish();
  return {};
}

Result<void> refuse_unless_empty(Directory& out) {
  const safeatomic::Result<std::vector<std::string>> names = out.list();
  if (!names) return format::lift(names, "list directory");
  if (names->empty()) return {};
  return std::unexpected(Error{.code = Errc::already_exists,
                               .action = "salvage",
                               .path = out.path(),
                               .detail = "the target must be absent or an empty directory"});
}

}  // namespace

Result<SalvageReport> salvage(const std::filesystem::path& dir, const std::filesystem::path& out,
                              const OpenOptions& options) {
  safeatomic::FileSystem& file_system = file_system_of(options.file_system);
  Result<std::unique_ptr<Directory>> source = open_store_directory(file_system, dir);
  if (!source) return propagate(source);
  if (Result<void> apart = refuse_place_inside(file_system, out, **source, "salvage"); !apart) return propagate(apart);
  Result<std::shared_ptr<const Snapshot>> snapshot = take_snapshot(std::move(*source), nullptr);
  if (!snapshot) return propagate(snapshot);
  Result<std::unique_ptr<Directory>> target = make_store_directory(file_system, out, options);
  if (!target) return propagate(target);
  const std::shared_ptr<Directory> directory = std::move(*target);
  if (Result<void> empty = refuse_unless_empty(*directory); !empty) return propagate(empty);
  Result<StoreLock> lock = StoreLock::acquire(directory, options.file_mode);
  if (!lock) return propagate(lock);

  SalvageReport report;
  Result<std::vector<Strand>> strands = find_strands(**snapshot, report);
  Result<void> done;
  if (!strands) {
    done = propagate(strands);
  } else if (done = sync_with_ancestors(*directory); done) {
    CopyMeter progress(options.on_progress, *strands);
    StrandMerge records(**snapshot, std::move(*strands));
    Output output(*directory, options);
    done = copy_records(records, output, progress, report);
  }
  lock->release();
  if (!done) return propagate(done);
  return report;
}

}  // namespace datawal
