#pragma once
// An empty directory that is removed with everything in it.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace safeatomic::test {

class ScratchDirectory {
 public:
  /// Below the system's directory for temporary files, or below `parent`.
  ScratchDirectory();
  explicit ScratchDirectory(const std::filesystem::path& parent);
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  /// The names in it, sorted.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Removes everything in it.
  void clear() const;

 private:
  std::filesystem::path path_;
};

/// Where a sync costs nothing, if there is such a place: for tests that sync thousands of times and cut no power.
[[nodiscard]] std::filesystem::path memory_backed_parent();

/// The bytes of a file; "<absent>" if it cannot be opened.
[[nodiscard]] std::string slurp(const std::filesystem::path& path);

/// Makes or replaces a file, without any care for crashes.
void spill(const std::filesystem::path& path, std::string_view content);

/// The nine permission bits of what stands there.
[[nodiscard]] unsigned mode_of(const std::filesystem::path& path);

}  // namespace safeatomic::test
