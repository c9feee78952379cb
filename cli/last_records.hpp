#pragma once
// Where the last records of a log begin.

#include <cstdint>
#include <optional>

#include <datawal/record_log_reader.hpp>

namespace datawal::cli {

/// A place to start printing from.
struct TailStart {
  std::uint32_t segment = 0;
  std::uint64_t skipped = 0;  ///< records to skip before the first one wanted
  std::uint64_t wanted = 0;   ///< how many there are from there on, no more than asked for
};

/// Finds the last `count` records by counting segments from the newest one back: reads no more of them than needed, and
/// keeps no record. Damage ends the log: what follows it does not count. `reader` shows at least one segment.
[[nodiscard]] Result<TailStart> find_last_records(const RecordLogReader& reader, std::uint64_t count);

/// The record before the last `count`, to continue after; nullopt if there are no more than these.
[[nodiscard]] Result<std::optional<RecordRef>> find_record_before_last(const RecordLogReader& reader,
                                                                       std::uint64_t count);

/// The last record whose txid is at most that, to go on behind; nullopt if there is none. Reads the log up to it.
[[nodiscard]] Result<std::optional<RecordRef>> find_record_up_to(const RecordLogReader& reader, std::uint64_t txid);

}  // namespace datawal::cli
