#pragma once
// Whether a saved description still describes the log that is there: docs/DURABILITY.md, "The persisted index".

#include <cstdint>
#include <optional>
#include <string>

#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"
#include "log/saved/saved_file.hpp"

namespace datawal::log {

/// A segment changed so shortly before the description was written may have been changed again without a change of its time.
inline constexpr std::int64_t racy_ns = 2'000'000'000;

/// Looks at every segment up to P in the listing, at the record that ends at P, at the headers of all records up to P in its segment if
/// that was changed since, and at the last record of those that were changed just before it was written. Not at the time of a change
/// of the inode, which a second name changes, nor at the device, which another boot does.
/// @return why it cannot be believed; nullopt if it can
[[nodiscard]] std::optional<std::string> reason_for_doubt(const SavedLog& saved, const Snapshot& snapshot);

/// Reads `.state`, and says whether it can be believed. A log may have dropped its first segments since: those are left out.
/// Throws std::bad_alloc.
[[nodiscard]] StateLook look_at_state(const Snapshot& snapshot);

/// What it knows of the log up to P.
[[nodiscard]] Before before_saved(const SavedLog& saved) noexcept;

}  // namespace datawal::log
