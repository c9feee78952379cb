#include "kv/index/key_directory.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace datawal::kv {

namespace {

// A page is split when it holds so many: fuller, and lookups pass too many full buckets.
constexpr std::uint32_t split_count = 376;
// A split that moves fewer entries than this, or leaves fewer, is not worth a page.
constexpr std::size_t min_moved = page_slots / 8;

constexpr std::uint32_t all_slots = (1U << bucket_slots) - 1;

/// Part p gets the hashes whose leading bits, read as a fraction x, are in 2^(p/16) <= 1 + x < 2^((p+1)/16).
constexpr std::array<std::uint8_t, 256> make_part_of_byte() noexcept {
  constexpr double sixteenth_root_of_two = 1.0442737824274138;
  std::array<std::uint8_t, 256> parts{};
  double end = sixteenth_root_of_two;
  std::uint8_t part = 0;
  for (std::size_t byte = 0; byte < parts.size(); ++byte) {
    if (1.0 + (static_cast<double>(byte) + 0.5) / 256.0 >= end) {
      ++part;
      end *= sixteenth_root_of_two;
    }
    parts[byte] = part;
  }
  return parts;
}
constexpr std::array<std::uint8_t, 256> part_of_byte = make_part_of_byte();
static_assert(part_of_byte.back() == 15);

std::uint32_t tag_of(std::uint64_t hash) noexcept {
  const auto tag = static_cast<std::uint32_t>(hash);
  return tag == free_tag ? 1 : tag;
}

/// The bit by which a page of that depth is split.
std::uint32_t split_bit(std::uint32_t depth) noexcept { return 0x8000'0000U >> depth; }

}  // namespace

KeyDirectory::KeyDirectory() : gathered_(new Entry[page_slots]), gathered_capacity_(page_slots) {}

// How many pages so many inserts may take, one at most each. A page that is there may be split, or its chain, by the first one
// that meets it; one that was made by a split only when it has taken the share of entries that the split at least moved.
std::uint64_t KeyDirectory::pages_for(std::uint64_t inserts) const noexcept {
  return std::min(inserts, part_count + 2 * arena_.pages_in_use() + inserts / (min_moved / 2));
}

const PageDirectory& KeyDirectory::part_of(std::uint64_t hash) const noexcept {
  return parts_[part_of_byte[hash >> 56]];
}
PageDirectory& KeyDirectory::part_of(std::uint64_t hash) noexcept { return parts_[part_of_byte[hash >> 56]]; }

Candidates KeyDirectory::find(std::uint64_t hash) const noexcept {
  Candidates candidates(tag_of(hash));
  const PageDirectory& part = part_of(hash);
  for (;;) {
    candidates.head_ = part.page_of(candidates.tag_);
    if (candidates.is_on_file()) [[unlikely]]
      return candidates;
    if (used_ != nullptr) [[unlikely]]
      used_->note(candidates.head_);
    arena_.at(candidates.head_).prefetch_addresses(candidates.tag_);
    candidates.sequence_ = seqlock_.begin_read(candidates.head_);
    // A split that ended before the sequence was read has handed tags to another page without changing it since.
    if (part.page_of(candidates.tag_) != candidates.head_) [[unlikely]]
      continue;
    candidates.page_ = candidates.head_;
    candidates.passed_ = 0;
    candidates.unseen_ = all_slots;
    if (collect(candidates)) [[likely]]
      return candidates;
  }
}

bool KeyDirectory::collect(Candidates& candidates) const noexcept {
  const std::uint32_t home = home_of(candidates.tag_);
  candidates.count_ = 0;
  candidates.has_more_ = false;
  for (;;) {
    const Page& page = arena_.at(candidates.page_);
    for (; candidates.passed_ < page_buckets; ++candidates.passed_, candidates.unseen_ = all_slots) {
      const std::uint32_t bucket = bucket_after(home, candidates.passed_);
      const BucketMatch match = page.match(bucket, candidates.tag_);
      for (std::uint32_t same = match.same & candidates.unseen_; same != 0; same &= same - 1) {
        if (candidates.count_ == Candidates::capacity) {
          candidates.unseen_ = same;
          candidates.has_more_ = true;
          return is_unchanged(candidates);
        }
        const Slot slot{bucket, static_cast<std::uint32_t>(std::countr_zero(same))};
        candidates.addresses_[candidates.count_++] = page.address(slot);
      }
      // Nothing lies behind a free slot; and what was found is mostly what was sought: the rest waits for advance().
      if ((match.free | candidates.count_) != 0) [[likely]] {
        candidates.has_more_ = match.free == 0;
        ++candidates.passed_;
        candidates.unseen_ = all_slots;
        return is_unchanged(candidates);
      }
    }
    const std::uint32_t next = page.next();
    // Only a chain that did not change is known to end.
    if (next == PageArena::none || !is_unchanged(candidates)) return is_unchanged(candidates);
    candidates.page_ = next;
    candidates.passed_ = 0;
    candidates.unseen_ = all_slots;
  }
}

bool KeyDirectory::may_contain(std::uint64_t hash) const noexcept {
  const std::uint32_t tag = tag_of(hash);
  const std::uint32_t home = home_of(tag);
  std::uint32_t number = part_of(hash).page_of(tag);
  if ((number & on_file_bit) != 0) [[unlikely]]
    return true;
  do {
    const Page& page = arena_.at(number);
    for (std::uint32_t passed = 0; passed < page_buckets; ++passed) {
      const BucketMatch match = page.match(bucket_after(home, passed), tag);
      if (match.same != 0) return true;
      if (match.free != 0) return false;
    }
    number = page.next();
  } while (number != PageArena::none);
  return false;
}

void KeyDirectory::prefetch(std::uint64_t hash) const noexcept {
  const std::uint32_t tag = tag_of(hash);
  const std::uint32_t number = part_of(hash).page_of(tag);
  if ((number & on_file_bit) != 0) [[unlikely]]
    return;
  const Page& page = arena_.at(number);
  page.prefetch_tags(tag);
  page.prefetch_addresses(tag);
}

void KeyDirectory::prefetch_for_change(std::uint64_t hash) const noexcept {
  const std::uint32_t tag = tag_of(hash);
  const std::uint32_t number = part_of(hash).page_of(tag);
  if ((number & on_file_bit) != 0) [[unlikely]]
    return;
  const Page& page = arena_.at(number);
  page.prefetch_tags(tag);
  page.prefetch_addresses(tag);
  page.prefetch_counts();
}

bool KeyDirectory::locate(std::uint64_t hash, std::uint64_t address, Place& place) const noexcept {
  const std::uint32_t tag = tag_of(hash);
  place.head = part_of(hash).page_of(tag);
  place.page = place.head;
  do {
    const Page& page = arena_.at(place.page);
    for (std::uint32_t passed = 0; passed < page_buckets; ++passed) {
      place.slot.bucket = bucket_after(home_of(tag), passed);
      const BucketMatch match = page.match(place.slot.bucket, tag);
      for (std::uint32_t same = match.same; same != 0; same &= same - 1) {
        place.slot.index = static_cast<std::uint32_t>(std::countr_zero(same));
        if (page.address(place.slot) == address) return true;
      }
      if (match.free != 0) return false;
    }
    place.page = page.next();
  } while (place.page != PageArena::none);
  return false;
}

Page& KeyDirectory::last_of_chain(Page& head) const noexcept {
  Page* page = &head;
  while (page->next() != PageArena::none) page = &arena_.at(page->next());
  return *page;
}

bool KeyDirectory::wants_split(const Page& head) const noexcept {
  if (head.next() == PageArena::none) return head.count() >= split_count;
  return last_of_chain(arena_.at(head.next())).is_full();
}

bool KeyDirectory::gather(const Page& head) noexcept {
  std::size_t pages = 1;
  for (std::uint32_t next = head.next(); next != PageArena::none; next = arena_.at(next).next()) ++pages;
  if (pages * page_slots > gathered_capacity_) {
    std::unique_ptr<Entry[]> larger(new (std::nothrow) Entry[pages * page_slots]);
    if (larger == nullptr) return false;
    gathered_ = std::move(larger);
    gathered_capacity_ = pages * page_slots;
  }
  gathered_count_ = 0;
  const Page* page = &head;
  for (;;) {
    page->for_each([&](const Entry& entry) { gathered_[gathered_count_++] = entry; });
    if (page->next() == PageArena::none) return true;
    page = &arena_.at(page->next());
  }
}

// The first of a new chain: at the instant of the last freezing there was none.
std::uint32_t KeyDirectory::take_page() noexcept {
  const std::uint32_t number = arena_.take();
  Page& page = arena_.at(number);
  page.set_epoch(epoch_);
  page.set_changed(epoch_);
  page.set_dirty();
  return number;
}

/// Splits the page of a tag, and what is chained to it, in two.
/// @return false if that would not help, or there is no memory for it: nothing changed
bool KeyDirectory::split(PageDirectory& part, std::uint32_t head, std::uint32_t tag) noexcept {
  Page& stays = arena_.at(head);
  const std::uint32_t depth = stays.depth();
  if (depth == PageDirectory::max_depth || !gather(stays)) return false;
  const std::span<const Entry> entries(gathered_.get(), gathered_count_);
  const std::uint32_t bit = split_bit(depth);
  const auto moves = [bit](const Entry& entry) { return (entry.tag & bit) != 0; };
  const auto moved = static_cast<std::size_t>(std::ranges::count_if(entries, moves));
  if (std::min(moved, entries.size() - moved) < min_moved) return false;
  if (depth == part.depth()) {
    // Tags that begin alike would make the table huge: hashes do not, unless somebody made them.
    if ((std::uint64_t{64} << depth) > size() || !grow(part)) return false;
  }

  const Change changing(*this, head);
  empty_chain(stays);
  const std::uint32_t other = take_page();
  Page& takes = arena_.at(other);
  for (const Entry& entry : entries) append(moves(entry) ? takes : stays, entry);
  stays.set_depth(depth + 1);
  takes.set_depth(depth + 1);
  part.assign(tag | bit, depth + 1, other);
  return true;
}

void KeyDirectory::empty_chain(Page& head) noexcept {
  for (std::uint32_t next = head.next(); next != PageArena::none;) {
    const std::uint32_t released = next;
    next = arena_.at(released).next();
    arena_.release(released);
  }
  head.clear();
}

/// Adds an entry to the end of a chain. Takes a page if that is full.
void KeyDirectory::append(Page& head, Entry entry) noexcept {
  Page* last = &last_of_chain(head);
  if (last->is_full()) {
    const std::uint32_t added = arena_.take();
    last->set_next(added);
    last = &arena_.at(added);
  }
  last->add(entry);
}

void KeyDirectory::insert(std::uint64_t hash, std::uint64_t address) {
  const Exclusive alone(limited_.get());
  // One page is enough: full pages and their halves together are at most one more than before.
  arena_.reserve(1);
  const std::uint32_t tag = tag_of(hash);
  PageDirectory& part = part_of(hash);
  std::uint32_t head = part.page_of(tag);
  if (head == PageArena::none) [[unlikely]] {
    head = take_page();
    part.assign(tag, 0, head);
  } else if (wants_split(arena_.at(head)) && split(part, head, tag)) {
    head = part.page_of(tag);
  }
  const Change changing(*this, head);
  append(arena_.at(head), {.tag = tag, .address = address});
  size_.store(size() + 1, std::memory_order_relaxed);
}

bool KeyDirectory::replace(std::uint64_t hash, std::uint64_t from, std::uint64_t to) noexcept {
  const Exclusive alone(limited_.get());
  Place place{};
  if (!locate(hash, from, place)) return false;
  const Change changing(*this, place.head);
  arena_.at(place.page).set_address(place.slot, to);
  return true;
}

bool KeyDirectory::erase(std::uint64_t hash, std::uint64_t address) noexcept {
  const Exclusive alone(limited_.get());
  Place place{};
  if (!locate(hash, address, place)) return false;
  const Change changing(*this, place.head);
  size_.store(size() - 1, std::memory_order_relaxed);
  remove(arena_.at(place.head), arena_.at(place.page), place.slot);
  return true;
}

/// Removes an entry of a chain. All pages of a chain but the last are full and stay so; the last is never empty.
void KeyDirectory::remove(Page& head, Page& page, Slot slot) noexcept {
  Page& last = last_of_chain(page);
  if (&last != &page) {
    const Slot filler = last.any_entry();
    page.put(slot, last.entry(filler));
    slot = filler;
  }
  last.remove(slot);
  if (last.count() != 0 || &last == &head) return;
  Page* before = &head;
  while (&arena_.at(before->next()) != &last) before = &arena_.at(before->next());
  arena_.release(before->next());
  before->set_next(PageArena::none);
}

void KeyDirectory::copy(const KeyDirectory& other) {
  if (other.limited_) return copy_limited(other);
  arena_.copy(other.arena_);
  for (std::size_t part = 0; part < part_count; ++part) parts_[part].copy(other.parts_[part]);
  size_.store(other.size(), std::memory_order_relaxed);
}

Result<bool> KeyDirectory::contains_or_load(std::uint64_t hash, std::uint64_t address) const {
  for (;;) {
    const Lookup found = look_up(hash, [address](std::uint64_t candidate) { return candidate == address; });
    if (found != Lookup::on_file) [[likely]]
      return found == Lookup::confirmed;
    if (Result<void> loaded = load(hash); !loaded) return propagate(loaded);
  }
}

std::uint64_t KeyDirectory::pages() const noexcept {
  const Exclusive alone(limited_.get());
  return limited_ ? limited_->pages_on_file + arena_.pages_in_use() : arena_.pages_ever();
}

DirectoryWalk KeyDirectory::begin_walk() const {
  DirectoryWalk walk{.size = size()};
  walk.addresses.reserve(walk.size);
  if (!limited_) {
    for_each([&walk](std::uint64_t address) { walk.addresses.push_back(address); });
    return walk;
  }
  const Exclusive alone(limited_.get());
  walk.saved = limited_->saved;
  walk.on_file.reserve(limited_->chains_on_file);
  const auto note = [&](std::uint32_t /* tag */, std::uint32_t word) {
    if ((word & on_file_bit) != 0) return walk.on_file.push_back(word & ~on_file_bit);
    for (; word != PageArena::none; word = arena_.at(word).next()) {
      arena_.at(word).for_each([&walk](const Entry& entry) { walk.addresses.push_back(entry.address); });
    }
  };
  for (const PageDirectory& part : parts_) {
    part.for_each([this](std::uint32_t word) { return depth_of(word); }, note);
  }
  return walk;
}

DirectoryMemory KeyDirectory::memory() const noexcept {
  if (limited_ && !limited_->process.is_ours()) return {};
  const Exclusive alone(limited_.get());
  std::uint64_t bytes = sizeof *this + gathered_capacity_ * sizeof(Entry);
  if (limited_) {
    const std::uint64_t in_use = arena_.pages_in_use();
    return {.bytes = bytes + fixed_bytes() + arena_.pages_in_memory() * sizeof(Page),
            .pages = in_use,
            .dirty_pages = in_use - limited_->clean_pages,
            .pages_on_file = limited_->pages_on_file,
            .pages_evicted = limited_->pages_evicted};
  }
  bytes += arena_.memory_bytes();
  for (const PageDirectory& part : parts_) bytes += part.memory_bytes();
  return {.bytes = bytes, .pages = arena_.pages_in_use(), .dirty_pages = arena_.pages_in_use()};
}

}  // namespace datawal::kv
