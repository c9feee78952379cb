#pragma once
// How much of what a reader sees the watermark proves durable.

#include <optional>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <datawal/record_log_reader.hpp>

#include "log/read/snapshot.hpp"

namespace datawal::log {

/// Reads from `known`, an earlier answer for the same reader, to the watermark: the watermark counts only if the record that ends
/// there is the one it names, or damage lies before it.
/// @param known_inode  of the file that `known` was about
/// @param whole  a record up to which the log is known to be whole, from any source; txid 0: none
[[nodiscard]] Result<DurableEnd> find_durable_end(const Snapshot& snapshot, const std::optional<DurableEnd>& known,
                                                  std::uint64_t known_inode, const RecordRef& whole);

}  // namespace datawal::log
