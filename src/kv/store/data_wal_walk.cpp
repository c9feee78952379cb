#include <string>
#include <utility>
#include <vector>

#include "kv/store/data_wal_cursor_impl.hpp"
#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Result<kv::LiveView> DataWal::Impl::walk(std::shared_ptr<const log::Snapshot>* snapshot) const {
  if (Result<void> open = refuse_closed(); !open) return propagate(open);
  if (Result<void> loaded = projection->load_all(); !loaded) return propagate(loaded);
  Lock guard(mutex);
  if (snapshot != nullptr) {
    Result<std::shared_ptr<const log::Snapshot>> now = core->snapshot();
    if (!now) return propagate(now);
    *snapshot = std::move(*now);
  }
  kv::LiveView live(projection);
  guard.unlock();
  if (Result<void> complete = live.complete(); !complete) return propagate(complete);
  return live;
}

Result<std::vector<std::string>> DataWal::keys() const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  if (Result<void> sorted = live->sort_by_key(); !sorted) return propagate(sorted);
  std::vector<std::string> keys;
  keys.reserve(live->size());
  Result<void> walked = live->for_each_key([&keys](std::string_view key) {
    keys.emplace_back(key);
    return true;
  });
  if (!walked) return propagate(walked);
  return keys;
}

Result<std::vector<std::string>> DataWal::keys(const CursorOptions& which) const {
  CursorOptions options = which;
  options.keys_only = true;
  Result<DataWalCursor> keys = cursor(options);
  if (!keys) return propagate(keys);
  return kv::keys_of(*keys);
}

Result<std::vector<std::pair<std::string, std::string>>> DataWal::items() const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  if (Result<void> sorted = live->sort_by_key(); !sorted) return propagate(sorted);
  std::vector<std::pair<std::string, std::string>> items;
  items.reserve(live->size());
  Result<void> walked = live->for_each({}, [&items](const format::DecodedRecord& record) -> Result<bool> {
    items.emplace_back(record.key, record.payload);
    return true;
  });
  if (!walked) return propagate(walked);
  return items;
}

Result<void> DataWal::for_each(const Visitor& visit) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return live->for_each(
      {}, [&visit](const format::DecodedRecord& record) -> Result<bool> { return visit(record.key, record.payload); });
}

Result<void> DataWal::for_each(const CursorOptions& which, const Visitor& visit) const {
  Result<DataWalCursor> walked = cursor(which);
  if (!walked) return propagate(walked);
  return kv::visit_all(*walked, visit);
}

Result<void> DataWal::for_each_key(const KeyVisitor& visit) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return live->for_each_key(visit);
}

Result<DataWalCursor> DataWal::cursor(const CursorOptions& options) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Result<kv::LiveView> live = impl_->walk();
  if (!live) return propagate(live);
  return kv::cursor_over(std::move(*live), options);
}

}  // namespace datawal
