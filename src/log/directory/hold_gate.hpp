#pragma once
// Orders the setting of holds against the freeing of space, by the lock of a segment's own file.
//
// Before a segment loses its name its file is locked, and only then are the holds read. After a hold was set, the file of each segment
// is locked once. So either the hold was seen, or the name had gone before the hold counted. A store without holds needs no file for
// that.

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "log/directory/brief_lock.hpp"

namespace datawal::log {

/// Whether a name may be removed.
enum class Departure : std::uint8_t {
  gone,
  held,  ///< a hold keeps it
  busy,  ///< another program has locked the segment, as whoever sets a hold does for a moment, or has put another file in its place
};

/// While it lives, a hold that is being set does not count until the segment's name has gone.
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

/// On return, the removal of any name heeds the holds that are set now.
/// @return locked; io
[[nodiscard]] Result<void> wait_for_gates(safeatomic::Directory& directory);

}  // namespace datawal::log
