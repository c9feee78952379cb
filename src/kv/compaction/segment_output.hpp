#pragma once
// The new file of a segment that is rewritten.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>
#include <safeatomic/temporary.hpp>

#include "kv/compaction/write_behind.hpp"

namespace datawal::kv {

/// A temporary that is created with the first bytes: a segment of which nothing is left needs no space at all. One thread.
class SegmentOutput {
 public:
  /// @param mode            of the file
  /// @param may_use_thread  asked for each block: whether a second thread may write it while the caller goes on
  SegmentOutput(safeatomic::FileSystem& file_system, safeatomic::Directory& directory, std::uint32_t mode,
                std::function<bool()> may_use_thread);

  /// @return no_space; io: also of bytes that were appended before
  [[nodiscard]] Result<void> append(std::string_view frame);

  /// On return all that was appended is in the file, not synced. Must be the last call.
  /// @return the file, empty if there is nothing in it; as append
  [[nodiscard]] Result<std::optional<safeatomic::TemporaryFile>> finish();

  /// The bytes that were appended.
  [[nodiscard]] std::uint64_t size() const noexcept { return handed_over_ + buffer_.size(); }

 private:
  [[nodiscard]] Result<void> make_file();
  [[nodiscard]] Result<void> hand_over();
  [[nodiscard]] Result<void> write(std::string_view frame);
  [[nodiscard]] bool has_thread();

  safeatomic::FileSystem& file_system_;
  safeatomic::Directory& directory_;
  const std::uint32_t mode_;
  const std::function<bool()> may_use_thread_;
  bool has_no_thread_;  // there is none to be had, or it would not pay
  std::optional<safeatomic::TemporaryFile> file_;
  std::optional<SequentialWriter> writer_;
  std::unique_ptr<WriteBehind> behind_;
  std::string buffer_;
  std::uint64_t handed_over_ = 0;
};

}  // namespace datawal::kv
