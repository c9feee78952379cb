#pragma once
// What is to be salvaged, in txid order, without remembering a record.

#include <cstdint>
#include <memory>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <datawal/repair.hpp>

#include "log/snapshot.hpp"
#include "segment/runs.hpp"

namespace datawal {

/// Records one behind the other, txids ascending, in one segment.
struct Strand {
  segment::Run run{};
  std::uint32_t segment = 0;
};

/// All strands of the store, in log order; notes in `report` what is in none of them. Most segments are one.
[[nodiscard]] Result<std::vector<Strand>> find_strands(const Snapshot& snapshot, SalvageReport& report);

/// Walks all strands as one, by txid; among equal ones the first in the log comes first. Reads a part of some strands at a time,
/// however many there are. One thread at a time.
class StrandMerge {
 public:
  struct Record {
    format::DecodedRecord frame{};  ///< views valid until the next call
    std::uint32_t crc = 0;
  };

  /// @param strands  in log order
  StrandMerge(const Snapshot& snapshot, std::vector<Strand> strands);
  StrandMerge(const StrandMerge&) = delete;
  StrandMerge& operator=(const StrandMerge&) = delete;
  ~StrandMerge();

  /// The next record into `record`; false at the end.
  [[nodiscard]] Result<bool> next(Record& record);

 private:
  struct Reading;  // a strand that has begun
  struct Later;

  [[nodiscard]] Result<void> begin_strands();
  [[nodiscard]] Result<void> advance(Reading& reading);
  [[nodiscard]] Result<void> make_ready(Reading& reading);
  void make_room();

  const Snapshot& snapshot_;
  std::vector<Strand> strands_;  // by their first txid
  std::size_t begun_ = 0;
  std::vector<std::unique_ptr<Reading>> heap_;
  std::unique_ptr<Reading> current_;
  std::size_t open_count_ = 0;
};

}  // namespace datawal
