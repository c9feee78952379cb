#pragma once
// Stacks, and going from one to another.

#include <cstddef>

namespace datawal::interleave::fiber {

inline constexpr std::size_t stack_bytes = 512 * 1024;

/// The stack number `thread`; the same memory in every run, so that what was left on it may be forgotten.
[[nodiscard]] char* stack_of(std::size_t thread);

/// A stack pointer with which `enter` begins, at the end of the stack.
[[nodiscard]] void* make(std::size_t thread, void (*enter)());

/// Goes on where `to` was saved; the caller's own place goes to `save`.
extern "C" void datawal_interleave_switch(void** save, void* to);

/// What the exception handling of the language keeps for each thread.
struct Exceptions {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};
void exchange_exceptions(Exceptions& save, const Exceptions& load) noexcept;

}  // namespace datawal::interleave::fiber
