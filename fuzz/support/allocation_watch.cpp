#include "support/allocation_watch.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "support/oracle.hpp"

extern "C" {
using MallocHook = void (*)(const volatile void*, std::size_t);
using FreeHook = void (*)(const volatile void*);
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the sanitizers' names
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(MallocHook on_malloc, FreeHook on_free);
__attribute__((weak)) std::size_t __sanitizer_get_allocated_size(const volatile void* pointer);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
}

namespace datawal::fuzz {
namespace {

// Blocks of 256 KiB that scanning, searching and importing use, a few at a time, and what a store needs when it is empty.
constexpr std::int64_t fixed_buffers = 4 << 20;  // bytes

thread_local bool is_watching = false;
thread_local std::int64_t allocated = 0;
thread_local std::int64_t most = 0;
std::int64_t allowed_bytes = 0;

void on_malloc(const volatile void* /*pointer*/, std::size_t size) {
  if (!is_watching) return;
  allocated += static_cast<std::int64_t>(size);
  most = std::max(most, allocated);
}

void on_free(const volatile void* pointer) {
  if (!is_watching || pointer == nullptr) return;
  allocated -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(pointer));
}

bool can_watch() {
  static const bool installed = __sanitizer_install_malloc_and_free_hooks != nullptr &&
                                __sanitizer_get_allocated_size != nullptr &&
                                __sanitizer_install_malloc_and_free_hooks(&on_malloc, &on_free) > 0;
  return installed;
}

}  // namespace

AllocationWatch::AllocationWatch(std::size_t bytes_there) {
  allocated = most = 0;
  allowed_bytes = fixed_buffers + 2 * static_cast<std::int64_t>(bytes_there);
  is_watching = can_watch();
}

AllocationWatch::~AllocationWatch() {
  is_watching = false;
  if (most > allowed_bytes) {
    require(false, "memory stays within twice the bytes that are there",
            std::to_string(most) + " bytes, allowed are " + std::to_string(allowed_bytes));
  }
}

}  // namespace datawal::fuzz
