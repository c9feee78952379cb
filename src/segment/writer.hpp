#pragma once
// Appends frames to one segment file.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "format/frame.hpp"

namespace datawal::segment {

/// The append path: one `pwritev` of a whole frame per call. Knows nothing of directories, watermarks or poison: it says what
/// failed and whether the file is still as it was. The caller orders all calls.
class Writer {
 public:
  /// @param end  where the valid prefix ends, which is where the file ends
  Writer(std::shared_ptr<safeatomic::File> file, std::uint64_t end) noexcept;

  /// Writes one frame at end(). After a failure nothing of it stays, unless is_broken().
  /// @return where the frame begins
  [[nodiscard]] Result<std::uint64_t> append(const format::Header& header, std::string_view key,
                                             std::string_view payload);

  /// On return everything below end() survives a loss of power. After a failure nothing is known: see File::sync_data.
  [[nodiscard]] Result<void> sync();

  /// A failed write could not be undone, or not durably: what lies behind end() is unknown, and nothing may be appended.
  [[nodiscard]] bool is_broken() const noexcept { return broken_; }

  /// A failed write was undone, and only a sync makes that durable: until then a loss of power may bring it back.
  [[nodiscard]] bool has_unsynced_rollback() const noexcept { return rollback_unsynced_; }

  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  /// Outlives the writer where a reader still needs it.
  [[nodiscard]] const std::shared_ptr<safeatomic::File>& file() const noexcept { return file_; }

 private:
  [[nodiscard]] safeatomic::Result<void> write_frame(const format::Header& header, std::string_view key,
                                                     std::string_view payload);
  void roll_back() noexcept;

  std::shared_ptr<safeatomic::File> file_;
  std::vector<char> buffer_;
  std::uint64_t end_;
  bool rollback_unsynced_ = false;
  bool broken_ = false;
};

}  // namespace datawal::segment
