#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/frame.hpp"
#include "log/write/log_core.hpp"

namespace datawal::log {

namespace {

std::string too_long(std::string_view what, std::size_t len, std::size_t limit) {
  return "the " + std::string(what) + " has " + std::to_string(len) + " bytes, the limit is " + std::to_string(limit);
}

}  // namespace

std::unexpected<Error> LogCore::refused_append(std::string detail) const {
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "append record",
                               .path = directory()->path(),
                               .detail = std::move(detail)});
}

std::unexpected<Error> LogCore::refused_record(std::string_view key, std::string_view payload) const {
  if (key.size() > max_key_len) return refused_append(too_long("key", key.size(), max_key_len));
  if (payload.size() > max_payload_len) return refused_append(too_long("payload", payload.size(), max_payload_len));
  return refused_append("there is no such record type");
}

// The first of `count` unused txids.
Result<std::uint64_t> LogCore::next_txid(std::uint64_t count) const {
  const std::uint64_t last_txid = last_txid_.load(std::memory_order_relaxed);
  if (count > std::numeric_limits<std::uint64_t>::max() - last_txid) [[unlikely]] {
    return refused_append("the txids are used up");
  }
  return last_txid + 1;
}

// What must come before an append: refusing it if the log is closed or poisoned, rotating if the segment is full, syncing if an undone
// write still waits for that. The turn, if that needs one, is kept until the append is over.
Result<void> LogCore::prepare_append(Guard& guard, std::uint64_t len, std::optional<Turn>& turn) {
  if (Result<void> usable = refuse_change(); !usable) return usable;
  turn.emplace(*this, guard);
  if (Result<void> usable = refuse_change(); !usable) return usable;
  return is_full_for(len) ? rotate_in_turn(guard) : Result<void>();
}

std::unexpected<Error> LogCore::failed_append(const Error& error) {
  if (writer_->is_broken()) return poison(error);
  return std::unexpected(error);
}

void LogCore::appended(std::uint64_t last_txid) {
  last_txid_.store(last_txid, std::memory_order_release);
  constexpr std::uint64_t writeback_after = 32ULL << 20;  // bytes: a tenth of a second for a slow disk
  if (writer_->end() - writeback_end_ >= writeback_after) [[unlikely]]
    start_writeback();
}

Result<RecordRef> LogCore::append(RecordType type, std::string_view key, std::string_view payload) {
  if (!process_.is_ours()) return std::unexpected(closed_error());
  if (!is_record(type, key, payload)) [[unlikely]]
    return refused_record(key, payload);
  const std::uint64_t len = format::frame_len(key.size(), payload.size());

  Guard guard(mutex_);
  std::optional<Turn> turn;
  if (!is_ready_for(len)) [[unlikely]] {
    if (Result<void> prepared = prepare_append(guard, len, turn); !prepared) return propagate(prepared);
  }
  const Result<std::uint64_t> txid = next_txid(1);
  if (!txid) return propagate(txid);
  const format::Header header{.type = type,
                              .txid = *txid,
                              .key_len = static_cast<std::uint32_t>(key.size()),
                              .payload_len = static_cast<std::uint32_t>(payload.size())};
  Result<segment::AppendedFrame> frame = writer_->append(header, key, payload);
  if (!frame) [[unlikely]]
    return failed_append(frame.error());
  appended(*txid);
  if (state_) state_->add(type, *txid, static_cast<std::uint32_t>(len), frame->crc);
  return RecordRef{.segment = active_segment(),
                   .offset = frame->offset,
                   .len = static_cast<std::uint32_t>(len),
                   .txid = *txid,
                   .crc = frame->crc};
}

Result<void> LogCore::append_batch(std::span<const RecordInput> records, std::vector<RecordRef>& refs) {
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

// The segment they are in.
Result<std::uint32_t> LogCore::append_as_one(std::span<const RecordInput> records, std::uint64_t len,
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
  for (std::size_t n = 0; state_ && n < records.size(); ++n) {
    state_->add(records[n].type, refs[n].txid, refs[n].len, refs[n].crc);
  }
  return active_segment();
}

}  // namespace datawal::log
