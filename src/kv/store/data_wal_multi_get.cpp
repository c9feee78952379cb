#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Result<void> DataWal::multi_get(std::span<const std::string_view> keys, Values& values) const {
  values.clear();
  if (!impl_) return std::unexpected(Impl::moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return open;
  return impl_->projection->multi_get(keys, values);
}

}  // namespace datawal
