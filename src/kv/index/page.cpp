#include "kv/index/page.hpp"

namespace datawal::kv {

bool Page::find_displaced(std::uint32_t bucket, Slot& found) const noexcept {
  for (std::uint32_t distance = 1; distance < page_buckets; ++distance) {
    const std::uint32_t here = bucket_after(bucket, distance);
    bool has_room = false;
    for (std::uint32_t i = 0; i < bucket_slots; ++i) {
      const std::uint32_t tag = tags_[here][i];
      if (tag == free_tag) {
        has_room = true;
      } else if (bucket_after(here, page_buckets - home_of(tag)) >= distance) {
        found = {here, i};
        return true;
      }
    }
    if (has_room) return false;  // nothing was ever pushed beyond here
  }
  return false;
}

void Page::remove(Slot at) noexcept {
  Slot displaced{};
  while (match(at.bucket, free_tag).free == 0 && find_displaced(at.bucket, displaced)) {
    put(at, entry(displaced));
    at = displaced;
  }
  store_shared(tags_[at.bucket][at.index], free_tag);
  --count_;
}

void Page::clear() noexcept {
  for (auto& bucket : tags_) {
    for (std::uint32_t& tag : bucket) store_shared(tag, free_tag);
  }
  store_shared(next_, 0U);
  count_ = 0;
  depth_ = 0;
}

}  // namespace datawal::kv
