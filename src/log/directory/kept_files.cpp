#include "log/directory/kept_files.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <limits>
#include <utility>

namespace datawal::log {

namespace {

std::atomic<std::size_t> kept_now{0};

struct GiveBack {
  std::shared_ptr<safeatomic::File> file;
  void operator()(safeatomic::File*) noexcept {
    file.reset();
    kept_now.fetch_sub(1, std::memory_order_relaxed);
  }
};

}  // namespace

std::size_t max_kept_files() noexcept {
  const long limit = ::sysconf(_SC_OPEN_MAX);  // RLIMIT_NOFILE at this moment; negative: no limit
  return limit < 0 ? std::numeric_limits<std::size_t>::max() / 4 : static_cast<std::size_t>(limit) / 4;
}

std::size_t kept_file_count() noexcept { return kept_now.load(std::memory_order_relaxed); }

std::shared_ptr<safeatomic::File> keep_open(std::shared_ptr<safeatomic::File> file) {
  const std::size_t most = max_kept_files();
  std::size_t count = kept_now.load(std::memory_order_relaxed);
  do {
    if (count >= most) return nullptr;
  } while (!kept_now.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
  safeatomic::File* const plain = file.get();
  return std::shared_ptr<safeatomic::File>(plain, GiveBack{std::move(file)});  // also gives back if it throws
}

bool is_out_of_descriptors(int os_errno) noexcept { return os_errno == EMFILE || os_errno == ENFILE; }

}  // namespace datawal::log
