#pragma once
// Makes a log once more from its frames, as they are: for a mirror, or for a store that is rebuilt from a stream.

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

/// Appends whole frames with the txids that they have, in the segments in which they were: what comes out has the same bytes as what the
/// frames are of. Gaps between txids, as compaction leaves them, stay. RecordLog::open or DataWal::open opens the result. Writes as
/// RecordLog does: holds the lock, and a failed sync poisons. Movable; one thread at a time. The handle belongs to the process that opened
/// it.
class LogRebuilder {
 public:
  /// Opens a log that goes on, or makes one; recovers as RecordLog::open, with its errors. How segments grow and are written is not
  /// chosen here: `max_segment_bytes`, `write_path` and `sync_policy` are not looked at.
  [[nodiscard]] static Result<LogRebuilder> open(const std::filesystem::path& dir, const OpenOptions& options = {});

  /// The newest record; nullopt if there is none. Where `last()` of a mirror stands, RecordLogReader::records_after goes on in what is
  /// mirrored.
  [[nodiscard]] const std::optional<RecordRef>& last() const noexcept;

  /// The segment that the next frame goes to.
  [[nodiscard]] std::uint32_t segment() const noexcept;

  /// From here on frames go to the segment `id`, as in what they are of; nothing, and nothing is synced, if that is where they go already.
  /// Otherwise on return all that was appended before survives a loss of power. What has no record leaves no segment.
  /// @return invalid_argument if `id` is below segment(), or above 99999999; otherwise as RecordLog::rotate
  [[nodiscard]] Result<void> begin_segment(std::uint32_t id);

  /// The record that these frames stand behind in what they are of.
  struct Before {
    std::uint64_t txid = 0;  ///< 0: there is none
    std::uint32_t crc = 0;   ///< its own checksum: another record with the same txid is another history
  };

  /// Appends frames, back to back, as one write, all or none of them; without any nothing is done. Looks at each before: no damage gets
  /// in. On return they survive the death of this process; fsync() makes them survive a loss of power.
  /// @param before  must be last(): what goes on elsewhere is refused, so that no record can be missing or doubled unseen
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
