#pragma once
// Orders those who set holds and the one who gives back space: the lock of a segment's own file.
//
// Whoever is about to take a segment's name away locks its file first, and only then looks at the holds. Whoever has set a hold locks the
// file of each segment once. So either the hold was seen, or the name had gone before the hold counted. A store without holds needs no
// file for that.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "log/directory/brief_lock.hpp"

namespace datawal::log {

/// What becomes of a name that is to go.
enum class Departure : std::uint8_t {
  gone,
  held,  ///< a hold keeps it
  busy,  ///< another program has locked the segment, as whoever sets a hold does for a moment, or has put another file in its place
};

/// While it lives, no hold that is set counts before the segment's name has gone.
class HoldGate {
 public:
  /// @param id         of a sealed segment
  /// @param segment    its open file
  /// @param last_txid  of its records, or more; 0: it has none, and no hold can keep it
  /// @return errors as read_holds()
  [[nodiscard]] static Result<HoldGate> pass(safeatomic::Directory& directory, std::uint32_t id,
                                             const safeatomic::File& segment, std::uint64_t last_txid);

  /// `gone`: the name may go. Otherwise it must stay.
  [[nodiscard]] Departure verdict() const noexcept { return verdict_; }

 private:
  explicit HoldGate(Departure verdict, std::optional<BriefLock> lock = std::nullopt) noexcept
      : verdict_(verdict), lock_(std::move(lock)) {}

  Departure verdict_;
  std::optional<BriefLock> lock_;
};

/// On return every name that goes from now on goes by the holds that are there now.
/// @return locked; io
[[nodiscard]] Result<void> wait_for_gates(safeatomic::Directory& directory);

}  // namespace datawal::log
