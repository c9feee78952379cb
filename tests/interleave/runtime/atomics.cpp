// What g++ calls for each access of memory in code that was compiled with -fsanitize=thread: the sanitizer's names, our runtime.

#include <cstdint>

#include "interleave/runtime/scheduler.hpp"

namespace {

using datawal::interleave::Site;
namespace detail = datawal::interleave::detail;

template <class Value>
std::uintptr_t address(const volatile Value* at) noexcept {
  return reinterpret_cast<std::uintptr_t>(at);
}

template <class Value>
Value load(const volatile Value* at, int order, Site site) {
  if (!detail::is_watched()) return __atomic_load_n(at, __ATOMIC_SEQ_CST);
  return static_cast<Value>(detail::atomic_load(address(at), sizeof(Value), order, site));
}

template <class Value>
void store(volatile Value* at, Value value, int order, Site site) {
  if (!detail::is_watched()) return __atomic_store_n(at, value, __ATOMIC_SEQ_CST);
  detail::before_change("store", address(at), site);
  detail::atomic_access(address(at), sizeof(Value), true, site);
  const Value before = *at;
  *at = value;
  detail::atomic_stored(address(at), before, value, order, site);
}

template <class Value, class Change>
Value change(volatile Value* at, int order, Site site, const char* what, Change after) {
  if (detail::is_watched()) {
    detail::before_change(what, address(at), site);
    detail::atomic_access(address(at), sizeof(Value), true, site);
  }
  const Value before = *at;
  const Value value = after(before);
  *at = value;
  if (detail::is_watched()) detail::atomic_exchanged(address(at), before, value, order, site);
  return before;
}

template <class Value>
int compare_exchange(volatile Value* at, Value* expected, Value value, int order, int failed, Site site) {
  if (!detail::is_watched()) {
    return static_cast<int>(
        __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  }
  detail::before_change("compare and exchange", address(at), site);
  const Value before = *at;
  const bool is_equal = before == *expected;
  detail::atomic_access(address(at), sizeof(Value), is_equal, site);
  if (is_equal) {
    *at = value;
    detail::atomic_exchanged(address(at), before, value, order, site);
    return 1;
  }
  detail::atomic_looked(address(at), before, failed, site);
  *expected = before;
  return 0;
}

void plain(const void* at, std::size_t size, bool is_store, Site site) {
  if (detail::is_watched()) detail::plain_access(reinterpret_cast<std::uintptr_t>(at), size, is_store, site);
}

}  // namespace

// NOLINTBEGIN: names and signatures are the compiler's
#define CALLER reinterpret_cast<Site>(__builtin_return_address(0))

#define PLAIN(n)                                                           \
  void __tsan_read##n(void* at) { plain(at, n, false, CALLER); }           \
  void __tsan_write##n(void* at) { plain(at, n, true, CALLER); }           \
  void __tsan_unaligned_read##n(void* at) { plain(at, n, false, CALLER); } \
  void __tsan_unaligned_write##n(void* at) { plain(at, n, true, CALLER); } \
  void __tsan_volatile_read##n(void* at) { plain(at, n, false, CALLER); }  \
  void __tsan_volatile_write##n(void* at) { plain(at, n, true, CALLER); }

#define FETCH(bits, Value, name, result)                                                                     \
  Value __tsan_atomic##bits##_fetch_##name(volatile Value* at, Value operand, int order) {                   \
    return change(at, order, CALLER, #name, [operand](Value before) { return static_cast<Value>(result); }); \
  }

#define ATOMIC(bits, Value)                                                                                         \
  Value __tsan_atomic##bits##_load(const volatile Value* at, int order) { return load(at, order, CALLER); }         \
  void __tsan_atomic##bits##_store(volatile Value* at, Value value, int order) { store(at, value, order, CALLER); } \
  Value __tsan_atomic##bits##_exchange(volatile Value* at, Value value, int order) {                                \
    return change(at, order, CALLER, "exchange", [value](Value) { return value; });                                 \
  }                                                                                                                 \
  FETCH(bits, Value, add, before + operand)                                                                         \
  FETCH(bits, Value, sub, before - operand)                                                                         \
  FETCH(bits, Value, and, before& operand)                                                                          \
  FETCH(bits, Value, or, before | operand)                                                                          \
  FETCH(bits, Value, xor, before ^ operand)                                                                         \
  FETCH(bits, Value, nand, ~(before & operand))                                                                     \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile Value* at, Value* expected, Value value, int order,    \
                                                    int failed) {                                                   \
    return compare_exchange(at, expected, value, order, failed, CALLER);                                            \
  }                                                                                                                 \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile Value* at, Value* expected, Value value, int order,      \
                                                  int failed) {                                                     \
    return compare_exchange(at, expected, value, order, failed, CALLER);                                            \
  }

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
void __tsan_vptr_read(void** at) { plain(at, sizeof *at, false, CALLER); }
void __tsan_vptr_update(void** at, void* value) {
  if (*at != value) plain(at, sizeof *at, true, CALLER);
}
void __tsan_read_range(void* at, unsigned long size) { plain(at, size, false, CALLER); }
void __tsan_write_range(void* at, unsigned long size) { plain(at, size, true, CALLER); }
ATOMIC(8, std::uint8_t)
ATOMIC(16, std::uint16_t)
ATOMIC(32, std::uint32_t)
ATOMIC(64, std::uint64_t)
void __tsan_atomic_thread_fence(int order) {
  if (detail::is_watched()) detail::fence(order, CALLER);
}
void __tsan_atomic_signal_fence(int) {}
}
// NOLINTEND
