#include <string>
#include <utility>
#include <vector>

#include "kv/data_wal_impl.hpp"

namespace datawal {

Result<kv::LiveView> DataWal::Impl::view(std::shared_ptr<const Snapshot>* snapshot) const {
  if (Result<void> open = refuse_closed(); !open) return propagate(open);
  const std::lock_guard guard(mutex);
  if (snapshot != nullptr) {
    Result<std::shared_ptr<const Snapshot>> now = core->snapshot();
    if (!now) return propagate(now);
    *snapshot = std::move(*now);
  }
  return kv::LiveView{.space = kv::PinnedSpace(projection->space()),
                      .positions = projection->live_positions(),
                      .bytes = projection->counts().live_bytes};
}

Result<std::vector<std::string>> DataWal::keys() const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Result<kv::LiveView> view = impl_->view();
  if (!view) return propagate(view);
  if (Result<void> sorted = view->sort(); !sorted) return propagate(sorted);
  std::vector<std::string> keys;
  keys.reserve(view->positions.size());
  Result<void> walked = view->for_each({}, [&keys](const format::DecodedRecord& record) -> Result<bool> {
    keys.emplace_back(record.key);
    return true;
  });
  if (!walked) return propagate(walked);
  return keys;
}

Result<std::vector<std::pair<std::string, std::string>>> DataWal::items() const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Result<kv::LiveView> view = impl_->view();
  if (!view) return propagate(view);
  if (Result<void> sorted = view->sort(); !sorted) return propagate(sorted);
  std::vector<std::pair<std::string, std::string>> items;
  items.reserve(view->positions.size());
  Result<void> walked = view->for_each({}, [&items](const format::DecodedRecord& record) -> Result<bool> {
    items.emplace_back(record.key, record.payload);
    return true;
  });
  if (!walked) return propagate(walked);
  return items;
}

Result<void> DataWal::for_each(const Visitor& visit) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Result<kv::LiveView> view = impl_->view();
  if (!view) return propagate(view);
  return view->for_each(
      {}, [&visit](const format::DecodedRecord& record) -> Result<bool> { return visit(record.key, record.payload); });
}

}  // namespace datawal
