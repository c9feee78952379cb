// KeyDirectory: as it was at one instant.

#include "kv/index/key_directory.hpp"

namespace datawal::kv {

DirectoryExtent KeyDirectory::extent() const noexcept {
  DirectoryExtent extent{.page_numbers = arena_.numbers_end(), .pages = arena_.pages_in_use()};
  for (std::size_t part = 0; part < part_count; ++part) extent.depths[part] = parts_[part].depth();
  return extent;
}

bool KeyDirectory::freeze(FrozenDirectory& frozen) noexcept {
  if (!frozen.has_room_for(extent())) return false;
  for (std::size_t part = 0; part < part_count; ++part) frozen.note(part, parts_[part]);
  ++epoch_;
  frozen_ = &frozen;
  return true;
}

// Before anything of the chain is changed.
void KeyDirectory::keep_frozen(std::uint32_t head) noexcept {
  if (frozen_ != nullptr) frozen_->keep(head, arena_);
  arena_.at(head).set_epoch(epoch_);
}

Result<void> KeyDirectory::take_frozen(std::span<const FrozenDirectory::Head> heads, std::vector<FrozenChain>& chains) {
  frozen_->recycle(chains);
  for (const FrozenDirectory::Head& head : heads) {
    Page& page = arena_.at(head.page);
    Result<FrozenChain> chain = frozen_->take(head.page, page.epoch() == epoch_, arena_);
    if (!chain) return propagate(chain);
    page.set_epoch(epoch_);
    chains.push_back(std::move(*chain));
  }
  return {};
}

}  // namespace datawal::kv
