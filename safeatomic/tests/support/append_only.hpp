#pragma once

#include <filesystem>

namespace safeatomic::test {

/// Makes a file or directory append-only (chattr +a), and takes that back.
class AppendOnly {
 public:
  explicit AppendOnly(std::filesystem::path path);
  AppendOnly(const AppendOnly&) = delete;
  AppendOnly& operator=(const AppendOnly&) = delete;
  ~AppendOnly();

  [[nodiscard]] bool is_set() const noexcept {
    return is_set_;
  }  ///< false where only root could, or the filesystem cannot

 private:
  std::filesystem::path path_;
  bool is_set_;
};

}  // namespace safeatomic::test
