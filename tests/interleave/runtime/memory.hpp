#pragma once
// The memory of a run. All that its threads allocate lies in arenas of their own, at the same addresses in every run; so a run can
// be left in the middle, and the next one begins from a copy of how everything was when the first one got ready: arenas, static
// variables, the variables that each thread has of its own, and the stack of the first thread.

#include <cstddef>
#include <cstdint>

namespace datawal::interleave::memory {

/// First thing in main().
void end_startup() noexcept;
/// Once, before anything else here.
void prepare();

/// Whose allocations those to come are; nobody's: they are of the program itself, and outlive runs.
inline constexpr int nobody = -1;
void set_thread(int thread) noexcept;

/// What is allocated while it lives is of the program itself: the runtime's own, and what outlives the run.
class HostScope {
 public:
  HostScope() noexcept;
  HostScope(const HostScope&) = delete;
  HostScope& operator=(const HostScope&) = delete;
  ~HostScope();
};

/// Keeps a copy of everything as it is now.
/// @param stack  what of the first thread's stack is in use
void take_snapshot(char* stack, std::size_t length);
/// Everything is again as it was then.
void restore_snapshot() noexcept;

/// Exchanges the variables that are declared thread_local, of one thread against those of another.
inline constexpr std::size_t max_local_bytes = 2048;
struct Locals {
  char bytes[max_local_bytes];
};
[[nodiscard]] bool is_local(std::uintptr_t address) noexcept;  ///< one of those of the thread that runs
void fresh_locals(Locals& locals) noexcept;
void exchange_locals(Locals& save, const Locals& load) noexcept;

/// Blocks of the arenas that are not freed.
[[nodiscard]] std::uint64_t live_blocks() noexcept;

/// Told of each block that is freed, while a run is under way.
using Freed = void (*)(std::uintptr_t begin, std::size_t length, std::uintptr_t by);
void on_free(Freed freed) noexcept;

/// Anonymous mappings of a run. Null: the kernel is to be asked.
[[nodiscard]] void* map_pages(std::size_t length) noexcept;
[[nodiscard]] bool is_mapped_here(const void* address) noexcept;

}  // namespace datawal::interleave::memory
