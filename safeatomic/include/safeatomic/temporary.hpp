#pragma once
// Files that are invisible until they are complete.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <safeatomic/access.hpp>
#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// True for the name of a temporary without a target: `.tmp-<16 lower-case hex digits>.dwal-tmp`.
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;

/// The target in the name of a temporary: `.<target>.<16 lower-case hex digits>.dwal-tmp`. Only its beginning if all of it
/// would have been too long, "" for a temporary without one. nullopt if `name` is not that of a temporary.
[[nodiscard]] std::optional<std::string_view> target_of_temporary(std::string_view name) noexcept;

/// A fresh, unpredictable temporary name; with `target`, one that contains it.
[[nodiscard]] Result<std::string> temporary_name(FileSystem& file_system, std::string_view target = {});

/// A new file under a temporary name in `directory`, made with O_EXCL. Unless it was published, the destructor unlinks
/// it. The directory must outlive it. One thread at a time. AtomicFile does everything that replacing a file takes.
class TemporaryFile {
 public:
  /// Makes one with the permission bits `mode`; its name contains `target`.
  /// @return permission in a directory from which names cannot be removed (chattr +a); nothing was made
  [[nodiscard]] static Result<TemporaryFile> create(FileSystem& file_system, Directory& directory, std::uint32_t mode,
                                                    std::string_view target = {});

  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  ~TemporaryFile();

  [[nodiscard]] File& file() noexcept { return *file_; }                    ///< the open file
  [[nodiscard]] const std::string& name() const noexcept { return name_; }  ///< its present name

  /// Gives it the access of the file it will replace: owner, group, permission bits and access control list. If the
  /// operating system does not let us give it away, we remain its owner (and our group its group), and its permissions shrink
  /// so that nobody gains. Other attributes are not taken over.
  [[nodiscard]] Result<void> take_ownership_of(const Access& like, KeepAccess keep = KeepAccess::or_narrow);

  /// Renames it over `name` in the same directory. Neither the file nor the directory is synced: the caller syncs the
  /// file before and the directory after.
  [[nodiscard]] Result<void> publish_over(std::string_view name);

  /// Gives it `name` if that is free: a rename that does not replace or, where the filesystem has none, a hard link. Nothing
  /// is synced, as in publish_over.
  /// @return false if the name is taken; the temporary is still there
  [[nodiscard]] Result<bool> publish_new(std::string_view name);

  /// Takes the open file out after publishing, for further use.
  [[nodiscard]] std::unique_ptr<File> release() noexcept { return std::move(file_); }

 private:
  TemporaryFile(Directory& directory, std::string name, std::unique_ptr<File> file) noexcept;
  void discard() noexcept;

  Directory* directory_ = nullptr;  // null once published or moved from
  std::string name_;
  std::unique_ptr<File> file_;
};

}  // namespace safeatomic
