#include "support/failing_memory.hpp"

#include <cstdlib>
#include <new>

namespace datawal::test {
namespace {

thread_local std::uint64_t left = 0;  // allocations until the one that fails; 0: none does
thread_local bool fails_on = false;
thread_local bool failed = false;

bool is_refused() noexcept {
  if (left == 0) return false;
  if (left > 1) {
    --left;
    return false;
  }
  if (!fails_on) left = 0;
  failed = true;
  return true;
}

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (is_refused()) return nullptr;
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(size == 0 ? 1 : size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* const room = allocate(size, alignment);
  if (room == nullptr) throw std::bad_alloc();
  return room;
}

}  // namespace

FailingMemory::FailingMemory(std::uint64_t nth, bool and_all_after) noexcept {
  failed = false;
  fails_on = and_all_after;
  left = nth;
}
FailingMemory::~FailingMemory() { left = 0; }
bool FailingMemory::has_failed() const noexcept { return failed; }

}  // namespace datawal::test

using datawal::test::allocate;
using datawal::test::allocate_or_throw;

// NOLINTBEGIN(cert-dcl54-cpp,misc-new-delete-overloads): the array forms come down to these
void* operator new(std::size_t size) { return allocate_or_throw(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t& /*tag*/) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* room) noexcept { std::free(room); }
void operator delete(void* room, std::size_t /*size*/) noexcept { std::free(room); }
void operator delete(void* room, std::align_val_t /*alignment*/) noexcept { std::free(room); }
void operator delete(void* room, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept { std::free(room); }
// NOLINTEND(cert-dcl54-cpp,misc-new-delete-overloads)
