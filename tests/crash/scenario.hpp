#pragma once
// A program whose every crash is looked at, and what it was promised.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <safeatomic/sim.hpp>

#include "crash/invariant.hpp"

namespace datawal::crash {

/// What a scenario runs on.
struct World {
  safeatomic::sim::SimFileSystem& machine;
  safeatomic::FileSystem& file_system;  ///< the machine, or a mutant in front of it
  std::function<void(Invariant, const std::string&)> violated;
  bool is_last = false;    ///< no further crash is looked at behind this recovery
  bool is_dead = false;    ///< the process was killed: nothing that a call says counts
  bool is_faulty = false;  ///< a fault was injected into this very run
};

/// Deterministic: the same calls in the same order on every machine. Copies go their own way.
class Scenario {
 public:
  Scenario() = default;
  Scenario(const Scenario&) = default;
  Scenario& operator=(const Scenario&) = delete;
  virtual ~Scenario() = default;

  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  [[nodiscard]] virtual std::unique_ptr<Scenario> clone() const = 0;

  /// The disk it begins with.
  [[nodiscard]] virtual safeatomic::sim::DiskImage start() const { return {}; }

  /// The program; notes what it is promised as it goes.
  virtual void work(World& world) = 0;

  /// The power failed: what was promised only against kills is void.
  virtual void lose_power() = 0;

  /// The next process: recovers, compares with the notes, notes what it is promised from then on, and, unless it is the last,
  /// goes on working a little.
  virtual void recover(World& world) = 0;

  /// How many losses of power in a row are looked at, at most.
  [[nodiscard]] virtual int losses_max() const { return 2; }

  /// Whether a loss of power now is of interest.
  [[nodiscard]] virtual bool is_watched() const { return true; }

  /// Equal notes have equal hashes.
  [[nodiscard]] virtual std::uint64_t notes_hash() const = 0;
};

using Scenarios = std::vector<std::unique_ptr<Scenario>>;

[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

}  // namespace datawal::crash
