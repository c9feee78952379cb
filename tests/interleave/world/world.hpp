#pragma once
// A machine, and what went wrong on purpose on it: what the workloads of logs and of stores share.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include <datawal/options.hpp>
#include <safeatomic/sim.hpp>

#include "interleave/world/invariant.hpp"
#include "interleave/world/seam.hpp"

namespace datawal::interleave {

inline const std::string store_name = "store";

/// When it is looked what a crash would leave.
enum class CrashAt : std::uint8_t { never, power_loss, kill };

/// What fails.
struct Failing {
  int sync = 0;                                                       ///< which sync of a segment, from 1; 0: none
  bool sync_throws = false;                                           ///< that one, for want of memory
  int sync_of_names = 0;                                              ///< which sync of a directory
  int rename = 0;                                                     ///< which renaming
  int write_of_copy = 0;                                              ///< which write to a file without its final name
  safeatomic::sim::Fault write_fault = safeatomic::sim::Fault::none;  ///< how
};

struct WorldOptions {
  CrashAt crash = CrashAt::never;
  Failing failing{};
  bool is_interruptible = false;  ///< listings, reads and writes are, in their middle
};

/// What all runs of a workload saw together; not a part of any.
struct Ledger {
  std::unordered_set<std::uint64_t> looked_at;  ///< disks, each with what was promised then
  std::unordered_set<std::uint64_t> disks;
  std::uint64_t recoveries = 0;
};
[[nodiscard]] Ledger& ledger();

class World {
 public:
  World(const safeatomic::sim::DiskImage& start, const WorldOptions& options);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World();

  [[nodiscard]] safeatomic::sim::SimFileSystem& machine() noexcept { return machine_; }
  [[nodiscard]] Seam& seam() noexcept { return seam_; }
  /// On this machine, by the append path, with one thread.
  [[nodiscard]] OpenOptions open_options();
  [[nodiscard]] ReaderOptions reader_options();

  /// From now on what is to fail fails, and crashes are looked at.
  void arm();
  void disarm() noexcept { is_armed_ = false; }
  [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

  /// Whether a loss of power now would leave these bytes in a segment, whatever else it takes.
  [[nodiscard]] bool is_on_disk(std::string_view bytes) const;
  /// Nothing is open any more.
  void check_nothing_is_open() const;

 protected:
  /// What the program was told so far: two times with the same are one for what a crash may take.
  [[nodiscard]] virtual std::uint64_t promises() const = 0;
  /// A crash left `disk`.
  virtual void check_recovery(safeatomic::sim::SimFileSystem& machine, bool is_kill) = 0;
  /// Before each operation, and by derived classes whenever a promise was made.
  void look_at_crash();

 private:
  safeatomic::sim::Injection before(const safeatomic::sim::Operation& operation);
  void check_disk(const safeatomic::sim::DiskImage& disk, std::uint64_t promised, bool is_kill);

  safeatomic::sim::SimFileSystem machine_;
  Seam seam_;
  WorldOptions options_;
  bool is_armed_ = false;
  bool has_failed_ = false;
  bool is_looking_ = false;
  int syncs_ = 0;
  int syncs_of_names_ = 0;
  int renames_ = 0;
  int writes_of_copies_ = 0;
  std::uint64_t looked_at_change_ = ~std::uint64_t{0};
  std::uint64_t looked_at_promises_ = 0;
};

/// A disk that `make` leaves.
[[nodiscard]] safeatomic::sim::DiskImage made_by(const std::function<void(safeatomic::sim::SimFileSystem&)>& make);

}  // namespace datawal::interleave
