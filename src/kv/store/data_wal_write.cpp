#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
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

// How many of them find no live record of their key.
std::uint64_t inserts_of(std::span<const RecordInput> records, std::span<const kv::Projection::Change> changes,
                         std::span<const std::size_t> before) noexcept {
  std::uint64_t inserts = 0;
  for (std::size_t n = 0; n < records.size(); ++n) {
    if (records[n].type != RecordType::Put) continue;
    const bool finds_one = before[n] == kv::no_predecessor ? changes[n].live.has_value()
                                                           : records[before[n]].type == RecordType::Put;
    if (!finds_one) ++inserts;
  }
  return inserts;
}

}  // namespace

Result<void> DataWal::Impl::write(std::span<const RecordInput> records, const WriteOptions& how) {
  if (Result<void> open = refuse_closed(); !open) return open;
  if (records.empty()) return {};
  std::vector<kv::Projection::Change> changes(records.size());
  std::vector<std::uint64_t> hashes;
  hashes.reserve(records.size());
  for (const RecordInput& record : records) hashes.push_back(projection->hash_of(record.key));
  std::vector<RecordRef> refs;
  {
    kv::ReaderEpochs::Guard reading;
    std::unique_lock guard(mutex);
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
    const std::vector<std::size_t> before = kv::predecessors(records, hashes);
    if (Result<void> room = make_room(inserts_of(records, changes, before), len_of(records)); !room) return room;
    const Result<void> appended = following([&] { return core->append_batch(records, refs); });
    if (!appended) return appended;
    follow(refs.back());
    for (std::size_t n = 0; n < records.size(); ++n) {
      if (const std::size_t earlier = before[n]; earlier != kv::no_predecessor) {
        projection->replaces(changes[n], records[earlier].type, refs[earlier]);
      }
      projection->apply(changes[n], records[n].type, refs[n]);
    }
  }
  return core->sync_if_required(how, refs.back().txid);
}

Result<void> DataWal::write(const Batch& batch, const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->write(batch.records(), options);
}

}  // namespace datawal
