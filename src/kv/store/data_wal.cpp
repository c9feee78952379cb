#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "kv/store/data_wal_impl.hpp"

namespace datawal {

Result<void> DataWal::Impl::change(RecordType type, std::string_view key, std::string_view value,
                                   const WriteOptions& how, Condition* condition) {
  if (Result<void> open = refuse_closed(); !open) return open;
  const std::uint64_t hash = projection->hash_of(key);
  projection->prefetch_for_change(hash);
  std::uint64_t txid = 0;
  {
    kv::ReaderEpochs::Guard reading;
    std::unique_lock guard(mutex);
    Result<kv::Projection::Change> prepared = projection->prepare(key, hash, nullptr);
    if (prepared && prepared->is_unchecked) [[unlikely]] {
      Result<void> checked = prepare_long(guard, reading, [&](kv::Projection::LongRecords* longs) -> Result<bool> {
        prepared = projection->prepare(key, hash, longs);
        return prepared && prepared->is_unchecked;
      });
      if (!checked) return checked;
    }
    if (!prepared) return propagate(prepared);
    if (condition != nullptr) {
      condition->outcome.previous = projection->live_ref(*prepared);
      if (!condition->expected.is_met_by(condition->outcome.previous)) return {};
    }
    const std::uint64_t inserts = type == RecordType::Put && !prepared->live ? 1 : 0;
    if (Result<void> room = make_room(inserts, format::frame_len(key.size(), value.size())); !room) return room;
    Result<RecordRef> ref = following([&] { return core->append(type, key, value); });
    if (!ref) return propagate(ref);
    follow(*ref);
    projection->apply(*prepared, type, *ref);
    txid = ref->txid;
    if (condition != nullptr) {
      condition->outcome.is_done = true;
      condition->outcome.ref = *ref;
    }
  }
  return core->sync_if_required(how, txid);
}

// Everything up to the record `last` was appended.
void DataWal::Impl::follow(const RecordRef& last) noexcept {
  const std::uint64_t end = last.offset + last.len;
  projection->address_space().extend_last(end);
  if (auto_compaction && end >= look_at) [[unlikely]] {
    auto_compaction->look();  // what was overwritten meanwhile lies in sealed segments too
    look_at = end + look_step;
  }
}

Result<void> DataWal::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->change(RecordType::Put, key, value, options);
}

Result<void> DataWal::erase(std::string_view key, const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->change(RecordType::Delete, key, {}, options);
}

Answer<std::optional<std::string>> DataWal::get(std::string_view key) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->get(key);
}

Answer<std::optional<std::size_t>> DataWal::get(std::string_view key, std::span<char> room) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
  if (Result<void> open = impl_->refuse_closed(); !open) return propagate(open);
  return impl_->projection->get(key, room);
}

Answer<std::optional<RecordRef>> DataWal::ref_of(std::string_view key) const {
  if (!impl_) return std::unexpected(Impl::moved_from());
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

Result<void> DataWal::fsync() {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->core->fsync();
}

}  // namespace datawal
