#pragma once
// Who knows of what: vector clocks, as C++ defines "happens before".

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace datawal::interleave {

inline constexpr std::size_t max_threads = 8;

/// An instant of one thread.
struct Epoch {
  std::uint32_t thread = 0;
  std::uint32_t time = 0;
};

class VectorClock {
 public:
  [[nodiscard]] std::uint32_t of(std::size_t thread) const noexcept { return times_[thread]; }
  [[nodiscard]] bool covers(const Epoch& epoch) const noexcept { return epoch.time <= times_[epoch.thread]; }
  void tick(std::size_t thread) noexcept { ++times_[thread]; }
  void join(const VectorClock& other) noexcept {
    for (std::size_t i = 0; i < max_threads; ++i) times_[i] = std::max(times_[i], other.times_[i]);
  }

 private:
  std::array<std::uint32_t, max_threads> times_{};
};

/// What a thread, or a message from one, has learnt.
struct Knowledge {
  VectorClock happened;  ///< what happens before
  VectorClock visible;   ///< the same, and what sequentially consistent fences make visible without ordering it
  void join(const Knowledge& other) noexcept {
    happened.join(other.happened);
    visible.join(other.visible);
  }
  void tick(std::size_t thread) noexcept {
    happened.tick(thread);
    visible.tick(thread);
  }
};

}  // namespace datawal::interleave
