#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "kv/data_wal_impl.hpp"
#include "kv/same_keys.hpp"

namespace datawal {

Result<void> DataWal::Impl::write(std::span<const RecordInput> records, const WriteOptions& how) {
  if (Result<void> open = refuse_closed(); !open) return open;
  if (records.empty()) return {};
  std::vector<kv::Projection::Change> changes(records.size());
  std::vector<std::uint64_t> hashes;
  hashes.reserve(records.size());
  for (const RecordInput& record : records) hashes.push_back(projection->hash_of(record.key));
  std::vector<RecordRef> refs;
  {
    const std::lock_guard guard(mutex);
    projection->reserve(records.size());
    constexpr std::size_t ahead = kv::Projection::fetched_ahead;
    for (std::size_t n = 0; n < std::min(ahead, hashes.size()); ++n) projection->prefetch_for_change(hashes[n]);
    for (std::size_t n = 0; n < records.size(); ++n) {
      if (n + ahead < hashes.size()) projection->prefetch_for_change(hashes[n + ahead]);
      Result<kv::Projection::Change> prepared = projection->prepare(records[n].key, hashes[n]);
      if (!prepared) return propagate(prepared);
      changes[n] = *prepared;
    }
    const std::vector<std::size_t> before = kv::predecessors(records, hashes);
    if (Result<void> appended = core->append_batch(records, refs); !appended) return appended;
    if (Result<void> followed = follow(refs.back()); !followed) return followed;
    for (std::size_t n = 0; n < records.size(); ++n) {
      if (const std::size_t earlier = before[n]; earlier != kv::no_predecessor) {
        projection->replaces(changes[n], records[earlier].type, refs[earlier]);
      }
      projection->apply(changes[n], records[n].type, refs[n]);
    }
  }
  return core->settle(how, refs.back().txid);
}

Result<void> DataWal::write(const Batch& batch, const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  return impl_->write(batch.records(), options);
}

}  // namespace datawal
