#pragma once
// What must hold in every schedule, by name. Besides, whatever the workload: no signal, no deadlock, no livelock, no data race, no
// use of memory that was given back.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "interleave/runtime/scheduler.hpp"

namespace datawal::interleave {

enum class Invariant : std::uint8_t {
  acknowledged_is_durable,
  one_sync_at_a_time,
  failed_sync_poisons,
  txids_ascend,
  get_is_a_state,
  reader_is_a_state,
  follower_skips_nothing,
  stats_equal_a_recount,
  hold_keeps_what_is_there,
  nothing_leaks,
  sound_store_has_no_error,
  crash_keeps_promises,
};

[[nodiscard]] constexpr std::string_view name_of(Invariant invariant) noexcept {
  switch (invariant) {
    case Invariant::acknowledged_is_durable: return "what was acknowledged is on the disk of the last sync alone";
    case Invariant::one_sync_at_a_time: return "one sync of a file at a time";
    case Invariant::failed_sync_poisons: return "a failed sync poisons, and nobody is told otherwise";
    case Invariant::txids_ascend: return "txids are unique and ascend";
    case Invariant::get_is_a_state: return "a get returns a state of its time";
    case Invariant::reader_is_a_state: return "a reader's fold is one state of the store";
    case Invariant::follower_skips_nothing: return "a follower skips nothing";
    case Invariant::stats_equal_a_recount: return "stats equal a recount";
    case Invariant::hold_keeps_what_is_there: return "what was there when a hold was set stays";
    case Invariant::nothing_leaks: return "no descriptor, mapping, lock or memory leaks";
    case Invariant::sound_store_has_no_error: return "no error on a sound store";
    case Invariant::crash_keeps_promises: return "what was promised holds behind a crash";
  }
  std::unreachable();
}

[[noreturn]] inline void violated(Invariant invariant, const std::string& text) {
  violated(std::string(name_of(invariant)) + ": " + text);
}

}  // namespace datawal::interleave
