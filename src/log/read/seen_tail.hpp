#pragma once
// What a reader has seen that the log's writer may still take back.

#include <cstdint>
#include <optional>

#include <datawal/record.hpp>

#include "log/read/snapshot.hpp"
#include "log/read/verdict.hpp"

namespace datawal::log {

/// The digest of records seen one after the other, with one more. It ignores where they lie.
[[nodiscard]] inline std::uint64_t seen_digest(std::uint64_t before, const RecordRef& record) noexcept {
  const std::uint64_t digest = (before ^ record.crc ^ (record.txid << 32U)) * 0x9E37'79B9'7F4A'7C15U;
  return digest ^ (digest >> 29U);
}

/// The records of the last segment after what is known to be synced. A writer whose write fails takes back what it wrote, whole
/// records too, and others may take their place, the last one exactly where the last one was: only all of them together show
/// whether they are still there. What is synced, and every segment that another one follows, stays unchanged.
class SeenTail {
 public:
  SeenTail() = default;
  /// Of the last segment of `snapshot`, from its watermark on.
  explicit SeenTail(const Snapshot& snapshot) {
    if (snapshot.segments.empty()) return;
    const PinnedSegment& last = snapshot.segments.back();
    segment_ = last.id;
    const std::optional<format::Watermark>& watermark = snapshot.watermark;
    if (watermark && watermark->segment == last.id && watermark->inode == last.info.inode) begin_ = watermark->offset;
    end_ = begin_;
  }
  /// What ends with `last` is known to be synced, too.
  void begin_behind(const RecordRef& last) noexcept {
    if (last.segment != segment_ || last.offset + last.len < begin_) return;
    begin_ = end_ = last.offset + last.len;
    before_ = last;
  }
  /// Empty, from the same place on.
  [[nodiscard]] SeenTail begun() const noexcept {
    SeenTail begun;
    begun.segment_ = segment_;
    begun.begin_ = begun.end_ = begin_;
    begun.before_ = before_;
    return begun;
  }

  /// Adds the next record of the log.
  void add(const RecordRef& record) noexcept {
    if (record.segment != segment_ || record.offset + record.len < begin_) return;
    if (record.offset + record.len == begin_) {
      before_ = record;
      return;
    }
    if (record.offset != end_) is_whole_ = false;  // no record begins at the watermark
    end_ = record.offset + record.len;
    last_ = record;
    digest_ = seen_digest(digest_, record);
  }

  [[nodiscard]] std::uint32_t segment() const noexcept { return segment_; }
  [[nodiscard]] std::uint64_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  /// The record that ends at begin(); nullopt if there is none, or it was not added. Even what was synced may be other records now:
  /// after an older copy was restored over it, or a tear that no watermark showed.
  [[nodiscard]] const std::optional<RecordRef>& before() const noexcept { return before_; }
  /// True if what was added begins at begin(), with what is before(), and leaves nothing out.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_ && (begin_ == 0 || before_); }

  [[nodiscard]] bool is_same_place(const SeenTail& other) const noexcept {
    return segment_ == other.segment_ && begin_ == other.begin_;
  }

  friend bool operator==(const SeenTail&, const SeenTail&) = default;

 private:
  std::uint32_t segment_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t digest_ = 0;
  RecordRef last_{};
  std::optional<RecordRef> before_{};
  bool is_whole_ = true;
};

/// True if `now` begins with the segments of `before`, each the same file; the last may have grown. Both are of the same reader,
/// one taken after the other.
[[nodiscard]] bool goes_on_from(const Snapshot& now, const Snapshot& before) noexcept;

}  // namespace datawal::log
