#pragma once

#include <atomic>
#include <filesystem>

#include "posix_fork.hpp"
#include "posix_support.hpp"

namespace safeatomic::posix {

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::filesystem::path path) noexcept
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  /// For making the object before there is a descriptor.
  void take(Descriptor descriptor) noexcept { descriptor_ = std::move(descriptor); }

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override;
  [[nodiscard]] Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override;
  [[nodiscard]] Result<void> truncate(std::uint64_t size) override;
  [[nodiscard]] Result<void> reserve(std::uint64_t offset, std::uint64_t length) override;
  [[nodiscard]] Result<void> sync_data() override;
  [[nodiscard]] Result<void> sync_all() override;
  Result<void> start_writeback(std::uint64_t offset, std::uint64_t length) override;
  [[nodiscard]] Result<FileInfo> info() const override;
  [[nodiscard]] Result<std::optional<DataRange>> next_data(std::uint64_t offset) override;
  [[nodiscard]] Result<std::unique_ptr<Mapping>> map(MapAccess access, std::uint64_t offset,
                                                     std::size_t length) override;
  [[nodiscard]] Result<void> copy_ownership(const FileInfo& like) override;
  [[nodiscard]] Result<bool> try_lock(LockKind kind) override;
  Result<void> unlock(LockKind kind) override;
  [[nodiscard]] Result<bool> is_locked() const override;
  [[nodiscard]] Result<DataRange> append(std::string_view bytes) override;
  [[nodiscard]] Result<std::string> access_control_list() const override;
  [[nodiscard]] Result<void> set_access_control_list(std::string_view list) override;

 private:
  [[nodiscard]] int fd() const noexcept { return descriptor_.get(); }

  /// True if a write there would raise SIGXFSZ, which ends the process.
  [[nodiscard]] bool is_beyond_limit(std::uint64_t offset, std::uint64_t length) noexcept;

  Descriptor descriptor_;
  LockNote locked_;  // after the descriptor, so that it is destroyed first
  std::filesystem::path path_;
  std::atomic<std::uint64_t> known_limit_{0};  // of the size; asked for again when it is passed
};

}  // namespace safeatomic::posix
