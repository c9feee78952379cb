#include "kv/index/page_arena.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "kv/index/page_memory.hpp"

namespace datawal::kv {

namespace {

using page_memory::huge_page;
using page_memory::Pieces;

alignas(4096) constinit const Page empty_page{};

}  // namespace

PageArena::PageArena() noexcept { origins_[0] = reinterpret_cast<std::uintptr_t>(&empty_page); }

PageArena::~PageArena() {
  for (std::uint64_t number = first; origins_[static_cast<std::size_t>(std::bit_width(number))] != 0; number *= 2) {
    page_memory::release(&at(static_cast<std::uint32_t>(number)), number * sizeof(Page));
  }
}

void PageArena::map_block(std::uint32_t number) {
  const std::size_t bytes = number * sizeof(Page);
  char* const start = page_memory::reserve(bytes);
  page_memory::prefer(start, bytes, is_small_ || number < first_huge ? Pieces::small : Pieces::huge);
  origins_[static_cast<std::size_t>(std::bit_width(number))] = reinterpret_cast<std::uintptr_t>(start) - bytes;
}

void PageArena::commit(std::uint64_t pages) {
  if (pages > last) throw std::bad_alloc();
  commit_up_to(fresh_ + (pages - free_count_ - returned_.size()), !is_small_);
}

void PageArena::commit_up_to(std::uint64_t end, bool collapses) {
  if (end > last) throw std::bad_alloc();
  while (committed_end_ < end) {
    if (collapses && committed_end_ > first) use_huge_pages(committed_end_ - step);
    if (origins_[static_cast<std::size_t>(std::bit_width(committed_end_))] == 0) map_block(committed_end_);
    const std::uint64_t block_end = std::uint64_t{std::bit_floor(committed_end_)} * 2;
    const std::uint64_t wanted_end = std::min((end + step - 1) / step * step, block_end);
    page_memory::commit(&at(committed_end_), (wanted_end - committed_end_) * sizeof(Page));
    committed_end_ = static_cast<std::uint32_t>(wanted_end);
  }
}

// A step that is all in use takes no more memory as a huge page, and a lookup in it no walk through the page tables.
void PageArena::use_huge_pages(std::uint32_t number) noexcept {
  if (number < first_huge) page_memory::collapse(&at(number), step * sizeof(Page));
}

std::uint32_t PageArena::take() noexcept {
  if (free_head_ == none && !returned_.empty()) {
    const std::uint32_t number = returned_.back();
    returned_.pop_back();
    at(number).set_next(none);
    return number;
  }
  if (free_head_ == none) {
    // Written first: memory that is read first is a page of zeros of the system that the first store must copy, and all threads are told.
    at(fresh_).set_next(none);
    return fresh_++;
  }
  const std::uint32_t number = free_head_;
  Page& page = at(number);
  free_head_ = page.next();
  --free_count_;
  page.set_next(none);
  return number;
}

// By small pages at first: who fills one at random must not wait until the system has cleared 2 MiB for it.
std::uint32_t PageArena::take_block(std::uint64_t pages) {
  if (pages > last - fresh_) throw std::bad_alloc();
  const std::uint32_t begin = fresh_;
  const std::uint64_t end = begin + pages;
  commit_up_to(end, false);
  for (std::uint64_t number = begin; number < end;) {
    const std::uint64_t part_end = std::min(end, std::bit_floor(number) * 2);
    page_memory::prefer(&at(static_cast<std::uint32_t>(number)), (part_end - number) * sizeof(Page), Pieces::small);
    number = part_end;
  }
  fresh_ = static_cast<std::uint32_t>(end);
  return begin;
}

void PageArena::will_fill(std::uint32_t begin, std::uint64_t pages, std::uint32_t block_end) const noexcept {
  for (std::uint64_t number = (std::uint64_t{begin} + step - 1) / step * step; number < begin + pages; number += step) {
    if (number + step > block_end) return;
    page_memory::prefer(&at(static_cast<std::uint32_t>(number)), step * sizeof(Page), Pieces::huge);
  }
}

void PageArena::was_filled(std::uint32_t begin, std::uint64_t pages) const noexcept {
  for (std::uint64_t number = std::uint64_t{begin} / step * step; number + step <= begin + pages; number += step) {
    page_memory::collapse(&at(static_cast<std::uint32_t>(number)), step * sizeof(Page));
  }
}

void PageArena::prepare_copy(std::uint64_t pages) {
  reserve(pages);
  for (std::uint64_t n = 0; n < pages; ++n) at(static_cast<std::uint32_t>(first + n)).set_next(none);
}

void PageArena::copy(const PageArena& other) {
  reserve(other.pages_ever());
  for (std::uint32_t number = first; number < other.fresh_; ++number) {
    std::memcpy(static_cast<void*>(&at(number)), &other.at(number), sizeof(Page));
  }
  fresh_ = other.fresh_;
  free_head_ = other.free_head_;
  free_count_ = other.free_count_;
}

bool PageArena::give_back(std::uint64_t kept) {
  constexpr std::size_t at_once = 16;
  for (std::size_t n = 0; free_count_ > kept; ++n) {
    if (n == at_once) return false;
    if (returned_.size() == returned_.capacity()) returned_.reserve(2 * returned_.size() + at_once);
    Page& page = at(free_head_);
    returned_.push_back(free_head_);
    free_head_ = page.next();
    --free_count_;
    page.set_next(none);
    page_memory::forget(&page, sizeof page);
  }
  return true;
}

void PageArena::release(std::uint32_t number) noexcept {
  Page& page = at(number);
  page.clear();
  page.set_next(free_head_);
  free_head_ = number;
  ++free_count_;
}

std::uint64_t PageArena::memory_bytes() const noexcept {
  const std::uint64_t bytes = (fresh_ - first) * sizeof(Page);
  if (fresh_ <= first_huge) return bytes;
  return (bytes + huge_page - 1) / huge_page * huge_page;
}

}  // namespace datawal::kv
