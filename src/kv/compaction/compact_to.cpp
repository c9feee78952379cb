#include "kv/compaction/compact_to.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <datawal/segment.hpp>
#include <safeatomic/temporary.hpp>

#include "base/io_error.hpp"
#include "base/output_file.hpp"
#include "format/frame.hpp"
#include "log/directory/store_directory.hpp"
#include "log/directory/store_owner.hpp"

namespace datawal::kv {

namespace {

using safeatomic::Directory;

// Frames with txids from 1 into one file.
class FrameOutput {
 public:
  explicit FrameOutput(OutputFile& file) : file_(file) {}

  Result<void> append(RecordType type, std::string_view key, std::string_view payload) {
    const format::Header header{.type = type,
                                .txid = ++txid_,
                                .key_len = static_cast<std::uint32_t>(key.size()),
                                .payload_len = static_cast<std::uint32_t>(payload.size())};
    std::array<char, format::header_len> head{};
    format::encode_header(header, head.data());
    std::uint32_t crc = format::crc32c({head.data(), head.size()});
    crc = format::crc32c(key, crc);
    crc = format::crc32c(payload, crc);
    std::array<char, format::crc_len> tail{};
    format::store(tail.data(), crc);
    const std::string_view parts[] = {{head.data(), head.size()}, key, payload, {tail.data(), tail.size()}};
    for (const std::string_view part : parts) {
      if (Result<void> written = file_.append(part); !written) return written;
    }
    return {};
  }

  [[nodiscard]] std::uint64_t records() const noexcept { return txid_; }

 private:
  OutputFile& file_;
  std::uint64_t txid_ = 0;
};

std::unexpected<Error> not_empty(const Directory& directory, const std::string& name) {
  return std::unexpected(Error{.code = Errc::already_exists,
                               .action = "compact",
                               .path = directory.path(),
                               .detail = "the target must be absent or empty, and holds " + name});
}

// The temporary of an interrupted compaction is removed; anything else belongs to somebody.
Result<void> clear_target(Directory& directory) {
  const safeatomic::Result<std::vector<std::string>> names = directory.list();
  if (!names) return io_failure(names, "list directory");
  for (const std::string& name : *names) {
    if (!safeatomic::is_temporary_name(name)) return not_empty(directory, name);
  }
  for (const std::string& name : *names) {
    if (safeatomic::Result<void> removed = directory.unlink(name); !removed) return io_failure(removed, "compact");
  }
  return {};
}

Result<void> copy_raw(FrameOutput& output, std::shared_ptr<const log::Snapshot> snapshot, log::LastSegment last) {
  log::LogScanner scanner(std::move(snapshot), last);
  RecordView record;
  for (;;) {
    Result<bool> more = scanner.next(record);
    if (!more) return propagate(more);
    if (!*more) return {};
    if (record.type != RecordType::Raw) continue;
    if (Result<void> written = output.append(record.type, record.key, record.payload); !written) return written;
  }
}

}  // namespace

Result<void> refuse_raw(const Projection& projection, const CompactToOptions& options) {
  const std::uint64_t raw = projection.counts().raw_records;
  if (raw == 0 || options.raw != RawRecords::refuse) return {};
  return std::unexpected(
      Error{.code = Errc::invalid_argument,
            .action = "compact",
            .detail = "the log holds " + std::to_string(raw) +
                      " Raw records, which belong to no key: say whether they are to be included or dropped"});
}

Result<CompactionStats> compact_view(LiveView view, const CompactToOptions& options,
                                     std::shared_ptr<const log::Snapshot> snapshot, log::LastSegment last,
                                     safeatomic::FileSystem& file_system, const std::filesystem::path& dir) {
  if (Result<void> outside = log::refuse_place_inside(file_system, dir, *snapshot->directory, "compact"); !outside) {
    return propagate(outside);
  }
  const OpenOptions target_options{.file_system = &file_system};
  Result<std::unique_ptr<Directory>> target = log::make_store_directory(file_system, dir, target_options);
  if (!target) return propagate(target);
  Directory& directory = **target;
  // Keeps out another compaction into the same place, which would take this one's temporary for a left-over.
  const safeatomic::Result<bool> locked = directory.try_lock();
  if (!locked) return io_failure(locked, "lock directory");
  if (!*locked) {
    return std::unexpected(
        Error{.code = Errc::locked, .action = "compact", .path = dir, .detail = "another process uses the target"});
  }
  if (Result<void> cleared = clear_target(directory); !cleared) return propagate(cleared);
  const safeatomic::Result<log::StoreOwner> owner = log::StoreOwner::of(directory, target_options.file_mode);
  if (!owner) return io_failure(owner, "compact");
  if (Result<void> synced = log::sync_with_ancestors(directory); !synced) return propagate(synced);

  if (Result<void> sorted = view.sort_by_key(); !sorted) return propagate(sorted);
  Result<OutputFile> file = OutputFile::create(file_system, directory, target_options.file_mode, "compact");
  if (!file) return propagate(file);
  if (safeatomic::Result<void> given = owner->give(file->file()); !given) return io_failure(given, "compact");
  FrameOutput output(*file);
  if (options.raw == RawRecords::include) {
    if (Result<void> copied = copy_raw(output, std::move(snapshot), last); !copied) return propagate(copied);
  }
  Result<void> written = view.for_each(
      options.on_progress, [&output](const format::DecodedRecord& record) -> Result<bool> {
        if (Result<void> kept = output.append(RecordType::Put, record.key, record.payload); !kept)
          return propagate(kept);
        return true;
      });
  if (!written) return propagate(written);
  const CompactionStats stats{
      .live_keys = view.size(), .records_written = output.records(), .bytes_written = file->size()};
  if (Result<void> published = file->publish(segment::filename(1)); !published) return propagate(published);
  (void)directory.unlock();
  return stats;
}

}  // namespace datawal::kv
