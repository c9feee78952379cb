#pragma once
// A pass-through FileSystem that asks a hook before every operation, and remembers what was done in which order.
// Tests only: fail the n-th operation, shorten a write, assert that one thing was synced before another was cut.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <safeatomic/file_system.hpp>
#include <safeatomic/sim/operation.hpp>

namespace safeatomic::test {

using sim::is_change;
using sim::OpKind;
using sim::to_string;

struct FsOp {
  std::uint64_t ordinal = 0;  ///< 1 for the first operation since construction or `restart`
  OpKind kind = OpKind::open_root;
  std::string path = {};     ///< what it is done to
  std::string target = {};   ///< the new path of `link` and `rename`
  std::uint64_t offset = 0;  ///< of reads, writes, mappings; the size that `truncate` sets
  std::uint64_t size = 0;    ///< bytes
};

/// "write log.txt", "rename .tmp -> log.txt": kind and last components, temporaries without their random digits.
[[nodiscard]] std::string describe(const FsOp& op);

/// What happens instead of the operation.
struct Fault {
  int os_errno = 0;  ///< the operation is not done and fails with this; 0: it is done
  std::optional<std::uint64_t> at_most =
      {};                       ///< reads and writes do only so many bytes, then fail if `os_errno` says so
  bool is_done_anyway = false;  ///< done, and yet reported as failed

  [[nodiscard]] static Fault error(int os_errno) { return {.os_errno = os_errno}; }
  [[nodiscard]] static Fault shortened(std::uint64_t bytes) { return {.at_most = bytes}; }
};

/// Asked before every operation, one at a time; nullopt lets it pass. Must not use the FileSystem that asks. A
/// `map_write` cannot fail: of its fault only `at_most` counts.
using FaultHook = std::move_only_function<std::optional<Fault>(const FsOp&)>;

/// Faults for one ordinal, for it and all that follow, for one kind of operation.
[[nodiscard]] FaultHook fail_at(std::uint64_t ordinal, Fault fault);
[[nodiscard]] FaultHook fail_from(std::uint64_t ordinal, Fault fault);
[[nodiscard]] FaultHook fail_every(OpKind kind, Fault fault);

/// Any thread. Outlives everything that was opened through it.
class FaultyFileSystem : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& inner = posix_file_system(), FaultHook hook = nullptr);

  [[nodiscard]] Result<std::unique_ptr<Directory>> open_directory(const std::filesystem::path& path) override;
  [[nodiscard]] Result<std::uint64_t> random() override;

  void set_hook(FaultHook hook);

  /// Forgets the operations seen; the next one has the ordinal 1.
  void restart();

  [[nodiscard]] std::uint64_t operation_count() const;
  [[nodiscard]] std::vector<FsOp> operations() const;

  /// `describe` of the operations seen that change something.
  [[nodiscard]] std::vector<std::string> changes() const;

  /// For the wrapped objects: numbers `op`, remembers it and asks the hook.
  [[nodiscard]] Fault begin(FsOp op);

 private:
  FileSystem& inner_;
  mutable std::mutex mutex_;
  FaultHook hook_;
  std::uint64_t ordinal_ = 0;
  std::vector<FsOp> operations_;
};

}  // namespace safeatomic::test
