#pragma once
// A file lock that is held only for a moment, between processes (writers or not) that change the same thing.

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

namespace datawal::log {

/// Opens a file only to lock it: for writing if permitted, since a network filesystem locks nothing else.
[[nodiscard]] safeatomic::Result<std::shared_ptr<safeatomic::File>> open_to_lock(safeatomic::Directory& directory,
                                                                                 std::string_view name);

/// An exclusive `flock` on an open file, given back explicitly: others may keep the file open.
class BriefLock {
 public:
  /// Without waiting. @return nullopt if somebody holds it; io
  [[nodiscard]] static Result<std::optional<BriefLock>> attempt(std::shared_ptr<safeatomic::File> file,
                                                                std::string_view action);
  /// Waits up to half a minute for others to unlock it. Not fair. @return locked; io
  [[nodiscard]] static Result<BriefLock> wait_for(const std::shared_ptr<safeatomic::File>& file,
                                                  std::string_view action);

  BriefLock(BriefLock&& other) noexcept : file_(std::move(other.file_)) {}
  BriefLock& operator=(BriefLock&&) = delete;
  ~BriefLock();

 private:
  explicit BriefLock(std::shared_ptr<safeatomic::File> file) noexcept : file_(std::move(file)) {}

  std::shared_ptr<safeatomic::File> file_;  // null once moved from
};

}  // namespace datawal::log
