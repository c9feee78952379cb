#include "kv/saved_index/page_file.hpp"

#include <utility>

#include <datawal/format.hpp>
#include <safeatomic/io.hpp>

#include "base/io_error.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::kv {

Result<void> PageFile::read(std::uint32_t page, std::span<char> into) {
  const std::uint64_t offset = pages_begin_ + std::uint64_t{page} * saved_page_len;
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(*file_, offset, into);
  if (!got) {
    Error error = error_of(got.error(), "read index");
    error.path = directory_->path() / log::index_name;  // it was opened by the name that it had while it was written
    return std::unexpected(std::move(error));
  }
  if (*got != into.size()) return std::unexpected(damaged({.page = page}));
  return {};
}

bool PageFile::is_intact(const SavedPage& page, std::string_view bytes) const noexcept {
  return format::crc32c(bytes) == page.crc;
}

Error PageFile::damaged(const SavedPage& page) {
  // If it cannot be removed, the next open meets the page again and fails the same way: never a wrong answer.
  const bool is_removed = damage_ == Damage::removes_it && process_.is_ours();
  if (is_removed) (void)log::remove_cache(*directory_, log::index_name);
  return {
      .code = Errc::corruption,
      .action = "read index",
      .path = directory_->path() / log::index_name,
      .offset = pages_begin_ + std::uint64_t{page.page} * saved_page_len,
      .detail = is_removed
                    ? "a page of it is damaged; the file was removed, and opening the store again reads the log instead"
                    : "a page of it is damaged; without the index, or once it is dropped (`datawal index DIR --drop`), "
                      "the log "
                      "is read instead"};
}

}  // namespace datawal::kv
