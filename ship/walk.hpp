#pragma once
// Where a stream ends, and all that is in it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "ship/history.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

/// The last unit that stands behind all others.
struct StreamEnd {
  std::optional<Head> head{};
  std::uint64_t at = 0;                            ///< the sequence of that unit
  std::chrono::system_clock::time_point stored{};  ///< when it came there
  std::uint64_t sequence = 0;  ///< what the next unit must expect: also of messages that the stream has lost at its end
  std::uint64_t missing = 0;   ///< messages that the stream has lost
};

/// Where it ends now, by its last unit; if that does not stand behind the one before it, by all of them.
[[nodiscard]] Outcome<StreamEnd> find_end(Stream& stream);

/// As find_end(), but by all of them in any case.
[[nodiscard]] Outcome<StreamEnd> find_end_by_all(Stream& stream);

/// The last message that says that it is a unit, whatever it stands behind.
[[nodiscard]] Outcome<std::optional<Unit>> newest_unit(Stream& stream);

/// What was read.
struct Walked {
  std::uint64_t units = 0;
  std::uint64_t voids = 0;  ///< that stand behind something else than their predecessors
  std::uint64_t foreign =
      0;                 ///< messages that are no units of this stream: by somebody else, or damaged and shipped again
  std::uint64_t at = 0;  ///< the sequence of the last unit
  std::chrono::system_clock::time_point stored{};  ///< when that one came there
};

/// What a damaged unit means if nothing was shipped in its place.
enum class BrokenEnd : std::uint8_t {
  refused,  ///< for readers: something is lost
  ignored,  ///< for a shipper: it ships that once more
};

/// Hands all units to `history`, in order. Called with (done, all) now and then.
/// @return exit_stream_damaged if what stands at the end does not stand behind the beginning: units are missing
[[nodiscard]] Outcome<Walked> read_all(Stream& stream, History& history, BrokenEnd broken = BrokenEnd::refused,
                                       const std::function<void(std::uint64_t, std::uint64_t)>& on_progress = {});

}  // namespace datawal::ship
