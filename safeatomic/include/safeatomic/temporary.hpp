#pragma once
// Files that nobody sees before they are whole.

#include <memory>
#include <string>
#include <string_view>

#include <safeatomic/file_system.hpp>

namespace safeatomic {

/// Whether `name` is that of one of our temporaries: `.tmp-<16 lower-case hex digits>.dwal-tmp`.
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;

/// A fresh, unpredictable temporary name.
[[nodiscard]] Result<std::string> temporary_name(FileSystem& file_system);

/// A new file under a temporary name in `directory`, made with O_EXCL. Unless it was published, the destructor unlinks
/// it. The directory must outlive it. One thread at a time.
class TemporaryFile {
 public:
  [[nodiscard]] static Result<TemporaryFile> create(FileSystem& file_system, Directory& directory,
                                                    std::uint32_t mode);  ///< makes one; `mode` are its permission bits

  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  ~TemporaryFile();

  [[nodiscard]] File& file() noexcept { return *file_; }                    ///< the open file
  [[nodiscard]] const std::string& name() const noexcept { return name_; }  ///< its present name

  /// Makes it resemble the file that it is to replace: owner, group and permission bits. Where the operating system
  /// does not let us give it away, we remain its owner (and our group its group), and its permissions shrink to what
  /// nobody gains by: 0640 becomes 0600, 0644 stays. Access control lists and other attributes are not taken over.
  [[nodiscard]] Result<void> take_ownership_of(const FileInfo& like);

  /// Renames it over `name` in the same directory. Neither the file nor the directory is synced: the caller syncs the
  /// file before and the directory after.
  [[nodiscard]] Result<void> publish_over(std::string_view name);

  /// Gives it `name` if that is free: a rename that does not replace or, where the filesystem has none, a hard link. Nothing
  /// is synced, as in publish_over.
  /// @return false if the name is taken; the temporary is still there then
  [[nodiscard]] Result<bool> publish_new(std::string_view name);

  /// Takes the open file out after publishing, to go on with it.
  [[nodiscard]] std::unique_ptr<File> release() noexcept { return std::move(file_); }

 private:
  TemporaryFile(Directory& directory, std::string name, std::unique_ptr<File> file) noexcept;
  void discard() noexcept;

  Directory* directory_ = nullptr;  // null once published or moved from
  std::string name_;
  std::unique_ptr<File> file_;
};

}  // namespace safeatomic
