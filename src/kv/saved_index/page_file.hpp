#pragma once
// The pages of a persisted index, read when they are needed. Never mapped: a failing disk is an error, not a signal.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "base/fork_guard.hpp"
#include "kv/index/saved_pages.hpp"
#include "kv/saved_index/index_file.hpp"

namespace datawal::kv {

/// What becomes of the file when a page of it is damaged.
enum class Damage : std::uint8_t {
  removes_it,  ///< so that the next open reads the log
  is_left,     ///< whoever looks changes nothing
};

/// Owns the open file.
class PageFile final : public PageSource {
 public:
  PageFile(std::shared_ptr<safeatomic::Directory> directory, const SavedIndex& index, Damage damage)
      : directory_(std::move(directory)), file_(index.file), pages_begin_(index.header.pages_begin), damage_(damage) {}
  /// Of an index that this process has written.
  PageFile(std::shared_ptr<safeatomic::Directory> directory, std::shared_ptr<safeatomic::File> file,
           std::uint64_t pages_begin, SavedAddress in_memory)
      : directory_(std::move(directory)),
        file_(std::move(file)),
        pages_begin_(pages_begin),
        damage_(Damage::removes_it),
        in_memory_(std::move(in_memory)) {}

  [[nodiscard]] Result<void> read(std::uint32_t page, std::span<char> into) override;
  [[nodiscard]] bool is_intact(const SavedPage& page, std::string_view bytes) const noexcept override;
  [[nodiscard]] const SavedAddress* in_memory() const noexcept override { return in_memory_ ? &in_memory_ : nullptr; }
  [[nodiscard, gnu::cold]] Error damaged(const SavedPage& page) override;

 private:
  const std::shared_ptr<safeatomic::Directory> directory_;
  const std::shared_ptr<safeatomic::File> file_;
  const std::uint64_t pages_begin_;
  const Damage damage_;
  const SavedAddress in_memory_{};
  const ForkGuard process_{};
};

}  // namespace datawal::kv
