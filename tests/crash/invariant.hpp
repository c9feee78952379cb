#pragma once
// What must hold whatever happens, by name.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace datawal::crash {

enum class Invariant : std::uint8_t {
  acknowledged_is_there,
  prefix_is_unaltered,
  nothing_is_fabricated,
  kill_loses_nothing,
  recovered_stays,
  appends_go_on,
  projection_is_the_fold,
  whole_or_absent,
  cut_bytes_are_kept,
  open_succeeds,
  reader_agrees,
  told_stays_true,
  held_is_there,
  error_is_documented,
  nothing_leaks,
  no_bus_error,
};

inline constexpr std::size_t invariant_count = static_cast<std::size_t>(Invariant::no_bus_error) + 1;

[[nodiscard]] constexpr std::string_view name_of(Invariant invariant) noexcept {
  switch (invariant) {
    case Invariant::acknowledged_is_there: return "what was acknowledged is there";
    case Invariant::prefix_is_unaltered: return "what is found is an unaltered prefix";
    case Invariant::nothing_is_fabricated: return "nothing is fabricated";
    case Invariant::kill_loses_nothing: return "a kill alone loses nothing";
    case Invariant::recovered_stays: return "what was recovered survives a further crash";
    case Invariant::appends_go_on: return "appends after a recovery work and survive";
    case Invariant::projection_is_the_fold: return "the projection equals the fold of the prefix";
    case Invariant::whole_or_absent: return "results are whole or absent";
    case Invariant::cut_bytes_are_kept: return "every cut byte is in quarantine";
    case Invariant::open_succeeds: return "open succeeds after a power loss alone";
    case Invariant::reader_agrees: return "a reader sees what recovery keeps";
    case Invariant::told_stays_true: return "what a follower was told stays true, or is taken back";
    case Invariant::held_is_there: return "what a hold keeps is there, and so is the hold";
    case Invariant::error_is_documented: return "errors and what they leave are as documented";
    case Invariant::nothing_leaks: return "no file, mapping or lock leaks";
    case Invariant::no_bus_error: return "no store beyond the end of a file";
  }
  std::unreachable();
}

}  // namespace datawal::crash
