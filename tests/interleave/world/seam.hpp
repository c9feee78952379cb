#pragma once
// The seam in front of a simulated machine: every operation is a place where another thread may go on, and syncs, listings, reads
// and writes take some time. What is written to a file is a store into the memory of whoever has mapped it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include <safeatomic/file_system.hpp>
#include <safeatomic/sim.hpp>

namespace datawal::interleave {

class Seam final : public safeatomic::FileSystem {
 public:
  explicit Seam(safeatomic::sim::SimFileSystem& machine);
  ~Seam() override;

  /// Listings, reads and writes may be interrupted in their middle too.
  bool is_interruptible = false;
  /// Called when two syncs of one file overlap.
  std::function<void()> on_overlapping_syncs{};

  [[nodiscard]] safeatomic::Result<std::unique_ptr<safeatomic::Directory>> open_directory(
      const std::filesystem::path& path) override;
  [[nodiscard]] safeatomic::Result<std::uint64_t> random() override;

  struct Impl;

 private:
  safeatomic::sim::SimFileSystem& machine_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal::interleave
