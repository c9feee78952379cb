#pragma once
// A machine in memory behind the seam. What processes see and what the disk holds are kept apart, so that a test can cut
// the power at any operation and look at everything that a disk may hold then:
//
//   SimFileSystem machine;                                   // an empty disk
//   machine.set_hook([](const Operation& op) {               // asked before every operation
//     return op.ordinal == 17 ? Fault::power_loss : Fault::none;
//   });
//   run_the_program(machine);                                // from operation 17 on everything fails
//   PowerLoss loss(machine);                                 // what is undecided: see power_loss.hpp
//   SimFileSystem after(loss.outcome(choice));               // the machine that boots from one of the outcomes
//
// The disk: per file, the content and size of the last sync and every later change of a sector of 512 bytes and of the size; per
// directory, the entries of the last sync and every later change. A write that makes a file larger may be cut by a loss of power
// wherever a sector ends (see LossModel for what the stricter models know), a reservation in its middle. A rename, also over
// another name, is one change; one between two directories happens as a whole until one of the two is synced, and always as a
// whole if it moves a directory. A failed sync leaves the sectors clean but not on the disk, as ext4, XFS and btrfs do (Rebello
// et al., USENIX ATC 2020): a later sync that succeeds does not write them, only writing them again makes them dirty. The same
// holds for a size that writing made larger. Cuts and directory entries are metadata that a journal holds: they stay to be
// written. Owner and permissions wait for the next sync of all of the file, or of the directory. Hard links, open files without
// a name, symbolic links, FIFOs, locks and mappings behave as POSIX says; permissions are kept, and nobody is refused for them.
// An inode number is given out again as soon as nothing holds it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <safeatomic/file_system.hpp>
#include <safeatomic/sim/disk_image.hpp>
#include <safeatomic/sim/operation.hpp>

namespace safeatomic::sim {

/// What happens instead of an operation.
enum class Fault : std::uint8_t {
  none,
  eio,           ///< EIO. A write is done all the same, a sync leaves pages clean that are not on the disk
  enospc,        ///< ENOSPC. Half of a write or reservation is done, a sync fails as for `eio`
  short_write,   ///< a write or read does half of what it was asked for, at least a byte; nothing to other operations
  interrupted,   ///< EINTR for a write or read, which do nothing; nothing to other operations
  process_kill,  ///< the process dies before it, and stays dead: process_kill()
  power_loss,    ///< the power fails before it: whatever was opened is dead, and so is the machine
  /// As `eio`; of a sync, the pages that it leaves clean are dropped from the cache at once: whoever reads them sees what the disk
  /// holds, the old bytes. The size stays until nobody has the file open: see drop_caches().
  eio_dropped,
};

/// A fault, and how much of the operation is done before it. A Fault alone is one.
struct Injection {
  Injection() = default;
  /// `of`, as far as stands at it.
  Injection(Fault of) noexcept : fault(of) {}  // NOLINT(google-explicit-constructor): hooks return either
  /// `of`, after `done` bytes.
  Injection(Fault of, std::optional<std::uint64_t> done) noexcept : fault(of), bytes(done) {}

  Fault fault = Fault::none;  ///< what happens
  /// Of a write, or, with `enospc`, a reservation: this many bytes are done, at most all; of a read with `short_write`: so many are
  /// read. `process_kill` leaves what reaches to the end of a page, since the system asks for signals between pages; of a store to
  /// a mapping any byte. `short_write` does at least one. Nullopt: what stands at the fault, nothing for `process_kill`.
  std::optional<std::uint64_t> bytes = {};
};

/// Asked before every operation, one at a time. May look at the machine (PowerLoss), but not use it. A store to a mapping cannot
/// fail: only `process_kill` and `power_loss` mean something to it.
using FaultHook = std::function<Injection(const Operation&)>;

/// What is open, and what went wrong without an error.
struct Usage {
  std::uint64_t files = 0;        ///< open ones
  std::uint64_t directories = 0;  ///< open ones
  std::uint64_t mappings = 0;     ///< that are there
  std::uint64_t locks = 0;        ///< that are held
  std::uint64_t bus_errors = 0;   ///< stores to a mapping beyond the end of its file: a SIGBUS elsewhere
};

namespace detail {
struct Machine;
}

/// Any thread. Outlives everything that was opened through it.
class SimFileSystem : public FileSystem {
 public:
  /// A machine that has just started from `disk`, which it does not change.
  explicit SimFileSystem(const DiskImage& disk = DiskImage());
  ~SimFileSystem() override;

  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(const std::filesystem::path& path) override;
  /// The same sequence on every machine.
  [[nodiscard]] Result<std::uint64_t> random() override;

  void set_hook(FaultHook hook);  ///< from now on; an empty one asks nobody

  /// Operations so far.
  [[nodiscard]] std::uint64_t ordinal() const;
  /// Grows whenever what a loss of power could leave becomes another.
  [[nodiscard]] std::uint64_t change_count() const;

  /// Everything that is open is dead from now on: its operations fail with EIO and change nothing. Its locks are gone. What was
  /// written stays visible to the next process, and what was wrongly marked clean stays clean. Nothing can be opened until
  /// start_process(): whatever of the killed program still runs, on other threads or in its error paths, does nothing more.
  void process_kill();
  /// The next process may open files. Nothing where none was killed.
  void start_process();

  /// What is in the cache and clean is read from the disk again: after a failed sync the old bytes, and, of files that nobody has
  /// open, the old size. A system may do that at any time. No operation.
  void drop_caches();

  /// Whether the power has failed: then only PowerLoss is of use.
  [[nodiscard]] bool is_power_lost() const;

  [[nodiscard]] Usage usage() const;  ///< now

  // What the seam cannot do, done by another program. No operations.

  /// Makes a symbolic link at `link`; `already_exists`, `not_found`.
  Result<void> make_symbolic_link(const std::filesystem::path& target, const std::filesystem::path& link);
  /// Makes a FIFO; `already_exists`, `not_found`.
  Result<void> make_fifo(const std::filesystem::path& path);
  /// Changes the permissions of a file or directory; on the disk once it is synced (a file by `sync_all`). `not_found`.
  Result<void> change_mode(const std::filesystem::path& path, std::uint32_t mode);

  /// The content that processes see, nullopt if there is no such file. No operation: nothing is counted or asked.
  [[nodiscard]] std::optional<std::string> peek(const std::filesystem::path& path) const;
  /// The names in a directory, sorted; empty if it is not there. No operation.
  [[nodiscard]] std::vector<std::string> peek_names(const std::filesystem::path& directory) const;

  /// A disk that holds what processes see, as after an orderly shutdown.
  [[nodiscard]] DiskImage shut_down() const;

  [[nodiscard]] detail::Machine& machine() const noexcept { return *machine_; }  ///< for PowerLoss

 private:
  std::unique_ptr<detail::Machine> machine_;
};

}  // namespace safeatomic::sim
