#pragma once
// The pages of a persisted index, read when they are needed. Never mapped: a failing disk is an error, not a signal.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/fork_guard.hpp"
#include "kv/index/saved_pages.hpp"
#include "kv/saved_index/index_file.hpp"

namespace datawal::kv {

/// Owns the open file. The first damaged page takes the file's name away, so that the next open reads the log.
class PageFile final : public PageSource {
 public:
  PageFile(std::shared_ptr<safeatomic::Directory> directory, const SavedIndex& index)
      : directory_(std::move(directory)), file_(index.file), pages_begin_(index.header.pages_begin) {}

  [[nodiscard]] Result<void> read(std::uint32_t page, std::span<char> into) override;
  [[nodiscard]] bool is_intact(const SavedPage& page, std::string_view bytes) const noexcept override;
  [[nodiscard, gnu::cold]] Error damaged(const SavedPage& page) override;

 private:
  const std::shared_ptr<safeatomic::Directory> directory_;
  const std::shared_ptr<safeatomic::File> file_;
  const std::uint64_t pages_begin_;
  const ForkGuard process_{};
};

}  // namespace datawal::kv
