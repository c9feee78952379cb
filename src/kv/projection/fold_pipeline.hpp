#pragma once
// Folds on a second core: one thread reads, checks and decodes the log, the other one maintains the index.

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>

#include "kv/projection/fold_batch.hpp"
#include "kv/projection/projection.hpp"

namespace datawal::kv {

/// A ring of batches and the thread that folds them in the order of their submission, so the result is the same as without it. Used by
/// one thread, which must not touch the projection until finish().
class FoldPipeline {
 public:
  /// @return as start_thread
  [[nodiscard]] static Result<std::unique_ptr<FoldPipeline>> start(Projection& projection);
  /// Waits until all that was submitted is folded.
  ~FoldPipeline();
  FoldPipeline(const FoldPipeline&) = delete;
  FoldPipeline& operator=(const FoldPipeline&) = delete;

  /// The batch to be filled next, empty; waits until there is one.
  [[nodiscard]] FoldBatch& next() noexcept;
  /// Hands over the batch that next() returned.
  void submit() noexcept;

  /// Waits until all is folded and ends the thread. Throws what folding has thrown: std::bad_alloc.
  void finish();

 private:
  explicit FoldPipeline(Projection& projection) : projection_(projection) {}
  void run() noexcept;
  void end() noexcept;

  static constexpr std::uint32_t ring_len = 16;

  Projection& projection_;
  std::array<FoldBatch, ring_len> ring_;
  std::exception_ptr thrown_;  // by the thread; read after it has ended
  std::atomic<std::uint32_t> submitted_{0};
  std::atomic<std::uint32_t> folded_{0};
  std::thread thread_;
};

}  // namespace datawal::kv
