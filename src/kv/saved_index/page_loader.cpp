#include "kv/saved_index/page_loader.hpp"

#include <new>
#include <utility>

#include "base/library_thread.hpp"

namespace datawal::kv {

Result<std::unique_ptr<PageLoader>> PageLoader::start(std::shared_ptr<const Projection> projection) {
  std::unique_ptr<PageLoader> loader(new PageLoader(std::move(projection)));
  Result<std::thread> thread = start_thread([behind = loader.get()] { behind->run(); });
  if (!thread) return propagate(thread);
  loader->thread_ = std::move(*thread);
  return loader;
}

PageLoader::~PageLoader() {
  if (!thread_.joinable()) return;
  is_stopped_.store(true, std::memory_order_relaxed);
  join(thread_);
}

void PageLoader::run() noexcept {
  try {
    (void)projection_->directory().load_all([this] { return !is_stopped_.load(std::memory_order_relaxed); });
  } catch (const std::bad_alloc&) {
    return;  // they stay on file until they are needed
  }
}

}  // namespace datawal::kv
