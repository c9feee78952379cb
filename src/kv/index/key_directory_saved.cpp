// KeyDirectory: pages that lie in a file.

#include <algorithm>
#include <string>
#include <utility>

#include "base/handle_error.hpp"
#include "kv/index/key_directory.hpp"
#include "kv/index/page_image.hpp"

namespace datawal::kv {

namespace {

// Read together where all pages are wanted.
constexpr std::size_t pages_at_once = 64;

}  // namespace

// All pages are on file.
void KeyDirectory::restore_tables(const SavedDirectory& saved) {
  size_.store(saved.keys, std::memory_order_relaxed);
  for (std::size_t part = 0; part < part_count; ++part) {
    const SavedDirectory::Part& pages = saved.parts[part];
    if (pages.pages_begin == pages.pages_end) continue;
    parts_[part].begin(pages.depth);
    for (std::size_t i = pages.pages_begin; i < pages.pages_end; ++i) {
      const SavedPage& page = saved.pages[i];
      parts_[part].assign(page.tag, page.depth, static_cast<std::uint32_t>(i) | on_file_bit);
    }
  }
}

void KeyDirectory::restore(SavedDirectory saved, std::shared_ptr<PageSource> source) {
  if (limited_) return restore_limited(std::move(saved), std::move(source));
  const std::uint32_t first_number = arena_.take_block(saved.page_count);
  restore_tables(saved);
  unloaded_ = std::make_unique<UnloadedPages>(std::move(saved), std::move(source), first_number);
}

// The newest table is made from the one before while nobody publishes a page in that.
bool KeyDirectory::grow(PageDirectory& part) noexcept {
  if (!has_pages_on_file()) return part.grow();
  const Locked guard(unloaded_->mutex);
  return part.grow();
}

Result<void> KeyDirectory::load(std::uint64_t hash) const {
  if (limited_) return load_limited(hash, IsHeld::no);
  if (!unloaded_) return {};
  if (!unloaded_->process.is_ours()) return std::unexpected(of_another_process("read index"));
  const Locked guard(unloaded_->mutex);
  PageDirectory& part = parts_[static_cast<std::size_t>(&part_of(hash) - parts_.data())];
  const std::uint32_t word = part.page_of(static_cast<std::uint32_t>(hash));
  if ((word & on_file_bit) == 0) return {};
  const SavedPage& saved = unloaded_->at(word);
  std::string& buffer = unloaded_->buffer;
  buffer.resize(saved.chain * saved_page_len);
  if (Result<void> read = unloaded_->source->read(saved.page, buffer); !read) return read;
  return load(part, saved, buffer);
}

// With the mutex. Nobody has the numbers of these pages before they are published.
Result<void> KeyDirectory::load(PageDirectory& part, const SavedPage& saved, std::string_view bytes) const {
  if (!unloaded_->source->is_intact(saved, bytes)) return std::unexpected(unloaded_->source->damaged(saved));
  const std::uint32_t first = unloaded_->first_number + saved.page;
  std::uint64_t keys = 0;
  for (std::uint32_t i = 0; i < saved.chain; ++i) {
    const bool is_last = i + 1 == saved.chain;
    Page& page = arena_.at(first + i);
    if (!decode_page(bytes.substr(i * saved_page_len, saved_page_len), saved, is_last, page) ||
        (is_last && i > 0 && page.count() == 0)) {
      for (std::uint32_t n = 0; n <= i; ++n) arena_.at(first + n).clear();  // as they were before
      return std::unexpected(unloaded_->source->damaged(saved));
    }
    page.set_next(is_last ? PageArena::none : first + i + 1);
    keys += page.count();
  }
  unloaded_->keys_loaded += keys;
  part.assign(saved.tag, saved.depth, first);
  return {};
}

Result<void> KeyDirectory::load_all(const std::function<bool()>& goes_on) const {
  if (limited_ && !limited_->process.is_ours()) return std::unexpected(of_another_process("read index"));
  if (!has_pages_on_file()) return {};
  if (!unloaded_->process.is_ours()) return std::unexpected(of_another_process("read index"));
  const std::vector<SavedPage>& pages = unloaded_->directory.pages;
  std::string buffer;
  for (std::size_t begin = 0; begin < pages.size();) {
    if (!goes_on()) return {};
    std::size_t end = begin + 1;
    for (std::uint64_t count = pages[begin].chain; end < pages.size() && count < pages_at_once; ++end) {
      count += pages[end].chain;
    }
    const std::uint32_t first = unloaded_->first_number + pages[begin].page;
    const std::uint64_t count = pages[end - 1].page + pages[end - 1].chain - pages[begin].page;
    arena_.will_fill(first, count,
                     static_cast<std::uint32_t>(unloaded_->first_number + unloaded_->directory.page_count));
    if (Result<void> loaded = load_group(begin, end, buffer); !loaded) return loaded;
    arena_.was_filled(first, count);
    begin = end;
  }
  const Locked guard(unloaded_->mutex);
  // size() is believed from the beginning: by now it must have been right.
  if (unloaded_->keys_loaded != unloaded_->directory.keys) {
    return std::unexpected(unloaded_->source->damaged(SavedPage{}));
  }
  unloaded_->is_all_loaded.store(true, std::memory_order_release);
  return {};
}

// Those saved pages, as far as they are not there. Read without the mutex: nobody shall wait for more than one page.
Result<void> KeyDirectory::load_group(std::size_t begin, std::size_t end, std::string& buffer) const {
  const SavedDirectory& saved = unloaded_->directory;
  const SavedPage& last = saved.pages[end - 1];
  const std::uint32_t first_page = saved.pages[begin].page;
  buffer.resize((last.page + last.chain - first_page) * saved_page_len);
  if (Result<void> read = unloaded_->source->read(first_page, buffer); !read) return read;
  auto part = static_cast<std::size_t>(
      std::ranges::upper_bound(saved.parts, begin, {}, &SavedDirectory::Part::pages_begin) - saved.parts.begin() - 1);
  for (std::size_t i = begin; i < end; ++i) {
    const SavedPage& page = saved.pages[i];
    while (i >= saved.parts[part].pages_end) ++part;
    const Locked guard(unloaded_->mutex);
    if ((parts_[part].page_of(page.tag) & on_file_bit) == 0) continue;
    const std::string_view bytes(buffer);
    if (Result<void> loaded = load(
            parts_[part], page, bytes.substr((page.page - first_page) * saved_page_len, page.chain * saved_page_len));
        !loaded) {
      return loaded;
    }
  }
  return {};
}

}  // namespace datawal::kv
