#pragma once

#include <filesystem>

#include "posix_fork.hpp"
#include "posix_support.hpp"

namespace safeatomic::posix {

class PosixDirectory final : public Directory {
 public:
  PosixDirectory(Descriptor descriptor, std::filesystem::path path) noexcept
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
  [[nodiscard]] Result<std::unique_ptr<File>> open_file(std::string_view name, const OpenMode& how) override;
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(std::string_view name) override;
  [[nodiscard]] Result<std::unique_ptr<Directory>> open_parent() override;
  [[nodiscard]] Result<void> make_directory(std::string_view name, std::uint32_t mode) override;
  [[nodiscard]] Result<std::vector<std::string>> list() override;
  [[nodiscard]] Result<FileInfo> info() const override;
  [[nodiscard]] Result<FileInfo> info_of(std::string_view name) const override;
  [[nodiscard]] Result<void> link(std::string_view name, Directory& target, std::string_view new_name) override;
  [[nodiscard]] Result<void> rename(std::string_view name, Directory& target, std::string_view new_name,
                                    RenameMode mode) override;
  [[nodiscard]] Result<void> unlink(std::string_view name) override;
  [[nodiscard]] Result<void> remove_directory(std::string_view name) override;
  [[nodiscard]] Result<void> sync() override;
  [[nodiscard]] Result<void> sync_file_system() override;
  [[nodiscard]] Result<bool> try_lock() override;
  Result<void> unlock() override;
  [[nodiscard]] Result<bool> is_network() const override;
  [[nodiscard]] Result<bool> reserves_for_good() const override;
  [[nodiscard]] Result<std::filesystem::path> read_link(std::string_view name) const override;

 private:
  [[nodiscard]] int fd() const noexcept { return descriptor_.get(); }

  Descriptor descriptor_;
  LockNote locked_;  // after the descriptor, so that it is destroyed first
  std::filesystem::path path_;
};

}  // namespace safeatomic::posix
