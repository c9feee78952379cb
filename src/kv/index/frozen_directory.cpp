#include "kv/index/frozen_directory.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "kv/index/saved_chain.hpp"
#include "kv/index/unloaded_pages.hpp"

namespace datawal::kv {

namespace {

constexpr std::uint32_t tag_bits = 32;
// Room that is made beforehand for chains that are changed, so that who changes them seldom waits for memory: 4 MiB.
constexpr std::size_t pages_beforehand = 1024;

}  // namespace

void FrozenDirectory::prepare(const DirectoryExtent& extent) {
  for (std::size_t part = 0; part < part_count; ++part) {
    tables_[part].entries.resize(std::size_t{2} << extent.depths[part]);
  }
  places_.assign(extent.page_numbers + extent.pages / 8 + part_count, 0);  // some more may be taken meanwhile
  const auto some = std::min<std::uint64_t>({pages_beforehand, extent.pages, kept_max_});
  spare_.reserve(pages_beforehand);
  while (spare_.size() < some) spare_.push_back(std::make_unique<Page>());
}

bool FrozenDirectory::has_room_for(const DirectoryExtent& extent) const noexcept {
  if (extent.page_numbers > places_.size()) return false;
  for (std::size_t part = 0; part < part_count; ++part) {
    if (tables_[part].entries.size() < std::size_t{1} << extent.depths[part]) return false;
  }
  return true;
}

void FrozenDirectory::note(std::size_t part, const PageDirectory& table) noexcept {
  tables_[part].depth = table.depth();
  table.copy_to(tables_[part].entries);
}

// Each page stands in the table as often as its tags need, one entry behind the other.
std::vector<FrozenDirectory::Head> FrozenDirectory::heads(std::size_t part) const {
  const Table& table = tables_[part];
  const std::size_t end = std::size_t{1} << table.depth;
  std::vector<Head> heads;
  for (std::size_t i = 0; i < end && table.entries[i] != PageArena::none;) {
    std::size_t next = i + 1;
    while (next < end && table.entries[next] == table.entries[i]) ++next;
    const auto below = static_cast<std::uint32_t>(std::countr_zero(next - i));
    heads.push_back({.tag = static_cast<std::uint32_t>(std::uint64_t{i} << (tag_bits - table.depth)),
                     .depth = table.depth - below,
                     .page = table.entries[i]});
    i = next;
  }
  return heads;
}

std::unique_ptr<Page> FrozenDirectory::spare_page() {
  if (spare_.empty()) return std::make_unique_for_overwrite<Page>();
  std::unique_ptr<Page> page = std::move(spare_.back());
  spare_.pop_back();
  return page;
}

FrozenChain FrozenDirectory::copy(std::uint32_t head, const PageArena& arena) {
  FrozenChain chain;
  for (std::uint32_t number = head; number != PageArena::none; number = arena.at(number).next()) {
    chain.pages.push_back(spare_page());
    std::memcpy(static_cast<void*>(chain.pages.back().get()), &arena.at(number), sizeof(Page));
  }
  return chain;
}

void FrozenDirectory::keep(std::uint32_t head, const PageArena& arena) noexcept {
  if (lost_ || is_out_of_memory_) return;
  try {
    FrozenChain chain = copy(head, arena);
    if (kept_pages_ + chain.pages.size() > kept_max_) {
      if (Result<void> away = put_away(chain); !away) lost_ = std::move(away.error());
    }
    kept_pages_ += chain.pages.size();
    kept_.push_back(std::move(chain));
    places_[head] = static_cast<std::uint32_t>(kept_.size());
  } catch (const std::bad_alloc&) {
    is_out_of_memory_ = true;
  }
}

Result<void> FrozenDirectory::put_away(FrozenChain& chain) {
  chain.overflow_offset = overflow_end_;
  chain.overflow_pages = chain.pages.size();
  for (std::unique_ptr<Page>& page : chain.pages) {
    Result<void> written = overflow_.append({reinterpret_cast<const char*>(page.get()), sizeof(Page)});
    if (!written) return written;
    overflow_end_ += sizeof(Page);
    spare_.push_back(std::move(page));
  }
  chain.pages.clear();
  return {};
}

Result<FrozenChain> FrozenDirectory::take(std::uint32_t head, bool is_kept, const PageArena& arena) {
  if (lost_) return std::unexpected(*lost_);
  if (is_out_of_memory_) throw std::bad_alloc();
  if (!is_kept) return copy(head, arena);
  // Else a change passed by without handing over what it changed, and what is there now may know more than the index may.
  if (places_[head] == 0) {
    return std::unexpected(Error{
        .code = Errc::corruption, .action = "save index", .detail = "a page was changed without being kept as it was"});
  }
  FrozenChain& kept = kept_[places_[head] - 1];
  kept_pages_ -= kept.pages.size();
  return std::move(kept);
}

void FrozenDirectory::recycle(std::vector<FrozenChain>& chains) noexcept {
  for (FrozenChain& chain : chains) {
    for (std::unique_ptr<Page>& page : chain.pages) {
      if (spare_.size() < spare_.capacity()) spare_.push_back(std::move(page));
    }
  }
  chains.clear();
}

Result<void> FrozenDirectory::fetch(FrozenChain& chain) {
  if (chain.on_file != 0) {
    const SavedPage& page = saved_->directory.pages[std::exchange(chain.on_file, 0) & ~on_file_bit];
    return read_chain(*saved_->source, page, chain.pages);
  }
  for (; chain.overflow_pages > 0; --chain.overflow_pages, chain.overflow_offset += sizeof(Page)) {
    chain.pages.push_back(std::make_unique_for_overwrite<Page>());
    const std::span<char> into(reinterpret_cast<char*>(chain.pages.back().get()), sizeof(Page));
    if (Result<void> read = overflow_.read(chain.overflow_offset, into); !read) return read;
  }
  return {};
}

}  // namespace datawal::kv
