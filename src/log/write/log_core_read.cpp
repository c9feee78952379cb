// LogCore::read: one record by its place.

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <datawal/segment.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "format/frame.hpp"
#include "log/write/log_core.hpp"
#include "segment/scanner.hpp"

namespace datawal::log {

namespace {

[[gnu::cold]] std::unexpected<Error> failed(Errc code, const std::filesystem::path& path, const RecordRef& ref,
                                            std::string detail) {
  return std::unexpected(Error{.code = code,
                               .action = "read record",
                               .path = path,
                               .segment = ref.segment,
                               .offset = ref.offset,
                               .detail = std::move(detail)});
}

// True if a whole record lies at `offset`, however long: one longer than expected looks cut.
Result<bool> is_whole_frame(safeatomic::File& file, std::uint64_t offset, std::uint64_t end) {
  segment::Scanner scanner;
  scanner.start(file, offset, end);
  const Result<format::Stop> stop = scanner.next();
  if (!stop) return propagate(stop);
  return *stop == format::Stop::none;
}

// True if a frame begins at `offset`, as far as the frames before it show: damage before it counts as yes.
Result<bool> is_frame_start(safeatomic::File& file, std::uint64_t offset, std::uint64_t end) {
  segment::Scanner scanner;
  scanner.start(file, 0, end);
  while (scanner.end() < offset) {
    Result<format::Stop> stop = scanner.next();
    if (!stop) return propagate(stop);
    if (*stop != format::Stop::none) return true;
  }
  return scanner.end() == offset;
}

}  // namespace

Result<Record> LogCore::read(const RecordRef& ref) const {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  for (;;) {
    std::shared_ptr<safeatomic::File> active;
    std::uint64_t end = 0;
    std::shared_ptr<SegmentFile> sealed;
    {
      const Locked guard(mutex_);
      if (Result<void> usable = refuse_closed(); !usable) return propagate(usable);
      if (ref.segment == active_segment()) {
        active = writer_->file();
        end = writer_->end();
      } else {
        sealed = segments_->find(ref.segment);
      }
    }
    if (active) return read_frame(*active, end, ref);
    if (!sealed) {
      return failed(Errc::not_found, segment::path(directory()->path(), ref.segment), ref, "there is no such segment");
    }
    const Result<std::shared_ptr<safeatomic::File>> opened = segments_->open(*sealed);
    if (opened) return read_frame(**opened, segments_->pinned(*sealed).info.size, ref);
    // Another file may have got its name, and nobody needs this one any more.
    const bool is_another = opened.error().code == Errc::snapshot_expired && segments_->find(ref.segment) != sealed;
    if (!is_another) return propagate(opened);
  }
}

Result<Record> LogCore::read_frame(safeatomic::File& file, std::uint64_t end, const RecordRef& ref) const {
  const std::filesystem::path path = segment::path(directory()->path(), ref.segment);
  if (ref.len < format::frame_len(0, 0) || ref.len > format::max_frame_len || ref.offset > end ||
      ref.len > end - ref.offset) {
    return failed(Errc::not_found, path, ref, "no record lies there");
  }
  const auto buffer = std::make_unique_for_overwrite<char[]>(ref.len);
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(file, ref.offset, std::span(buffer.get(), ref.len));
  if (!got) return io_failure(got, "read record");
  const format::DecodeOutcome outcome = format::decode_next(std::string_view(buffer.get(), *got));
  if (!outcome) {
    Result<bool> other = is_whole_frame(file, ref.offset, end);
    if (!other) return propagate(other);
    if (*other) return failed(Errc::not_found, path, ref, "another record lies there");
    Result<bool> starts = is_frame_start(file, ref.offset, end);
    if (!starts) return propagate(starts);
    if (!*starts) return failed(Errc::not_found, path, ref, "no record begins there");
    return failed(Errc::corruption, path, ref, std::string(format::describe(outcome.stop)));
  }
  if (outcome.record.txid != ref.txid || outcome.record.len != ref.len || outcome.record.crc != ref.crc) {
    return failed(Errc::not_found, path, ref, "another record lies there");
  }
  return Record{.type = outcome.record.type,
                .txid = outcome.record.txid,
                .key = std::string(outcome.record.key),
                .payload = std::string(outcome.record.payload),
                .ref = ref};
}

}  // namespace datawal::log
