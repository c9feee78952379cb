#pragma once
// Memory that runs out when a test says so. For programs that are linked with failing_memory.cpp.

#include <cstdint>

namespace datawal::test {

/// While it lives, allocations of this thread fail: the `nth` one (from 1 on), and with `and_all_after` every one behind it.
class FailingMemory {
 public:
  explicit FailingMemory(std::uint64_t nth, bool and_all_after = false) noexcept;
  ~FailingMemory();
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;

  /// Whether any has failed.
  [[nodiscard]] bool has_failed() const noexcept;
};

}  // namespace datawal::test
