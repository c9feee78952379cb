#pragma once
// Whether a persisted index still describes the log that is there: docs/DURABILITY.md, "The persisted index".

#include <cstdint>
#include <optional>
#include <string>

#include "kv/saved_index/index_file.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"

namespace datawal::kv {

/// A segment that was changed so short a time before the index was written may have been changed again without its time telling so.
inline constexpr std::int64_t racy_ns = 2'000'000'000;

/// Looks at every segment up to P in the listing, at the record that ends at P, at the headers of all records up to P in its segment if
/// that was changed since, and at the last record of those that were changed just before the index was written. Not the time of a change of the inode, which a second name changes, nor the device, which another
/// boot does.
/// @return why it is not to be believed; nullopt: it is
[[nodiscard]] std::optional<std::string> reason_for_doubt(const SavedIndex& index, const log::Snapshot& snapshot);

/// What it knows of the log up to P.
[[nodiscard]] log::Before before_index(const SavedIndex& index) noexcept;

}  // namespace datawal::kv
