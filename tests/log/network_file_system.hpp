#pragma once
// The operating system's filesystem, but that it calls itself a network filesystem.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <safeatomic/file_system.hpp>

namespace datawal::test {

class NetworkDirectory final : public safeatomic::Directory {
 public:
  explicit NetworkDirectory(std::unique_ptr<safeatomic::Directory> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return inner_->path(); }
  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::File>> open_file(
      std::string_view name, const safeatomic::OpenMode& how) override {
    return inner_->open_file(name, how);
  }
  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::Directory>> open_directory(
      std::string_view name) override {
    safeatomic::Result<std::unique_ptr<safeatomic::Directory>> opened = inner_->open_directory(name);
    if (opened) opened = std::make_unique<NetworkDirectory>(std::move(*opened));
    return opened;
  }
  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::Directory>> open_parent() override {
    return inner_->open_parent();
  }
  [[nodiscard]] safeatomic::Result<void> make_directory(std::string_view name, std::uint32_t mode) override {
    return inner_->make_directory(name, mode);
  }
  [[nodiscard]] safeatomic::Result<std::vector<std::string>> list() override { return inner_->list(); }
  [[nodiscard]] safeatomic::Result<safeatomic::FileInfo> info() const override { return inner_->info(); }
  [[nodiscard]] safeatomic::Result<safeatomic::FileInfo> info_of(std::string_view name) const override {
    return inner_->info_of(name);
  }
  [[nodiscard]] safeatomic::Result<void> link(std::string_view name, safeatomic::Directory& target,
                                              std::string_view new_name) override {
    return inner_->link(name, *static_cast<NetworkDirectory&>(target).inner_, new_name);
  }
  [[nodiscard]] safeatomic::Result<void> rename(std::string_view name, safeatomic::Directory& target,
                                                std::string_view new_name, safeatomic::RenameMode mode) override {
    return inner_->rename(name, *static_cast<NetworkDirectory&>(target).inner_, new_name, mode);
  }
  [[nodiscard]] safeatomic::Result<void> unlink(std::string_view name) override { return inner_->unlink(name); }
  [[nodiscard]] safeatomic::Result<void> remove_directory(std::string_view name) override {
    return inner_->remove_directory(name);
  }
  [[nodiscard]] safeatomic::Result<void> sync() override { return inner_->sync(); }
  [[nodiscard]] safeatomic::Result<void> sync_file_system() override { return inner_->sync_file_system(); }
  [[nodiscard]] safeatomic::Result<bool> try_lock() override { return inner_->try_lock(); }
  safeatomic::Result<void> unlock() override { return inner_->unlock(); }
  [[nodiscard]] safeatomic::Result<bool> is_network() const override { return true; }
  [[nodiscard]] safeatomic::Result<bool> reserves_for_good() const override { return false; }

 private:
  std::unique_ptr<safeatomic::Directory> inner_;
};

class NetworkFileSystem final : public safeatomic::FileSystem {
 public:
  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::Directory>> open_directory(
      const std::filesystem::path& path) override {
    safeatomic::Result<std::unique_ptr<safeatomic::Directory>> opened = safeatomic::posix_file_system().open_directory(
        path);
    if (opened) opened = std::make_unique<NetworkDirectory>(std::move(*opened));
    return opened;
  }
  [[nodiscard]] safeatomic::Result<std::uint64_t> random() override { return safeatomic::posix_file_system().random(); }
};

}  // namespace datawal::test
