// KeyDirectory: as it was at one instant.

#include "kv/index/key_directory.hpp"

namespace datawal::kv {

DirectoryExtent KeyDirectory::extent() const noexcept {
  const Exclusive alone(limited_.get());
  return extent_now();
}

DirectoryExtent KeyDirectory::extent_now() const noexcept {
  DirectoryExtent extent{.page_numbers = arena_.numbers_end(), .pages = arena_.pages_in_use()};
  for (std::size_t part = 0; part < part_count; ++part) extent.depths[part] = parts_[part].depth();
  return extent;
}

bool KeyDirectory::freeze(FrozenDirectory& frozen) noexcept {
  const Exclusive alone(limited_.get());
  if (!frozen.has_room_for(extent_now())) return false;
  if (limited_) frozen.saved_ = limited_->saved;
  for (std::size_t part = 0; part < part_count; ++part) frozen.note(part, parts_[part]);
  ++epoch_;
  frozen_ = &frozen;
  return true;
}

// Before anything of the chain is changed.
void KeyDirectory::keep_frozen(std::uint32_t head) const noexcept {
  if (frozen_ != nullptr) frozen_->keep(head, arena_);
  arena_.at(head).set_epoch(epoch_);
}

Result<void> KeyDirectory::take_frozen(std::span<const FrozenDirectory::Head> heads, std::vector<FrozenChain>& chains) {
  const Exclusive alone(limited_.get());
  frozen_->recycle(chains);
  for (const FrozenDirectory::Head& head : heads) {
    if ((head.page & on_file_bit) != 0) {
      chains.push_back({.on_file = head.page});
      continue;
    }
    Page& page = arena_.at(head.page);
    Result<FrozenChain> chain = frozen_->take(head.page, page.epoch() == epoch_, arena_);
    if (!chain) return propagate(chain);
    page.set_epoch(epoch_);
    chains.push_back(std::move(*chain));
  }
  return {};
}

}  // namespace datawal::kv
