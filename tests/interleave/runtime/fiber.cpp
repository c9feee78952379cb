#include "interleave/runtime/fiber.hpp"

#include <cxxabi.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "interleave/runtime/clock.hpp"

// What a call must leave as it was, by the System V ABI of x86-64.
asm(R"(
.text
.globl datawal_interleave_switch
.type datawal_interleave_switch,@function
datawal_interleave_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size datawal_interleave_switch,.-datawal_interleave_switch
)");

namespace datawal::interleave::fiber {

namespace {

constexpr std::uintptr_t stacks_at = 0x2100'0000'0000;
constexpr std::size_t page_bytes = 4096;
constexpr int saved_registers = 6;

char* map_stacks() {
  void* const room = ::mmap(reinterpret_cast<void*>(stacks_at), max_threads * stack_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (room == MAP_FAILED) std::abort();
  auto* const begin = static_cast<char*>(room);
  for (std::size_t i = 0; i < max_threads; ++i) ::mprotect(begin + i * stack_bytes, page_bytes, PROT_NONE);
  return begin;
}

}  // namespace

char* stack_of(std::size_t thread) {
  static char* const stacks = map_stacks();
  return stacks + thread * stack_bytes;
}

void* make(std::size_t thread, void (*enter)()) {
  auto** top = reinterpret_cast<void**>(stack_of(thread) + stack_bytes - 64);
  *--top = nullptr;  // the stack is aligned as behind a call
  *--top = reinterpret_cast<void*>(enter);
  for (int i = 0; i < saved_registers; ++i) *--top = nullptr;
  return top;
}

void exchange_exceptions(Exceptions& save, const Exceptions& load) noexcept {
  static_assert(sizeof(Exceptions) == 16);
  auto* const globals = abi::__cxa_get_globals();
  std::memcpy(static_cast<void*>(&save), globals, sizeof save);
  std::memcpy(static_cast<void*>(globals), &load, sizeof load);
}

}  // namespace datawal::interleave::fiber
