#pragma once
// A batch of records of a log, reduced to what a projection needs: built while they are read, folded later or in another thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/record.hpp>

#include "kv/records/segment_file.hpp"

namespace datawal::kv {

/// All of one segment.
class FoldBatch {
 public:
  struct Item {
    std::uint64_t hash = 0;
    std::uint64_t address = 0;
    std::uint32_t len = 0;  ///< bytes of the frame
    std::uint32_t key_begin = 0;
    std::uint32_t key_len = 0;
    RecordType type = RecordType::Put;
  };

  /// Begins a batch of records of `segment`.
  void begin(SegmentFile& segment) noexcept { segment_ = &segment; }

  /// Adds a record. Of a Raw one only the count remains.
  void add(const RecordView& record, std::uint64_t hash, std::uint64_t address) {
    count(counts_, record.type, record.ref.len);
    chain_.add(record.txid, record.ref.len, record.ref.crc);
    if (record.type == RecordType::Raw) return;
    items_.push_back({.hash = hash,
                      .address = address,
                      .len = record.ref.len,
                      .key_begin = static_cast<std::uint32_t>(keys_.size()),
                      .key_len = static_cast<std::uint32_t>(record.key.size()),
                      .type = record.type});
    keys_.append(record.key);
  }

  /// Whether to fold it now: it holds few enough records to stay in the cache, and at most one long key more than `key_bytes`.
  [[nodiscard]] bool is_full() const noexcept { return items_.size() >= records || keys_.size() >= key_bytes; }

  /// Nothing was added.
  [[nodiscard]] bool is_empty() const noexcept { return counts_.bytes == 0; }

  void clear() noexcept {
    items_.clear();
    keys_.clear();
    counts_ = {};
    chain_ = {};
    segment_ = nullptr;
  }

  [[nodiscard]] std::span<const Item> items() const noexcept { return items_; }
  [[nodiscard]] std::string_view key(const Item& item) const noexcept {
    return std::string_view(keys_).substr(item.key_begin, item.key_len);
  }
  /// Null if nothing was added.
  [[nodiscard]] SegmentFile* segment() const noexcept { return segment_; }
  /// All but live_bytes.
  [[nodiscard]] const SegmentCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const RecordChain& chain() const noexcept { return chain_; }

 private:
  static constexpr std::size_t records = 512;
  static constexpr std::size_t key_bytes = 64 * 1024;

  std::vector<Item> items_;
  std::string keys_;
  SegmentCounts counts_;
  RecordChain chain_;
  SegmentFile* segment_ = nullptr;
};

}  // namespace datawal::kv
