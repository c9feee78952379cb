#pragma once
// Every disk that a loss of power may leave: now, and before every operation of a program.
//
// How many there are: n unsynced sectors and names, each on the disk or not, are 2^n outcomes, times the sizes that the files may
// have. Ten sectors of 512 bytes are 5 KiB: a program that is to be looked at in full writes little between two syncs. Where there
// are more than `combinations_max`, a choice of them is looked at, the same for the same seed, and the answer says so.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <safeatomic/sim/power_loss.hpp>

namespace safeatomic::sim {

/// What is looked at.
struct OutcomeOptions {
  LossModel model = LossModel::arbitrary;  ///< which outcomes are possible
  /// Beyond that many combinations at one point they are not all looked at. Instead: every subset of entries, if they are at most
  /// ten; with each, and for each file, every size with every first sector that did not land, with nothing and with everything
  /// behind it landed, the other files as new or as old as can be; and random ones, up to this number in all.
  std::uint64_t combinations_max = 4096;
  std::uint64_t seed = 1;  ///< of the random ones
  /// The names that the program looks at; empty: all. What differs only in files that have no such name is one outcome.
  std::function<bool(std::string_view name)> is_seen = {};
  bool sees_attributes = true;  ///< whether it looks at owners and permissions
  LossOptions disk = {};        ///< for for_each_crash; otherwise it is given to PowerLoss
};

/// Calls `visit` for all outcomes that differ in what can be seen. Of the model `prefix` all.
/// @return whether it was a choice
bool for_each_outcome(const PowerLoss& loss, const OutcomeOptions& options,
                      const std::function<void(const Choice&)>& visit);

/// Calls `visit` once for every disk that a loss of power may leave now.
/// @return whether it was a choice
bool for_each_outcome(const SimFileSystem& machine, LossModel model,
                      const std::function<void(const DiskImage&)>& visit);

/// A loss of power.
struct Crash {
  std::uint64_t ordinal = 0;  ///< of the operation before which it came; behind the last one if the program had ended
  std::string before;         ///< that operation, for people; "the end"
  Choice choice;              ///< with `ordinal` it is enough to see this crash again
  DiskImage disk;             ///< what it left
};

/// What was looked at.
struct CrashCount {
  std::uint64_t points = 0;   ///< operations, and the end
  std::uint64_t crashes = 0;  ///< calls of `check`
  std::uint64_t choices = 0;  ///< points with more outcomes than were looked at
};

/// Runs `program` once on a machine that starts from `start`, and calls `check` for every disk that a loss of power may leave
/// before each of its operations and at its end. `check` runs while the program stands still: it compares what it finds on a
/// machine of its own, started from `crash.disk`, with what the program has noted by then. Its cost is that of all these checks;
/// the program runs once.
CrashCount for_each_crash(const DiskImage& start, const std::function<void(FileSystem&)>& program,
                          const std::function<void(const Crash&)>& check, const OutcomeOptions& options = {});

}  // namespace safeatomic::sim
