#include "kv/store/background_scrub.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/library_thread.hpp"
#include "kv/store/scrub.hpp"

namespace datawal::kv {

namespace {

constexpr int tries_beside_compaction = 3;

}  // namespace

Result<std::unique_ptr<BackgroundScrub>> BackgroundScrub::start(std::shared_ptr<safeatomic::Directory> directory,
                                                                const Scrubbing& options) {
  std::unique_ptr<BackgroundScrub> scrub(new BackgroundScrub(std::move(directory), options));
  Result<std::thread> thread = start_thread([behind = scrub.get()] { behind->run(); });
  if (!thread) return propagate(thread);
  scrub->thread_ = std::move(*thread);
  return scrub;
}

void BackgroundScrub::stop() {
  if (!thread_.joinable()) return;
  {
    const Locked guard(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_one();
  join(thread_);
}

bool BackgroundScrub::is_stopped() const {
  const Locked guard(mutex_);
  return is_stopped_;
}

ScrubStats BackgroundScrub::stats() const {
  const Locked guard(mutex_);
  return stats_;
}

void BackgroundScrub::run() {
  constexpr std::chrono::seconds longest = std::chrono::hours(24 * 365);  // overflows no clock
  for (;;) {
    scrub();
    const auto next = std::chrono::steady_clock::now() + std::clamp(options_.period, std::chrono::seconds(1), longest);
    Lock guard(mutex_);
    while (!is_stopped_ && std::chrono::steady_clock::now() < next) changed_.wait_until(mutex_, next);
    if (is_stopped_) return;
  }
}

void BackgroundScrub::scrub() {
  const ScrubOptions options{.max_bytes_per_second = options_.max_bytes_per_second,
                             .compares_index = options_.compares_index,
                             .on_progress = [this](const Progress&) { return !is_stopped(); }};
  try {
    Result<ScrubReport> report = kv::scrub(directory_, options);
    for (int tries = 1; !report && report.error().code == Errc::snapshot_expired; ++tries) {
      if (tries == tries_beside_compaction) return;
      report = kv::scrub(directory_, options);
    }
    if (report && report->is_cancelled) return;
    const std::optional<Error> damage = report ? report->damage() : report.error();
    note(damage ? &*damage : nullptr);
  } catch (const std::bad_alloc&) {
    const Error error{.code = Errc::io, .action = "scrub in the background", .os_errno = ENOMEM};
    note(&error);
  }
}

void BackgroundScrub::note(const Error* wrong) {
  const Locked guard(mutex_);
  ++stats_.runs;
  stats_.is_failing = wrong != nullptr;
  if (wrong == nullptr) return;
  ++stats_.failures;
  try {
    stats_.last_error = *wrong;
  } catch (const std::bad_alloc&) {
    stats_.last_error = Error{.code = wrong->code, .action = "scrub in the background"};
  }
}

}  // namespace datawal::kv
