#pragma once
// What to salvage, in txid order, without keeping records in memory.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/format.hpp>
#include <datawal/repair.hpp>

#include "log/read/snapshot.hpp"
#include "segment/runs.hpp"

namespace datawal::log {

/// Records, back to back, with ascending txids, in one segment.
struct Strand {
  segment::Run run{};
  std::uint32_t segment = 0;
};

/// The strands with records of some txids, in log order.
struct StrandPart {
  std::vector<Strand> strands{};
  /// Records with this txid or a higher one are left to the next part; nullopt: there is none.
  std::optional<std::uint64_t> end{};
};

/// The strands of the store with the lowest txids from `first_txid` on, without the records below. Most segments are one strand.
/// `max_strands` bounds the memory: if there are more, call this again from StrandPart::end on; it reads everything again.
/// @param report  receives what is in no strand, if it is not null
[[nodiscard]] Result<StrandPart> find_strands(const Snapshot& snapshot, std::uint64_t first_txid, SalvageReport* report,
                                              std::size_t max_strands = 1'000'000);

/// Walks all strands as one, by txid; among equal txids the first in the log comes first. Reads a part of some strands at a time,
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

  /// Puts the next record into `record`; false at the end.
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

}  // namespace datawal::log
