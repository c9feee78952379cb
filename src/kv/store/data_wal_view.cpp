#include <datawal/data_wal_view.hpp>

#include <mutex>
#include <utility>

#include "base/handle_error.hpp"
#include "kv/projection/answers.hpp"
#include "kv/projection/get_many.hpp"
#include "kv/projection/live_view.hpp"
#include "kv/records/locate.hpp"
#include "kv/store/data_wal_cursor_impl.hpp"
#include "kv/store/data_wal_impl.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] DataWalView::Impl {
  // Addresses mean what they meant as long as `space` is pinned, so that a copy of the index is all that a look-up needs.
  std::shared_ptr<const kv::Projection> projection;  // outlives what is pinned of it
  kv::KeyDirectory directory{};
  std::optional<kv::PinnedAddressSpace> space{};
  kv::LogOrder log_order{};
  std::uint64_t live_bytes = 0;
  std::uint64_t last_txid = 0;
  mutable Mutex mutex{};  // guards what follows
  mutable std::shared_ptr<const kv::LiveView> by_log{};
  mutable std::shared_ptr<const kv::LiveView> by_key{};
  ForkGuard process{};

  [[nodiscard]] std::uint64_t hash_of(std::string_view key) const noexcept { return projection->hash_of(key); }
  template <class Confirmed>
  [[nodiscard]] Result<bool> look_up(std::string_view key, Confirmed&& confirmed) const;
  [[nodiscard]] Result<kv::LiveView> walk() const;
  [[nodiscard]] Result<std::shared_ptr<const kv::LiveView>> in_log_order() const;
  [[nodiscard]] Result<std::shared_ptr<const kv::LiveView>> in_key_order() const;
};

template <class Confirmed>
Result<bool> DataWalView::Impl::look_up(std::string_view key, Confirmed&& confirmed) const {
  std::string buffer;
  return kv::locate(
      directory, key, hash_of(key), [&](std::uint64_t address) { return space->read(address, buffer); },
      [&](const kv::LocatedRecord& located, std::uint64_t) { confirmed(located); });
}

Result<kv::LiveView> DataWalView::Impl::walk() const {
  kv::LiveView live(projection, *space, log_order, live_bytes, directory);
  if (Result<void> complete = live.complete(); !complete) return propagate(complete);
  return live;
}

Result<std::shared_ptr<const kv::LiveView>> DataWalView::Impl::in_log_order() const {
  const Locked guard(mutex);
  if (!by_log) {
    Result<kv::LiveView> live = walk();
    if (!live) return propagate(live);
    by_log = kv::share(std::move(*live));
  }
  return by_log;
}

Result<std::shared_ptr<const kv::LiveView>> DataWalView::Impl::in_key_order() const {
  const Locked guard(mutex);
  if (!by_key) {
    Result<kv::LiveView> live = walk();
    if (!live) return propagate(live);
    if (Result<void> sorted = live->sort_by_key(); !sorted) return propagate(sorted);
    by_key = kv::share(std::move(*live));
  }
  return by_key;
}

Result<DataWalView> DataWal::view() const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  if (Result<void> loaded = impl_->projection->load_all(); !loaded) return propagate(loaded);
  // In a forked child it is never freed, since another thread may have been changing it.
  const std::shared_ptr<DataWalView::Impl> made(new DataWalView::Impl{.projection = impl_->projection},
                                                [](const DataWalView::Impl* view) {
                                                  if (view->process.is_ours()) delete view;
                                                });
  Lock guard(impl_->mutex);
  const kv::KeyDirectory& directory = made->projection->directory();
  if (!directory.is_limited()) {  // else the most of it stays on file
    const std::uint64_t pages = directory.pages();
    guard.unlock();
    made->directory.prepare_copy(pages + pages / 8);  // some more may be taken meanwhile
    guard.lock();
  }
  made->directory.copy(directory);
  made->space.emplace(made->projection->address_space());
  made->log_order = kv::LogOrder(made->projection->address_space());
  made->live_bytes = made->projection->counts().live_bytes;
  made->last_txid = impl_->core->last_txid();
  return DataWalView(made);
}

namespace {

Result<void> refuse_closed(const DataWalView::Impl* impl) {
  if (impl == nullptr) return std::unexpected(moved_from("use view"));
  if (!impl->process.is_ours()) return std::unexpected(of_another_process("use view"));
  return {};
}

}  // namespace

DataWalView::DataWalView(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
DataWalView::DataWalView(const DataWalView&) noexcept = default;
DataWalView::DataWalView(DataWalView&&) noexcept = default;
DataWalView& DataWalView::operator=(const DataWalView&) noexcept = default;
DataWalView& DataWalView::operator=(DataWalView&&) noexcept = default;
DataWalView::~DataWalView() = default;

Answer<std::optional<std::string>> DataWalView::get(std::string_view key) const {
  if (Result<void> open = refuse_closed(impl_.get()); !open) return propagate(open);
  return kv::value_of([&](auto&& confirmed) { return impl_->look_up(key, confirmed); });
}

Answer<std::optional<std::size_t>> DataWalView::get(std::string_view key, std::span<char> room) const {
  if (Result<void> open = refuse_closed(impl_.get()); !open) return propagate(open);
  return kv::copy_value(room, [&](auto&& confirmed) { return impl_->look_up(key, confirmed); });
}

Answer<std::optional<StoredValue>> DataWalView::find(std::string_view key) const {
  if (Result<void> open = refuse_closed(impl_.get()); !open) return propagate(open);
  return kv::stored_value_of([&](auto&& confirmed) { return impl_->look_up(key, confirmed); });
}

Answer<bool> DataWalView::contains(std::string_view key) const {
  if (Result<void> open = refuse_closed(impl_.get()); !open) return propagate(open);
  return impl_->look_up(key, [](const kv::LocatedRecord&) {});
}

Result<void> DataWalView::multi_get(std::span<const std::string_view> keys, Values& values) const {
  values.clear();
  if (Result<void> open = refuse_closed(impl_.get()); !open) return open;
  return kv::get_many(
      impl_->directory, *impl_->space, [this](std::string_view key) { return impl_->hash_of(key); }, keys, values,
      [] { return nullptr; });
}

std::uint64_t DataWalView::size() const noexcept {
  return impl_ && impl_->process.is_ours() ? impl_->directory.size() : 0;
}
std::uint64_t DataWalView::last_txid() const noexcept {
  return impl_ && impl_->process.is_ours() ? impl_->last_txid : 0;
}

Result<void> DataWalView::for_each(
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  if (Result<void> open = refuse_closed(impl_.get()); !open) return open;
  const Result<std::shared_ptr<const kv::LiveView>> live = impl_->in_log_order();
  if (!live) return propagate(live);
  return (*live)->for_each(
      {}, [&visit](const format::DecodedRecord& record) -> Result<bool> { return visit(record.key, record.payload); });
}

Result<void> DataWalView::for_each_key(const std::function<bool(std::string_view key)>& visit) const {
  if (Result<void> open = refuse_closed(impl_.get()); !open) return open;
  const Result<std::shared_ptr<const kv::LiveView>> live = impl_->in_log_order();
  if (!live) return propagate(live);
  return (*live)->for_each_key(visit);
}

Result<DataWalCursor> DataWalView::cursor(const CursorOptions& options) const {
  if (Result<void> open = refuse_closed(impl_.get()); !open) return propagate(open);
  Result<std::shared_ptr<const kv::LiveView>> live = options.order == CursorOrder::log ? impl_->in_log_order()
                                                                                       : impl_->in_key_order();
  if (!live) return propagate(live);
  return kv::cursor_over(std::move(*live), options);
}

}  // namespace datawal
