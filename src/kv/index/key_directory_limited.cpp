// KeyDirectory: with a limit on its memory. The rules are in limited_pages.hpp.

#include <algorithm>
#include <utility>

#include "base/handle_error.hpp"
#include "kv/index/key_directory.hpp"

namespace datawal::kv {

namespace {

// Beside what was changed, at least one in so many of the pages that the limit allows is for what is read.
constexpr std::uint64_t least_share_clean = 8;
constexpr std::uint64_t least_pages = 1;

// Chains that are looked at to find one that is not used; behind half of them, one that is used will do. While an index is written most
// may have to stay until their turn has come: then one more is in memory for a moment.
constexpr int looks_max = 64;

constexpr int shrunk_at_once = 16;
// Released pages that keep their memory for those that are loaded next.
constexpr std::uint64_t pages_kept_free = 32;

}  // namespace

void KeyDirectory::limit_memory(std::uint64_t bytes) {
  if (bytes == 0) return;
  limited_ = std::make_unique<LimitedPages>(bytes);
  used_ = &limited_->used;
  arena_.keep_pages_small();
}

void KeyDirectory::restore_limited(SavedDirectory saved, std::shared_ptr<PageSource> source) {
  restore_tables(saved);
  const Exclusive alone(limited_.get());
  limited_->chains_on_file = saved.pages.size();
  limited_->pages_on_file = saved.page_count;
  limited_->saved = std::make_shared<SavedGeneration>(
      SavedGeneration{.directory = std::move(saved), .source = std::move(source)});
}

void KeyDirectory::reserve_limited(std::uint64_t inserts) {
  const Exclusive alone(limited_.get());
  const std::uint64_t pages = inserts <= 1 ? inserts : pages_for(inserts);
  arena_.reserve(pages);
  limited_->reserved = pages;
}

// Read without the mutex: whoever needs another page does not wait for this one.
Result<void> KeyDirectory::load_limited(std::uint64_t hash, IsHeld is_held) const {
  if (!limited_->process.is_ours()) return std::unexpected(of_another_process("read index"));
  PageDirectory& part = parts_[static_cast<std::size_t>(&part_of(hash) - parts_.data())];
  const auto tag = static_cast<std::uint32_t>(hash);
  Chain chain;
  for (;;) {
    std::shared_ptr<const SavedGeneration> from;
    std::uint32_t word = 0;
    {
      const Exclusive alone(limited_.get());
      word = part.page_of(tag);
      if ((word & on_file_bit) == 0) {
        if (is_held == IsHeld::yes) hold_chain(word);
        return {};
      }
      from = limited_->saved;
    }
    const std::uint32_t saved = word & ~on_file_bit;
    if (Result<void> read = read_chain(*from->source, from->directory.pages[saved], chain); !read) return read;
    const Exclusive alone(limited_.get());
    if (limited_->saved != from || part.page_of(tag) != word) continue;
    place(part, saved, chain);
    if (is_held == IsHeld::yes) hold_chain(part.page_of(tag));
    return {};
  }
}

void KeyDirectory::hold_chain(std::uint32_t head) const noexcept {
  if (head == PageArena::none) return;  // there is none yet
  if (arena_.at(head).epoch() != epoch_) keep_frozen(head);
  make_dirty(head);
}

// It has been handed over to what is frozen.
void KeyDirectory::make_dirty(std::uint32_t head) const noexcept {
  Page& page = arena_.at(head);
  page.set_changed(epoch_);
  if (page.is_clean()) remove_clean(head);
}

// There is room for it in the ring.
void KeyDirectory::add_clean(std::uint32_t head, std::uint32_t saved, std::uint64_t pages) const {
  Page& page = arena_.at(head);
  page.set_saved(saved);
  page.set_clean_place(static_cast<std::uint32_t>(limited_->clean.size()));
  limited_->clean.push_back(head);
  limited_->clean_pages += pages;
}

void KeyDirectory::remove_clean(std::uint32_t head) const noexcept {
  Page& page = arena_.at(head);
  std::vector<std::uint32_t>& clean = limited_->clean;
  arena_.at(clean.back()).set_clean_place(page.clean_place());
  clean[page.clean_place()] = clean.back();
  clean.pop_back();
  limited_->clean_pages -= saved_at(page.saved()).chain;
  page.set_dirty();
}

// In a write section: somebody may still be looking at these pages, as what they were before.
void KeyDirectory::place(PageDirectory& part, std::uint32_t saved, const Chain& chain) const {
  make_room(chain.size());
  arena_.reserve(limited_->reserved + chain.size());
  if (limited_->clean.size() == limited_->clean.capacity()) limited_->clean.reserve(2 * limited_->clean.size() + 64);
  const std::uint32_t head = arena_.take();
  {
    const StripedSeqlock::WriteSection writing(seqlock_, head);
    Page* last = &arena_.at(head);
    last->fill(*chain.front());
    for (std::size_t i = 1; i < chain.size(); ++i) {
      const std::uint32_t next = arena_.take();
      arena_.at(next).fill(*chain[i]);
      last->set_next(next);
      last = &arena_.at(next);
    }
  }
  arena_.at(head).set_epoch(epoch_);  // what is frozen finds it on file
  add_clean(head, saved, chain.size());
  limited_->used.note(head);
  --limited_->chains_on_file;
  limited_->pages_on_file -= chain.size();
  const SavedPage& page = saved_at(saved);
  part.assign(page.tag, page.depth, head);
}

std::uint64_t KeyDirectory::fixed_bytes() const noexcept {
  std::uint64_t bytes = limited_->used.memory_bytes() + limited_->clean.capacity() * sizeof limited_->clean[0] +
                        limited_->saved->directory.pages.size() * sizeof(SavedPage);
  for (const PageDirectory& part : parts_) bytes += part.memory_bytes();
  return bytes;
}

bool KeyDirectory::is_too_much(std::uint64_t more) const noexcept {
  const std::uint64_t fixed = std::min(fixed_bytes(), limited_->limit_bytes);
  const std::uint64_t budget = std::max((limited_->limit_bytes - fixed) / sizeof(Page), least_pages);
  return arena_.pages_in_use() + more > budget && limited_->clean_pages > budget / least_share_clean;
}

void KeyDirectory::make_room(std::uint64_t pages) const noexcept {
  while (is_too_much(pages) && evict_one()) {
  }
}

bool KeyDirectory::evict_one() const noexcept {
  std::vector<std::uint32_t>& clean = limited_->clean;
  for (int looks = 0; looks < looks_max && !clean.empty(); ++looks) {
    if (limited_->hand >= clean.size()) limited_->hand = 0;
    const std::uint32_t head = clean[limited_->hand];
    const bool waits_for_its_turn = frozen_ != nullptr && arena_.at(head).epoch() != epoch_;
    if (waits_for_its_turn || (looks < looks_max / 2 && limited_->used.take(head))) {
      ++limited_->hand;
      continue;
    }
    evict(head);
    return true;
  }
  return false;
}

// It equals its saved page, since it is clean.
void KeyDirectory::evict(std::uint32_t head) const noexcept {
  const std::uint32_t saved = arena_.at(head).saved();
  const SavedDirectory& directory = limited_->saved->directory;
  const SavedPage& page = directory.pages[saved];
  const auto part = static_cast<std::size_t>(
      std::ranges::upper_bound(directory.parts, saved, {}, &SavedDirectory::Part::pages_begin) -
      directory.parts.begin() - 1);
  remove_clean(head);
  const StripedSeqlock::WriteSection writing(seqlock_, head);
  parts_[part].assign(page.tag, page.depth, saved | on_file_bit);
  for (std::uint32_t number = head; number != PageArena::none;) {
    const std::uint32_t released = number;
    number = arena_.at(released).next();
    arena_.release(released);
  }
  ++limited_->chains_on_file;
  limited_->pages_on_file += page.chain;
  limited_->pages_evicted += page.chain;
}

bool KeyDirectory::shrink() {
  if (!limited_) return false;
  const Exclusive alone(limited_.get());
  for (int n = 0; n < shrunk_at_once && is_too_much(0); ++n) {
    if (!evict_one()) break;
  }
  const bool is_done = arena_.give_back(pages_kept_free) && !is_too_much(0);
  return !is_done;
}

bool KeyDirectory::adopt(std::shared_ptr<const SavedGeneration> next) {
  const Exclusive alone(limited_.get());
  std::uint64_t as_before = 0;
  std::uint64_t written = 0;
  const auto for_each_page = [&](auto&& visit) {
    for (std::size_t part = 0; part < part_count; ++part) {
      const SavedDirectory::Part& its = next->directory.parts[part];
      for (std::size_t i = its.pages_begin; i < its.pages_end; ++i) {
        const SavedPage& page = next->directory.pages[i];
        if (!visit(parts_[part], static_cast<std::uint32_t>(i), page, parts_[part].page_of(page.tag))) return false;
      }
    }
    return true;
  };
  const auto are_alike = [](const SavedPage& a, const SavedPage& b) {
    return a.tag == b.tag && a.depth == b.depth && a.chain == b.chain;
  };
  // Every chain that is clean or on file must be found again, or its file would be let go.
  const bool is_sound = for_each_page([&](PageDirectory&, std::uint32_t, const SavedPage& page, std::uint32_t word) {
    const bool is_on_file = (word & on_file_bit) != 0;
    if (is_on_file || arena_.at(word).is_clean()) {
      ++as_before;
      return are_alike(saved_at(is_on_file ? word : arena_.at(word).saved()), page);
    }
    if (arena_.at(word).changed() == epoch_) return true;
    ++written;
    return arena_.at(word).depth() == page.depth;
  });
  if (!is_sound || as_before != limited_->clean.size() + limited_->chains_on_file) return false;
  limited_->clean.reserve(limited_->clean.size() + written);
  const auto take_over = [&](PageDirectory& part, std::uint32_t saved, const SavedPage& page, std::uint32_t word) {
    if ((word & on_file_bit) != 0) {
      part.assign(page.tag, page.depth, saved | on_file_bit);
    } else if (arena_.at(word).is_clean()) {
      arena_.at(word).set_saved(saved);
    } else if (arena_.at(word).changed() != epoch_) {
      add_clean(word, saved, page.chain);
    }
    return true;
  };
  (void)for_each_page(take_over);
  limited_->saved = std::move(next);
  return true;
}

// Clean chains are on file to the copy, which loads them for itself.
void KeyDirectory::copy_limited(const KeyDirectory& other) {
  limit_memory(other.limited_->limit_bytes);
  const Exclusive alone(other.limited_.get());
  const LimitedPages& its = *other.limited_;
  arena_.reserve(other.arena_.pages_in_use() - its.clean_pages);
  for (std::size_t part = 0; part < part_count; ++part) {
    parts_[part].copy(other.parts_[part]);
    other.parts_[part].for_each([&other](std::uint32_t word) { return other.depth_of(word); },
                                [&](std::uint32_t tag, std::uint32_t word) {
                                  if ((word & on_file_bit) != 0) return;
                                  const Page& first = other.arena_.at(word);
                                  if (first.is_clean()) {
                                    parts_[part].assign(tag, first.depth(), first.saved() | on_file_bit);
                                    return;
                                  }
                                  parts_[part].assign(tag, first.depth(), copy_chain(other, word));
                                });
  }
  const Exclusive ours(limited_.get());
  limited_->saved = its.saved;
  limited_->chains_on_file = its.chains_on_file + its.clean.size();
  limited_->pages_on_file = its.pages_on_file + its.clean_pages;
  size_.store(other.size(), std::memory_order_relaxed);
}

std::uint32_t KeyDirectory::copy_chain(const KeyDirectory& other, std::uint32_t from) {
  const std::uint32_t head = take_page();
  Page* last = &arena_.at(head);
  for (;;) {
    const Page& page = other.arena_.at(from);
    last->fill(page);
    from = page.next();
    if (from == PageArena::none) return head;
    const std::uint32_t next = arena_.take();
    last->set_next(next);
    last = &arena_.at(next);
  }
}

}  // namespace datawal::kv
