// Stands in for src/base/futex.cpp, src/base/library_thread.cpp, src/kv/index/page_memory.cpp and what libc++ lacks without threads:
// locks succeed, nobody waits, no thread starts.
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <new>
#include <thread>

#include "base/futex.hpp"
#include "base/library_thread.hpp"
#include "kv/index/page_memory.hpp"

extern "C" [[noreturn]] __attribute__((import_module("host"), import_name("out_of_memory"))) void host_out_of_memory();

_LIBCPP_BEGIN_NAMESPACE_STD
mutex::~mutex() noexcept = default;
void mutex::lock() {}
bool mutex::try_lock() noexcept { return true; }
void mutex::unlock() noexcept {}
condition_variable::~condition_variable() = default;
void condition_variable::notify_one() noexcept {}
void condition_variable::notify_all() noexcept {}
void condition_variable::wait(unique_lock<mutex>&) noexcept { __builtin_trap(); }
void condition_variable::__do_timed_wait(unique_lock<mutex>&,
                                         chrono::time_point<chrono::system_clock, chrono::nanoseconds>) noexcept {}
thread::~thread() {}
void thread::join() {}
unsigned thread::hardware_concurrency() noexcept { return 1; }
void __cxx_atomic_notify_one(void const volatile*) noexcept {}
void __cxx_atomic_notify_all(void const volatile*) noexcept {}
__cxx_contention_t __libcpp_atomic_monitor(void const volatile*) noexcept { return 0; }
void __libcpp_atomic_wait(void const volatile*, __cxx_contention_t) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

// The library throws nothing but std::bad_alloc.
extern "C" {
[[noreturn]] void __cxa_throw(void*, void*, void (*)(void*)) { host_out_of_memory(); }
void* __cxa_allocate_exception(std::size_t) noexcept { host_out_of_memory(); }
}

namespace datawal {

namespace futex {
void wait(const std::atomic<std::uint32_t>&, std::uint32_t) noexcept { __builtin_trap(); }
void wake_one(const std::atomic<std::uint32_t>&) noexcept {}
void wake_all(const std::atomic<std::uint32_t>&) noexcept {}
}  // namespace futex

Result<std::thread> start_thread(std::function<void()>) {
  return std::unexpected(Error{.code = Errc::io, .action = "start a thread", .detail = "there are none here"});
}
CancellationOff::CancellationOff() noexcept { static_cast<void>(before_); }
CancellationOff::~CancellationOff() = default;
void join(std::thread&) {}

namespace kv::page_memory {
char* reserve(std::size_t bytes) { return static_cast<char*>(::operator new(bytes, std::align_val_t{4096})); }
void commit(void* begin, std::size_t bytes) { std::memset(begin, 0, bytes); }
void prefer(void*, std::size_t, Pieces) noexcept {}
void collapse(void*, std::size_t) noexcept {}
void forget(void*, std::size_t) noexcept {}
void release(void* begin, std::size_t) noexcept { ::operator delete(begin, std::align_val_t{4096}); }
}  // namespace kv::page_memory

}  // namespace datawal
