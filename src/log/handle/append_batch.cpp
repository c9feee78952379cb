// Appending many records at once, of LogCore and RecordLog: apart, so that a program without it does not hold it.

#include <datawal/record_log.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "format/frame.hpp"
#include "log/handle/record_log_impl.hpp"
#include "log/write/log_core.hpp"

namespace datawal {

Result<void> log::LogCore::append_batch(std::span<const RecordInput> records, std::vector<RecordRef>& refs) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  refs.assign(records.size(), {});
  std::uint64_t len = 0;
  for (const RecordInput& record : records) {
    if (!is_record(record.type, record.key, record.payload)) [[unlikely]]
      return refused_record(record.key, record.payload);
    len += format::frame_len(record.key.size(), record.payload.size());
  }

  if (records.empty()) {
    const Guard guard(mutex_);
    return refuse_change();
  }
  const Result<std::uint32_t> segment = append_as_one(records, len, refs);
  if (!segment) return propagate(segment);
  for (RecordRef& ref : refs) ref.segment = *segment;
  return {};
}

// The segment that they are in.
Result<std::uint32_t> log::LogCore::append_as_one(std::span<const RecordInput> records, std::uint64_t len,
                                                  std::span<RecordRef> refs) {
  Guard guard(mutex_);
  std::optional<Turn> turn;
  if (!is_ready_for(len)) [[unlikely]] {
    if (Result<void> prepared = prepare_append(guard, len, turn); !prepared) return propagate(prepared);
  }
  const Result<std::uint64_t> txid = next_txid(records.size());
  if (!txid) return propagate(txid);
  if (Result<void> done = writer_->append_batch(records, *txid, len, refs); !done) [[unlikely]] {
    return failed_append(done.error());
  }
  appended(*txid + records.size() - 1);
  return active_id_.load(std::memory_order_relaxed);
}

Result<std::vector<RecordRef>> RecordLog::append_batch(std::span<const RecordInput> records,
                                                       const WriteOptions& options) {
  if (!impl_) return std::unexpected(Impl::moved_from());
  std::vector<RecordRef> refs;
  if (Result<void> appended = impl_->core->append_batch(records, refs); !appended) return propagate(appended);
  if (refs.empty()) return refs;
  if (Result<void> settled = impl_->core->sync_if_required(options, refs.back().txid); !settled)
    return propagate(settled);
  return refs;
}

}  // namespace datawal
