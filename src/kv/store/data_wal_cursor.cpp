#include <utility>

#include "base/handle_error.hpp"
#include "kv/store/data_wal_cursor_impl.hpp"

namespace datawal {

DataWalCursor::DataWalCursor(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DataWalCursor::DataWalCursor(DataWalCursor&&) noexcept = default;
DataWalCursor& DataWalCursor::operator=(DataWalCursor&&) noexcept = default;
DataWalCursor::~DataWalCursor() = default;

Result<std::optional<KeyValue>> DataWalCursor::Impl::next() {
  if (error) return std::unexpected(*error);
  while (place < live->size()) {
    live->prefetch_behind(place);
    Result<kv::LocatedRecord> located = options.keys_only ? live->read_key(place, buffer) : live->read(place, buffer);
    if (!located) [[unlikely]] {
      error = located.error();
      return propagate(located);
    }
    const format::DecodedRecord& record = located->record;
    if (range.is_bounded() && !range.contains(record.key)) {
      // Behind the end there are only more such in the order of the keys, and any in that of the log.
      if (options.order == CursorOrder::key && range.is_over_at(record.key)) return std::nullopt;
      ++place;
      continue;
    }
    ++place;
    if (options.keys_only) return KeyValue{.key = record.key, .value = {}};
    return KeyValue{.key = record.key, .value = record.payload, .ref = located->ref};
  }
  return std::nullopt;
}

Result<void> DataWalCursor::Impl::seek(std::string_view key) {
  if (options.order != CursorOrder::key) {
    return std::unexpected(Error{.code = Errc::invalid_argument,
                                 .action = "seek",
                                 .detail = "the cursor shows the keys in the order of the log"});
  }
  error.reset();
  Result<std::size_t> found = live->lower_bound(std::max<std::string_view>(key, range.first()));
  if (!found) {
    error = found.error();
    return propagate(found);
  }
  place = *found;
  return {};
}

Result<std::optional<KeyValue>> DataWalCursor::next() {
  if (!impl_) return std::unexpected(moved_from("use cursor"));
  if (!impl_->process.is_ours()) return std::unexpected(of_another_process("use cursor"));
  return impl_->next();
}

Result<void> DataWalCursor::seek(std::string_view key) {
  if (!impl_) return std::unexpected(moved_from("use cursor"));
  if (!impl_->process.is_ours()) return std::unexpected(of_another_process("use cursor"));
  return impl_->seek(key);
}

namespace kv {

std::shared_ptr<const LiveView> share(LiveView live) {
  auto owned = std::make_unique<LiveView>(std::move(live));
  const auto give_back = [process = ForkGuard()](const LiveView* view) {
    if (process.is_ours()) delete view;
  };
  return {owned.release(), give_back};
}

Result<DataWalCursor> cursor_over(std::shared_ptr<const LiveView> live, const CursorOptions& options) {
  auto impl = std::make_unique<DataWalCursor::Impl>(std::move(live), options);
  if (options.order == CursorOrder::key && !impl->range.first().empty()) {
    if (Result<void> found = impl->seek(impl->range.first()); !found) return propagate(found);
  }
  return DataWalCursor(std::move(impl));
}

Result<DataWalCursor> cursor_over(LiveView live, const CursorOptions& options) {
  if (options.order == CursorOrder::key) {
    const KeyRange range(options);
    if (range.is_bounded()) {
      Result<void> kept = live.filter([&range](std::string_view key) { return range.contains(key); });
      if (!kept) return propagate(kept);
    }
    if (Result<void> sorted = live.sort_by_key(); !sorted) return propagate(sorted);
  }
  return cursor_over(share(std::move(live)), options);
}

}  // namespace kv

namespace kv {

Result<std::vector<std::string>> keys_of(DataWalCursor& cursor) {
  std::vector<std::string> keys;
  for (;;) {
    Result<std::optional<KeyValue>> next = cursor.next();
    if (!next) return propagate(next);
    if (!*next) return keys;
    keys.emplace_back((*next)->key);
  }
}

Result<void> visit_all(DataWalCursor& cursor,
                       const std::function<bool(std::string_view key, std::string_view value)>& visit) {
  for (;;) {
    Result<std::optional<KeyValue>> next = cursor.next();
    if (!next) return propagate(next);
    if (!*next || !visit((*next)->key, (*next)->value)) return {};
  }
}

}  // namespace kv

}  // namespace datawal
