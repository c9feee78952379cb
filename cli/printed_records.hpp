#pragma once
// What a follower has printed, to print nothing twice.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <datawal/record.hpp>

namespace datawal::cli {

enum class Novelty : std::uint8_t {
  seen,      ///< it was printed
  fresh,     ///< it was not
  replaced,  ///< another record with the txid of one that was printed
};

/// Remembers the newest txid and, for the last records, their content. A txid alone is not enough: a writer that takes a
/// record back before it was durable gives its txid to the next one.
class PrintedRecords {
 public:
  [[nodiscard]] Novelty judge(const RecordView& record) const noexcept;
  /// Treats all records up to this txid as printed, and those that it has forgotten; else they are fresh.
  void begin_behind(std::uint64_t txid) noexcept {
    newest_txid_ = txid;
    takes_unknown_for_seen_ = true;
  }
  void remember(const RecordView& record) noexcept;
  /// True if it remembers none.
  [[nodiscard]] bool is_empty() const noexcept { return is_empty_; }

 private:
  struct Entry {
    std::uint64_t txid = 0;  // 0: free
    std::uint32_t crc = 0;
  };
  static constexpr std::size_t remembered_records = 4096;

  std::uint64_t newest_txid_ = 0;
  bool takes_unknown_for_seen_ = false;
  bool is_empty_ = true;
  std::vector<Entry> entries_ = std::vector<Entry>(remembered_records);  // by txid
};

}  // namespace datawal::cli
