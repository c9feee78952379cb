#include "kv/index/page_directory.hpp"

#include <algorithm>
#include <new>

namespace datawal::kv {

PageDirectory::PageDirectory() {
  std::uint32_t* const entries = allocate(0);
  if (entries == nullptr) throw std::bad_alloc();
  entries[0] = 0;
  publish(entries, 0);
}

PageDirectory::~PageDirectory() {
  while (newest_ != nullptr) {
    Header* const outgrown = newest_->outgrown;
    ::operator delete(newest_, std::align_val_t{entries_alignment});
    newest_ = outgrown;
  }
}

std::uint32_t* PageDirectory::allocate(std::uint32_t depth) noexcept {
  const std::size_t bytes = sizeof(Header) + (sizeof(std::uint32_t) << depth);
  void* const room = ::operator new(bytes, std::align_val_t{entries_alignment}, std::nothrow);
  if (room == nullptr) return nullptr;
  newest_ = new (room) Header{newest_};
  return reinterpret_cast<std::uint32_t*>(newest_ + 1);
}

void PageDirectory::publish(const std::uint32_t* entries, std::uint32_t depth) noexcept {
  table_.store(reinterpret_cast<std::uintptr_t>(entries) + (tag_bits - depth), std::memory_order_release);
}

bool PageDirectory::grow() noexcept {
  const std::uint32_t old_depth = depth();
  if (old_depth == max_depth) return false;
  const std::uint32_t* const old = newest_entries();
  std::uint32_t* const doubled = allocate(old_depth + 1);
  if (doubled == nullptr) return false;
  for (std::size_t i = 0; i < std::size_t{1} << old_depth; ++i) doubled[2 * i] = doubled[2 * i + 1] = old[i];
  publish(doubled, old_depth + 1);
  return true;
}

void PageDirectory::begin(std::uint32_t depth) {
  std::uint32_t* const entries = allocate(depth);
  if (entries == nullptr) throw std::bad_alloc();
  std::fill_n(entries, std::size_t{1} << depth, 0U);
  publish(entries, depth);
}

void PageDirectory::copy_to(std::span<std::uint32_t> entries) const noexcept {
  std::copy_n(newest_entries(), std::size_t{1} << depth(), entries.begin());
}

void PageDirectory::copy(const PageDirectory& other) {
  const std::uint32_t depth = other.depth();
  std::uint32_t* const entries = allocate(depth);
  if (entries == nullptr) throw std::bad_alloc();
  std::copy_n(other.newest_entries(), std::size_t{1} << depth, entries);
  publish(entries, depth);
}

void PageDirectory::assign(std::uint32_t tag, std::uint32_t depth, std::uint32_t page) noexcept {
  const std::uint32_t below = this->depth() - depth;
  const std::uint64_t prefix = static_cast<std::uint64_t>(tag) >> (tag_bits - depth);
  std::uint32_t* const range = newest_entries() + (prefix << below);
  std::for_each_n(range, std::size_t{1} << below,
                  [&](std::uint32_t& entry) { store_shared(entry, page, std::memory_order_release); });
}

std::uint64_t PageDirectory::memory_bytes() const noexcept {
  const std::uint64_t newest = sizeof(std::uint32_t) << depth();
  return 2 * newest + (depth() + 1) * sizeof(Header);
}

}  // namespace datawal::kv
