#pragma once
// Where a stream ends, and all that is in it.

#include <cstdint>
#include <functional>
#include <optional>

#include "ship/history.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

/// The last unit that stands behind all others.
struct StreamEnd {
  std::optional<Head> head{};
  std::uint64_t sequence = 0;  ///< what the next unit must expect: also of messages that the stream has lost at its end
};

/// Where it ends now, by its last unit; if that does not stand behind the one before it, by all of them.
[[nodiscard]] Outcome<StreamEnd> find_end(Stream& stream);

/// What was read.
struct Walked {
  std::uint64_t units = 0;
  std::uint64_t voids = 0;  ///< that stand behind something else than their predecessors
};

/// Hands all units to `history`, in order. Called with (done, all) now and then.
/// @return exit_stream_damaged if what stands at the end does not stand behind the beginning: units are missing
[[nodiscard]] Outcome<Walked> read_all(Stream& stream, History& history,
                                       const std::function<void(std::uint64_t, std::uint64_t)>& on_progress = {});

}  // namespace datawal::ship
