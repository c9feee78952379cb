#pragma once
// Which of the whole frames behind damage are records of the log, and which are bytes of somebody's value.

#include <cstdint>
#include <functional>
#include <optional>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "segment/resync.hpp"

namespace datawal::segment {

/// Whole records one behind the other, with ascending txids.
struct Run {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t first_txid = 0;
  std::uint64_t last_txid = 0;
  std::uint64_t records = 0;
};

/// What is to be searched.
struct RunSearch {
  std::uint64_t begin = 0;  ///< where a record begins, or was to begin
  std::uint64_t end = 0;
  std::optional<std::uint64_t> previous_txid{};  ///< of the record before, in this segment or an earlier one
};

/// Whole frames that are no records of the log as far as can be told.
struct Apart {
  std::uint64_t records = 0;  ///< how many (a lower bound)
  std::uint64_t highest_txid = 0;
};

/// Calls `found` for each run of records in [search.begin, search.end), ascending. A value may hold frames, even whole segments, so
/// that behind a place where no record can be read it has to be decided which frame is the next record:
/// - what lies inside the extent that the damaged record's header announces is opaque, unless a checksum proves the record shorter
///   or longer (its length is what is damaged), or a chain of records that reaches the end of the segment runs across its end;
/// - where no header is left to believe, the chain that reaches the end of the segment wins, and besides it only what leaves room
///   for a damaged record on either side, in bytes and in txids.
/// Whatever else decodes is counted apart. Takes memory for some hundred thousand runs at most, and time
/// as find_records, a few times, also where there are many more; besides, each damaged record whose header is sound takes one
/// checksum of the bytes that it announces.
[[nodiscard]] Result<Apart> find_runs(safeatomic::File& file, const RunSearch& search, CrcWork& work,
                                      const std::function<Result<void>(const Run&)>& found);

/// How many records lie in the range, or a lower bound: at most about 8 bytes of CRC work per byte searched.
[[nodiscard]] Result<std::uint64_t> count_in_runs(safeatomic::File& file, const RunSearch& search);

}  // namespace datawal::segment
