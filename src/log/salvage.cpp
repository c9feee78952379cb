#include <algorithm>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <datawal/repair.hpp>
#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"
#include "log/lock.hpp"
#include "log/recovery.hpp"
#include "log/store_directory.hpp"
#include "segment/tail.hpp"
#include "segment/writer.hpp"

namespace datawal {

namespace {

using safeatomic::Directory;
using safeatomic::File;

// Where a whole frame was found. Only this is kept in memory, never its bytes.
struct Found {
  std::uint64_t txid = 0;
  std::uint64_t offset = 0;
  std::uint32_t segment = 0;
  std::uint32_t len = 0;
  std::uint32_t crc = 0;
};

constexpr std::size_t max_ranges_listed = 1000;

Result<std::vector<Found>> find_all(const Snapshot& snapshot, SalvageReport& report) {
  std::vector<Found> all;
  for (const PinnedSegment& segment : snapshot.segments) {
    Result<std::shared_ptr<File>> file = open_pinned(snapshot, segment);
    if (!file) return propagate(file);
    Result<std::uint64_t> data_end = segment::end_of_data(**file, 0, segment.info.size);
    if (!data_end) return propagate(data_end);
    std::uint64_t in_records = 0;
    std::uint64_t last_end = 0;  // a record's checksum may end in zeros
    segment::CrcWork work;
    Result<std::uint64_t> found = segment::find_records(
        **file, 0, segment.info.size, work,
        [&](std::uint64_t offset, const format::DecodedRecord& record) -> Result<void> {
          const char* frame = record.key.data() - format::header_len;
          all.push_back({.txid = record.txid,
                         .offset = offset,
                         .segment = segment.id,
                         .len = static_cast<std::uint32_t>(record.len),
                         .crc = format::stored_crc(frame, record.len)});
          in_records += record.len;
          last_end = offset + record.len;
          return {};
        });
    if (!found) return propagate(found);
    report.bytes_skipped += std::max(*data_end, last_end) - in_records;
  }
  return all;
}

// In txid order, each txid once: the earliest frame in the log wins.
std::vector<Found> choose(std::vector<Found> all, SalvageReport& report) {
  std::ranges::sort(all, {}, [](const Found& frame) { return std::tuple(frame.txid, frame.segment, frame.offset); });
  std::vector<Found> chosen;
  for (const Found& frame : all) {
    if (chosen.empty() || frame.txid != chosen.back().txid) {
      const std::uint64_t expected = chosen.empty() ? frame.txid : chosen.back().txid + 1;
      if (frame.txid != expected && report.lost_txids.size() < max_ranges_listed) {
        report.lost_txids.push_back({.first = expected, .last = frame.txid - 1});
      }
      chosen.push_back(frame);
    } else if (frame.len == chosen.back().len && frame.crc == chosen.back().crc) {
      ++report.duplicates;
    } else {
      ++report.conflicts;
    }
  }
  return chosen;
}

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

Result<void> copy_records(const Snapshot& snapshot, const std::vector<Found>& frames, Output& output,
                          SalvageReport& report) {
  std::vector<char> buffer;
  std::shared_ptr<File> file;
  std::uint32_t open_id = 0;
  for (const Found& frame : frames) {
    if (frame.segment != open_id) {
      Result<std::shared_ptr<File>> opened = open_pinned(snapshot, *snapshot.find(frame.segment));
      if (!opened) return propagate(opened);
      file = std::move(*opened);
      open_id = frame.segment;
    }
    buffer.resize(frame.len);
    const safeatomic::Result<std::size_t> got = safeatomic::read_all(*file, frame.offset, buffer);
    if (!got) return format::lift(got, "read segment");
    const format::DecodeOutcome outcome = format::decode_next(std::string_view(buffer.data(), *got));
    if (!outcome) continue;  // it was whole a moment ago: the store is being written to
    if (Result<void> written = output.append(outcome.record); !written) return written;
    ++report.records_salvaged;
  }
  return output.finish();
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
  Result<std::shared_ptr<const Snapshot>> snapshot = take_snapshot(std::move(*source), nullptr);
  if (!snapshot) return propagate(snapshot);
  Result<std::unique_ptr<Directory>> target = make_store_directory(file_system, out, options);
  if (!target) return propagate(target);
  const std::shared_ptr<Directory> directory = std::move(*target);
  if (Result<void> empty = refuse_unless_empty(*directory); !empty) return propagate(empty);
  Result<StoreLock> lock = StoreLock::acquire(directory, options.file_mode);
  if (!lock) return propagate(lock);

  SalvageReport report;
  Result<std::vector<Found>> all = find_all(**snapshot, report);
  Result<void> done;
  if (!all) {
    done = propagate(all);
  } else if (done = sync_with_ancestors(*directory); done) {
    Output output(*directory, options);
    done = copy_records(**snapshot, choose(std::move(*all), report), output, report);
  }
  lock->release();
  if (!done) return propagate(done);
  return report;
}

}  // namespace datawal
