#pragma once
// What a disk may hold when the power fails now.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <safeatomic/sim/sim_file_system.hpp>

namespace safeatomic::sim {

/// Which outcomes are possible.
enum class LossModel : std::uint8_t {
  /// Of the unsynced sectors, sizes and entries any subset; of several states of one of them any. A write that makes a file larger
  /// may leave it at any end of a sector.
  arbitrary,
  /// Entries: those made before some instant. A file never reaches beyond data that landed; a write that makes it larger may leave it
  /// at any end of a page of 4,096 bytes.
  ordered,
  /// Everything that was changed before some instant, and nothing after it. A write that makes a file larger is one change for every
  /// page.
  prefix,
};

/// What the disk is like.
struct LossOptions {
  /// A sector that is new to its file and did not land may hold what lay in its place before, as on ext4 with `data=writeback`: of a
  /// file that was removed since the machine started the bytes that lay at the same offset, or else other bytes. The model `arbitrary`
  /// alone knows that. Reserved space reads as zeros all the same.
  bool garbage = false;
};

/// One thing that the loss decides: which of its states since the last sync is on the disk.
struct Undecided {
  /// What can be undecided.
  enum class Kind : std::uint8_t { entry, size, sector, attributes };
  Kind kind = Kind::entry;  ///< what it is
  std::string name;         ///< of the entry; of the file, one of its names
  std::string path;  ///< the same with the directories above it, as processes see them or as the last sync left them
  std::size_t file = 0;      ///< what belongs to the same file has the same number, from 1; 0 for entries
  std::uint64_t offset = 0;  ///< of the sector
  std::uint32_t options =
      0;  ///< how many states; 0 is the one of the last sync, the highest the one that processes see
  std::vector<std::uint64_t> sizes = {};  ///< of a size: its states
};

/// For each Undecided, the number of its state.
using Choice = std::vector<std::uint32_t>;

/// The undecided things of a machine. Valid until the machine changes.
class PowerLoss {
 public:
  /// Of what `machine` is now.
  explicit PowerLoss(const SimFileSystem& machine, LossOptions options = {});
  ~PowerLoss();
  PowerLoss(const PowerLoss&) = delete;
  PowerLoss& operator=(const PowerLoss&) = delete;

  /// Entries first, in the order in which they were changed.
  [[nodiscard]] std::span<const Undecided> undecided() const noexcept;

  /// Which of them can be seen if the entries are chosen as in `choice`: a file that has no name then is out of the game,
  /// and so is one without a name that `is_seen` in a directory that `is_seen`. In the order of undecided(), entries left out.
  [[nodiscard]] std::vector<std::size_t> seen(const Choice& choice,
                                              const std::function<bool(std::string_view name)>& is_seen) const;

  /// Whether the model knows this outcome; `arbitrary` knows all.
  [[nodiscard]] bool is_possible(const Choice& choice, LossModel model) const;

  /// All outcomes of the model `prefix`, the oldest first: one for each instant at which something changed, and the one of the
  /// last sync.
  [[nodiscard]] std::vector<Choice> prefixes() const;

  /// The disk that this choice leaves.
  [[nodiscard]] DiskImage outcome(const Choice& choice) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace safeatomic::sim
