#pragma once
// Makes a copy of a log from its frames as they are: for a mirror, or for a store that is rebuilt from a stream.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/recovery_report.hpp>

namespace datawal {

/// Appends whole frames with their own txids, in the segments in which they were: the result has the same bytes as the log that the frames
/// come from. Gaps between txids, as compaction leaves them, stay. RecordLog::open or DataWal::open opens the result. Writes as
/// RecordLog does: holds the lock, and a failed sync poisons. Movable; one thread at a time. The handle belongs to the process that opened
/// it.
class LogRebuilder {
 public:
  /// Opens a log to continue it, or makes one; recovers as RecordLog::open, with its errors. The options `max_segment_bytes`, `write_path`
  /// and `sync_policy` are ignored: the frames decide.
  [[nodiscard]] static Result<LogRebuilder> open(const std::filesystem::path& dir, const OpenOptions& options = {});

  /// The newest record; nullopt if there is none. With a mirror's last() RecordLogReader::records_after continues in the original.
  [[nodiscard]] const std::optional<RecordRef>& last() const noexcept;

  /// The segment that the next frame goes to.
  [[nodiscard]] std::uint32_t segment() const noexcept;

  /// From here on frames go to the segment `id`, as in the original. Does nothing, and syncs nothing, if they go there already. Otherwise
  /// on return all that was appended before survives a loss of power. A segment without a record leaves no file.
  /// @return invalid_argument if `id` is below segment(), or above 99999999; otherwise as RecordLog::rotate
  [[nodiscard]] Result<void> begin_segment(std::uint32_t id);

  /// The record before these frames in the original.
  struct Before {
    std::uint64_t txid = 0;  ///< 0: there is none
    std::uint32_t crc = 0;   ///< its own checksum: another record with the same txid is another history
  };

  /// Appends frames, back to back, as one write, all or none of them; without any it does nothing. Checks each before, so no damage gets
  /// in. On return they survive the death of this process; fsync() makes them survive a loss of power.
  /// @param before  must be last(): anything else is refused, so no record can be missing or doubled unseen
  /// @return
  ///   invalid_argument     the log does not end with `before`, or txids do not ascend from there; nothing was written
  ///   corruption           there is something other than whole frames, with the offset in `frames`; nothing was written
  ///   unsupported_version  a frame of a newer format; nothing was written
  ///   no_space, io, poisoned  as RecordLog::append
  [[nodiscard]] Result<void> append(std::string_view frames, const Before& before);

  /// As RecordLog::fsync.
  [[nodiscard]] Result<void> fsync();
  /// What open() found.
  [[nodiscard]] const RecoveryReport& recovery_report() const noexcept;
  /// As RecordLog::close.
  [[nodiscard]] Result<void> close();

  LogRebuilder(LogRebuilder&&) noexcept;
  LogRebuilder& operator=(LogRebuilder&&) noexcept;
  ~LogRebuilder();

 private:
  struct Impl;
  explicit LogRebuilder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
