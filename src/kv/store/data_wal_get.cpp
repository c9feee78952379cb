// Looking up.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Answer<std::optional<std::string>> DataWal::get(std::string_view key) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->get(key);
}

Answer<std::optional<std::size_t>> DataWal::get(std::string_view key, std::span<char> room) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->get(key, room);
}

Answer<std::optional<RecordRef>> DataWal::ref_of(std::string_view key) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->find(key);
}

Answer<bool> DataWal::contains(std::string_view key) const {
  Result<std::optional<RecordRef>> ref = ref_of(key);
  if (!ref) return propagate(ref);
  return ref->has_value();
}

std::uint64_t DataWal::size() const noexcept {
  return impl_ && !impl_->core->is_closed() ? impl_->projection->size() : 0;
}
bool DataWal::empty() const noexcept { return size() == 0; }

Answer<std::optional<StoredValue>> DataWal::find(std::string_view key) const {
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->find_value(key);
}

Result<void> DataWal::multi_get(std::span<const std::string_view> keys, Values& values) const {
  values.clear();
  if (!impl_) return std::unexpected(moved_from("use store"));
  if (Result<void> open = impl_->refuse_closed(); !open) return open;
  return impl_->projection->multi_get(keys, values);
}

}  // namespace datawal
