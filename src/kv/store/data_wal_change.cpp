// Changing: one key, under a condition, or many at once.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kv/store/data_wal_impl.hpp"
#include "kv/store/same_keys.hpp"

namespace datawal {

namespace {

std::uint64_t len_of(std::span<const RecordInput> records) noexcept {
  std::uint64_t len = 0;
  for (const RecordInput& record : records) len += format::frame_len(record.key.size(), record.payload.size());
  return len;
}

// How many of them replace no live record.
std::uint64_t inserts_of(std::span<const RecordInput> records, std::span<const kv::Projection::Change> changes,
                         const kv::Predecessors& before) noexcept {
  std::uint64_t inserts = 0;
  for (std::size_t n = 0; n < records.size(); ++n) {
    if (records[n].type != RecordType::Put) continue;
    const std::size_t earlier = before.of(n);
    const bool finds_one = earlier == kv::Predecessors::none ? changes[n].live.has_value()
                                                             : records[earlier].type == RecordType::Put;
    if (!finds_one) ++inserts;
  }
  return inserts;
}

}  // namespace

Result<void> DataWal::Impl::change(RecordType type, std::string_view key, std::string_view value,
                                   const WriteOptions& how, Condition* condition) {
  if (Result<void> open = refuse_closed(); !open) return open;
  const std::uint64_t hash = projection->hash_of(key);
  projection->prefetch_for_change(hash);
  std::uint64_t txid = 0;
  {
    kv::ReaderEpochs::Guard reading;
    Lock guard(mutex);
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
    Result<RecordRef> ref = core->append(type, key, value);
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
  if (last.segment == looked_in && end < look_at) [[likely]]
    return;
  if (auto_compaction) {
    auto_compaction->look();  // what was overwritten meanwhile lies in sealed segments too
    core->limit_segments(kv::AutoCompaction::segment_bytes_for(projection->counts().live_bytes));
  }
  index->look();
  looked_in = last.segment;
  look_at = end + (projection->directory().is_limited() ? limited_look_step : look_step);
}

Result<void> DataWal::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return impl_->change(RecordType::Put, key, value, options);
}

Result<void> DataWal::erase(std::string_view key, const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return impl_->change(RecordType::Delete, key, {}, options);
}

Result<ChangeOutcome> DataWal::put_if(std::string_view key, const Expect& expected, std::string_view value,
                                      const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Impl::Condition condition{.expected = expected};
  Result<void> changed = impl_->change(RecordType::Put, key, value, options, &condition);
  if (!changed) return propagate(changed);
  return condition.outcome;
}

Result<ChangeOutcome> DataWal::erase_if(std::string_view key, const Expect& expected, const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  Impl::Condition condition{.expected = expected};
  Result<void> changed = impl_->change(RecordType::Delete, key, {}, options, &condition);
  if (!changed) return propagate(changed);
  return condition.outcome;
}

Result<void> DataWal::Impl::write(std::span<const RecordInput> records, const WriteOptions& how) {
  if (Result<void> open = refuse_closed(); !open) return open;
  if (records.empty()) return {};
  std::vector<kv::Projection::Change> changes(records.size());
  std::vector<std::uint64_t> hashes;
  hashes.reserve(records.size());
  for (const RecordInput& record : records) hashes.push_back(projection->hash_of(record.key));
  const kv::Predecessors before(records, hashes);
  std::vector<RecordRef> refs;
  {
    kv::ReaderEpochs::Guard reading;
    Lock guard(mutex);
    Result<void> prepared = prepare_long(guard, reading, [&](kv::Projection::LongRecords* longs) -> Result<bool> {
      bool is_unchecked = false;
      constexpr std::size_t ahead = kv::Projection::fetched_ahead;
      for (std::size_t n = 0; n < std::min(ahead, hashes.size()); ++n) projection->prefetch_for_change(hashes[n]);
      for (std::size_t n = 0; n < records.size(); ++n) {
        if (n + ahead < hashes.size()) projection->prefetch_for_change(hashes[n + ahead]);
        Result<kv::Projection::Change> made = projection->prepare(records[n].key, hashes[n], longs);
        if (!made) return propagate(made);
        changes[n] = *made;
        is_unchecked |= made->is_unchecked;
      }
      return is_unchecked;
    });
    if (!prepared) return prepared;
    if (Result<void> room = make_room(inserts_of(records, changes, before), len_of(records)); !room) return room;
    const Result<void> appended = core->append_batch(records, refs);
    if (!appended) return appended;
    follow(refs.back());
    for (std::size_t n = 0; n < records.size(); ++n) {
      if (const std::size_t earlier = before.of(n); earlier != kv::Predecessors::none) {
        projection->replaces(changes[n], records[earlier].type, refs[earlier]);
      }
      projection->apply(changes[n], records[n].type, refs[n]);
    }
  }
  return core->sync_if_required(how, refs.back().txid);
}

Result<void> DataWal::write(const Batch& batch, const WriteOptions& options) {
  if (!impl_) return std::unexpected(moved_from("use store"));
  return impl_->write(batch.records(), options);
}

}  // namespace datawal
