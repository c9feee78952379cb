#pragma once
// Whether this is still the process in which a handle was opened.

#include <atomic>
#include <cstdint>

namespace datawal {

/// The number of forks between the first process and this one, at the price of one load: a system call (`getpid`) costs as much
/// as the rest of an append. A child made by a raw `clone` system call is not noticed; one made by `fork` is.
class ForkGuard {
 public:
  /// Marks this process.
  ForkGuard() noexcept;

  [[nodiscard]] bool is_ours() const noexcept { return generation_ == forks.load(std::memory_order_relaxed); }

 private:
  static std::atomic<std::uint64_t> forks;
  static const int registered;
  std::uint64_t generation_;
};

}  // namespace datawal
