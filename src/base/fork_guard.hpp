#pragma once
// Tells whether this is still the process that opened a handle.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace datawal {

/// The number of forks between the first process and this one, for one load: a system call (`getpid`) costs as much as the
/// rest of an append. A child made by `fork` is noticed, one made by a raw `clone` system call is not.
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

/// Never destroys what it points to: in a forked child another thread's changes of it may be half done.
template <class T>
void never_destroy(const std::shared_ptr<T>& shared) noexcept {
  alignas(std::shared_ptr<T>) std::byte place[sizeof(std::shared_ptr<T>)];
  new (place) std::shared_ptr<T>(shared);  // one owner more, which never goes
}

}  // namespace datawal
