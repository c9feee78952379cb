#include "kv/projection/live_view.hpp"

#include <utility>

#include "kv/projection/key_order.hpp"

namespace datawal::kv {

LiveView::LiveView(std::shared_ptr<const Projection> projection)
    : projection_(std::move(projection)),
      address_space_(projection_->address_space()),
      log_order_(projection_->address_space()),
      walk_(projection_->directory().begin_walk()),
      bytes_(projection_->counts().live_bytes) {}

LiveView::LiveView(std::shared_ptr<const Projection> projection, PinnedAddressSpace space, LogOrder order,
                   std::uint64_t bytes, const KeyDirectory& directory)
    : projection_(std::move(projection)),
      address_space_(std::move(space)),
      log_order_(std::move(order)),
      walk_(directory.begin_walk()),
      bytes_(bytes) {}

Result<void> LiveView::complete() {
  if (Result<void> finished = walk_.finish(); !finished) return finished;
  addresses_ = std::move(walk_.addresses);
  walk_ = {};
  log_order_.sort(addresses_);
  return {};
}

Result<void> LiveView::sort_by_key() { return kv::sort_by_key(KeyReader(*projection_, address_space_), addresses_); }

Result<std::size_t> LiveView::lower_bound(std::string_view key) const {
  std::string buffer;
  std::size_t begin = 0;
  for (std::size_t end = addresses_.size(); begin < end;) {
    const std::size_t middle = begin + (end - begin) / 2;
    Result<LocatedRecord> located = read_key(middle, buffer);
    if (!located) return propagate(located);
    if (located->record.key < key) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

}  // namespace datawal::kv
