#pragma once
// What is known of every segment of a log without reading it again, and how much of that `.state` holds.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <safeatomic/file_system.hpp>

#include "log/saved/saved_file.hpp"

namespace datawal::log {

/// The contents of `.state`.
struct StateImage {
  SavedHeader header{};
  std::uint64_t inode = 0;        ///< of P's segment
  std::uint64_t modified_ns = 0;  ///< of P's segment
  std::string metadata{};
};

/// Writes it into a temporary, syncs that, and renames it to `.state`. The log up to P must be durable already; the caller syncs the
/// directory. Throws std::bad_alloc.
[[nodiscard]] Result<void> write_state(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                                       const StateImage& image);

/// Follows the log: it is told of each record that is read or appended, and of each segment that begins or is removed. One thread at a
/// time. If memory runs out it forgets everything, and no state is written.
class LogState {
 public:
  explicit LogState(const StateOptions& options) noexcept : options_(options) {}

  /// The log begins with what was saved and is believed. Nothing was told before.
  /// @param last  what P's segment's file was when that was decided
  void goes_on_behind(const SavedLog& saved, const safeatomic::FileInfo& last) noexcept;

  /// A segment begins behind all others.
  void enter(std::uint32_t id, const safeatomic::FileInfo& info) noexcept;

  /// The next record of the last one.
  void add(RecordType type, std::uint64_t txid, std::uint32_t len, std::uint32_t crc) noexcept {
    if (is_lost_) return;
    SavedSegment& last = segments_.back();
    count(last.counts, type, len);
    last.chain.add(txid, len, crc);
    bytes_behind_ += len;
  }
  /// Whole frames, one behind the other.
  void add(std::string_view frames) noexcept;

  /// The last one is sealed, as `sealed` says.
  void seal(const safeatomic::FileInfo& sealed) noexcept;

  /// Its name has gone.
  void forget(std::uint32_t id) noexcept;

  /// Whether a state is worth being written before the next segment begins, or at close.
  /// @param last  what the last segment's file is now, with all of it on the disk
  [[nodiscard]] bool is_worth_rotating(const safeatomic::FileInfo& last) const noexcept;
  [[nodiscard]] bool is_worth_closing(const safeatomic::FileInfo& last) const noexcept;

  /// The state of now. Throws std::bad_alloc.
  /// @param end  where the last segment's records end
  /// @return nullopt if the log holds no record, or this does not know it
  [[nodiscard]] std::optional<StateImage> image(const safeatomic::FileInfo& last, std::uint64_t end) const;

  /// `.state` says this now.
  void saved(const StateImage& image) noexcept;

  /// What is known of each segment, ascending.
  [[nodiscard]] const std::deque<SavedSegment>& segments() const noexcept { return segments_; }

 private:
  [[nodiscard]] std::uint64_t cost_of_opening(const safeatomic::FileInfo& last) const noexcept;
  [[nodiscard]] std::uint64_t state_bytes() const noexcept {
    return saved_header_len + segments_.size() * saved_segment_len;
  }

  const StateOptions options_;
  std::deque<SavedSegment> segments_{};  // ascending
  std::uint64_t bytes_behind_ = 0;       // of records behind P of what is saved
  RecordRef saved_{};                    // that ends at P; txid 0: nothing is saved
  std::uint64_t saved_inode_ = 0;        // of its segment
  std::uint64_t saved_modified_ns_ = 0;  // of its segment
  bool is_lost_ = false;
};

}  // namespace datawal::log
