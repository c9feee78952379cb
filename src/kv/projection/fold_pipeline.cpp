#include "kv/projection/fold_pipeline.hpp"

#include <utility>

#include "base/library_thread.hpp"

namespace datawal::kv {

Result<std::unique_ptr<FoldPipeline>> FoldPipeline::start(Projection& projection) {
  std::unique_ptr<FoldPipeline> pipeline(new FoldPipeline(projection));
  Result<std::thread> thread = start_thread([behind = pipeline.get()] { behind->run(); });
  if (!thread) return propagate(thread);
  pipeline->thread_ = std::move(*thread);
  return pipeline;
}

FoldPipeline::~FoldPipeline() { end(); }

FoldBatch& FoldPipeline::next() noexcept {
  const std::uint32_t ours = submitted_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint32_t folded = folded_.load(std::memory_order_acquire);
    if (ours - folded < ring_len) return ring_[ours % ring_len];
    folded_.wait(folded, std::memory_order_acquire);
  }
}

void FoldPipeline::submit() noexcept {
  submitted_.fetch_add(1, std::memory_order_release);
  submitted_.notify_one();
}

void FoldPipeline::finish() {
  end();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

// An empty batch is the last one.
void FoldPipeline::end() noexcept {
  if (!thread_.joinable()) return;
  next().clear();
  submit();
  join(thread_);
}

void FoldPipeline::run() noexcept {
  for (std::uint32_t turn = 0;; ++turn) {
    while (submitted_.load(std::memory_order_acquire) == turn) submitted_.wait(turn, std::memory_order_acquire);
    FoldBatch& batch = ring_[turn % ring_len];
    const bool is_last = batch.is_empty();
    try {
      if (!thrown_) projection_.fold(batch);
    } catch (...) {
      thrown_ = std::current_exception();
    }
    batch.clear();
    folded_.store(turn + 1, std::memory_order_release);
    folded_.notify_one();
    if (is_last) return;
  }
}

}  // namespace datawal::kv
