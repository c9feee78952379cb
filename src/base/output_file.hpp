#pragma once
// A large file that appears whole or not at all.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>
#include <safeatomic/temporary.hpp>

namespace datawal::kv {

/// Buffered writing to a temporary. One thread at a time.
class OutputFile {
 public:
  /// @param action  static text for errors: "export"
  [[nodiscard]] static Result<OutputFile> create(safeatomic::FileSystem& file_system, safeatomic::Directory& directory,
                                                 std::uint32_t mode, std::string_view action);

  /// The temporary itself, for changing its access before it is published.
  [[nodiscard]] safeatomic::File& file() noexcept { return file_.file(); }

  [[nodiscard]] Result<void> append(std::string_view bytes);

  /// Bytes appended so far.
  [[nodiscard]] std::uint64_t size() const noexcept { return flushed_ + buffer_.size(); }

  /// Syncs it and renames it over `name`, whose owner and mode it takes over; the directory is synced.
  /// @return invalid_argument if something that is not a regular file is there
  [[nodiscard]] Result<void> replace(std::string_view name);

  /// Syncs it and gives it `name`, which must be free; the directory is synced. @return already_exists
  [[nodiscard]] Result<void> publish(std::string_view name);

 private:
  OutputFile(safeatomic::Directory& directory, safeatomic::TemporaryFile file, std::string_view action) noexcept
      : directory_(&directory), file_(std::move(file)), action_(action) {}

  [[nodiscard]] Result<void> flush();
  [[nodiscard]] Result<void> sync();
  [[nodiscard]] Result<void> sync_name();

  safeatomic::Directory* directory_;
  safeatomic::TemporaryFile file_;
  std::string_view action_;
  std::string buffer_;
  std::uint64_t flushed_ = 0;
};

}  // namespace datawal::kv
