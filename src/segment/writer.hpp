#pragma once
// Appends frames to one segment file: the append path, and what it shares with the mapped path (mapped_writer.hpp).

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

#include "format/frame.hpp"

namespace datawal::segment {

/// Where a frame went.
struct AppendedFrame {
  std::uint64_t offset = 0;  ///< its first byte
  std::uint32_t crc = 0;     ///< its checksum
};

/// The append path: one `pwritev` of whole frames per call. Knows nothing of directories, watermarks or poison: it reports what
/// failed and whether the file is unchanged. The caller orders all calls, except those of file().
class Writer {
 public:
  /// @param end  where the valid prefix ends, which is where the file ends
  Writer(std::shared_ptr<safeatomic::File> file, std::uint64_t end) noexcept;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  virtual ~Writer() = default;

  /// Writes one frame at end(). After a failure nothing of it stays, unless is_broken(). Syncs first if a roll-back waits for its
  /// sync: nobody else may sync the file meanwhile.
  [[nodiscard]] Result<AppendedFrame> append(const format::Header& header, std::string_view key,
                                             std::string_view payload);

  /// Writes many frames at end(), with txids from `first_txid` on, as one: all or nothing. Otherwise as append().
  /// @param len   bytes of all frames together
  /// @param refs  one for each record; receives its place except the segment
  [[nodiscard]] Result<void> append_batch(std::span<const RecordInput> records, std::uint64_t first_txid,
                                          std::uint64_t len, std::span<RecordRef> refs);

  /// Writes whole frames as they are, as one: all or nothing. Otherwise as append().
  /// @return where they begin
  [[nodiscard]] Result<std::uint64_t> append_frames(std::string_view frames);

  /// Makes the file end at end(), before it is sealed or closed. Must be synced afterwards: see has_unsynced_change().
  [[nodiscard]] virtual Result<void> cut_to_end() { return {}; }

  /// On return everything below end() survives a loss of power. After a failure nothing is known: see File::sync_data.
  [[nodiscard]] Result<void> sync();

  /// Notes the success of a sync that began when change_count() was `change_count`.
  /// @param asked_for  false if it only served to start write-back early, and the next one will not come soon
  void synced(std::uint64_t change_count, bool asked_for) noexcept;

  /// A failed write could not be undone, or not durably: what follows end() is unknown, and nothing may be appended.
  [[nodiscard]] bool is_broken() const noexcept { return broken_; }

  /// The file was cut, and only a sync makes that durable: until then a loss of power may bring back what was cut.
  [[nodiscard]] bool has_unsynced_change() const noexcept { return change_count_ != synced_change_count_; }
  [[nodiscard]] std::uint64_t change_count() const noexcept { return change_count_; }

  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  /// Outlives the writer if a reader still needs it.
  [[nodiscard]] const std::shared_ptr<safeatomic::File>& file() const noexcept { return file_; }

 protected:
  static constexpr std::uint64_t without_end = ~std::uint64_t{0};

  using Parts = std::span<const std::string_view>;

  /// Makes room for `len` bytes after end(): called if room_end() does not reach that far. A failure changes nothing.
  [[nodiscard]] virtual Result<void> make_room(std::uint64_t /*len*/) { return {}; }
  /// Puts whole frames after end() without a system call, if it can.
  [[nodiscard]] virtual bool copy(std::string_view /*frames*/) noexcept { return false; }
  /// Puts `parts`, `len` bytes in all, after end(), where there is room for them.
  [[nodiscard]] virtual safeatomic::Result<void> put(Parts parts, std::uint64_t len);
  /// What followed end() was cut off.
  virtual void was_cut() noexcept {}
  virtual void was_synced(bool /*asked_for*/) noexcept {}

  /// Where the room ends.
  [[nodiscard]] std::uint64_t room_end() const noexcept { return room_end_; }
  void set_room_end(std::uint64_t end) noexcept { room_end_ = end; }

  /// Cuts the file at end().
  [[nodiscard, gnu::cold]] safeatomic::Result<void> cut();

 private:
  [[nodiscard]] Result<void> prepare(std::uint64_t len);
  void roll_back() noexcept;
  [[nodiscard]] Result<std::uint64_t> put_prepared(std::string_view frames);
  [[nodiscard]] Result<std::uint64_t> put_or_roll_back(Parts parts, std::uint64_t len);
  [[nodiscard]] char* buffer_of(std::uint64_t len);

  std::shared_ptr<safeatomic::File> file_;
  std::unique_ptr<char[]> buffer_;
  std::uint64_t buffer_len_ = 0;
  std::uint64_t end_;
  std::uint64_t room_end_ = without_end;
  std::uint64_t change_count_ = 0;  // how often the file was cut
  std::uint64_t synced_change_count_ = 0;
  bool broken_ = false;
};

}  // namespace datawal::segment
