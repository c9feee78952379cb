#include "cli/printed_records.hpp"

#include <string_view>

#include <datawal/format.hpp>

namespace datawal::cli {
namespace {

std::uint32_t crc_of(const RecordView& record) noexcept {
  const char type = static_cast<char>(record.type);
  return format::crc32c(record.payload, format::crc32c(record.key, format::crc32c(std::string_view(&type, 1))));
}

}  // namespace

Novelty PrintedRecords::judge(const RecordView& record) const noexcept {
  if (record.txid > newest_txid_) return Novelty::fresh;
  const Entry& entry = entries_[record.txid % remembered_records];
  if (entry.txid != record.txid) return takes_unknown_for_seen_ ? Novelty::seen : Novelty::fresh;
  return entry.crc != crc_of(record) ? Novelty::replaced : Novelty::seen;
}

void PrintedRecords::remember(const RecordView& record) noexcept {
  is_empty_ = false;
  newest_txid_ = record.txid > newest_txid_ ? record.txid : newest_txid_;
  entries_[record.txid % remembered_records] = {record.txid, crc_of(record)};
}

}  // namespace datawal::cli
