#pragma once
// Loading the pages of an index in the background.

#include <atomic>
#include <memory>
#include <thread>

#include <datawal/error.hpp>

#include "kv/projection/projection.hpp"

namespace datawal::kv {

/// A thread that loads all pages and ends. A page that cannot be loaded ends it too: whoever needs that page is told.
class PageLoader {
 public:
  /// @return as start_thread
  [[nodiscard]] static Result<std::unique_ptr<PageLoader>> start(std::shared_ptr<const Projection> projection);
  PageLoader(const PageLoader&) = delete;
  PageLoader& operator=(const PageLoader&) = delete;
  /// Ends it after some pages.
  ~PageLoader();

 private:
  explicit PageLoader(std::shared_ptr<const Projection> projection) : projection_(std::move(projection)) {}
  void run() noexcept;

  const std::shared_ptr<const Projection> projection_;
  std::atomic<bool> is_stopped_{false};
  std::thread thread_;
};

}  // namespace datawal::kv
