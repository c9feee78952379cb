#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Result<ChangeOutcome> DataWal::put_if(std::string_view key, const Expect& expected, std::string_view value,
                                      const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Impl::Condition condition{.expected = expected};
  Result<void> changed = impl_->change(RecordType::Put, key, value, options, &condition);
  if (!changed) return propagate(changed);
  return condition.outcome;
}

Result<ChangeOutcome> DataWal::erase_if(std::string_view key, const Expect& expected, const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  Impl::Condition condition{.expected = expected};
  Result<void> changed = impl_->change(RecordType::Delete, key, {}, options, &condition);
  if (!changed) return propagate(changed);
  return condition.outcome;
}

Answer<std::optional<StoredValue>> DataWal::find(std::string_view key) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->find_value(key);
}

}  // namespace datawal
