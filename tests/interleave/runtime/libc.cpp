// The C library's names for what threads do to each other. Outside of a run, and where nothing is watched, they mean what they
// always mean.

#include <dlfcn.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include "interleave/runtime/memory.hpp"
#include "interleave/runtime/scheduler.hpp"

namespace {

using datawal::interleave::Site;
namespace detail = datawal::interleave::detail;
namespace memory = datawal::interleave::memory;

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

std::uintptr_t key(const void* at) noexcept { return reinterpret_cast<std::uintptr_t>(at); }

std::uint64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000ULL + static_cast<std::uint64_t>(time.tv_nsec);
}

// Threads have numbers of their own: no handle of the C library is like that.
constexpr pthread_t first_thread = 0x1000;

long kernel(long number, long a, long b, long c, long d, long e, long f) noexcept {
  long result = 0;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}

long futex(long word, long operation, long value, Site site) {
  if ((operation & FUTEX_CMD_MASK) != FUTEX_WAIT) {
    detail::wake_futex(static_cast<std::uintptr_t>(word), static_cast<std::uint32_t>(value), site);
    return 1;
  }
  if (detail::wait_futex(static_cast<std::uintptr_t>(word), static_cast<std::uint32_t>(value), site)) return 0;
  errno = EAGAIN;
  return -1;
}

}  // namespace

// NOLINTBEGIN: names and signatures are the C library's
#define CALLER reinterpret_cast<Site>(__builtin_return_address(0))
#define NEXT(name)                                               \
  ([] {                                                          \
    static const auto function = next<decltype(&::name)>(#name); \
    return function;                                             \
  }())

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (!detail::is_watched()) return NEXT(pthread_mutex_lock)(mutex);
  detail::lock(key(mutex), CALLER);
  return 0;
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  if (!detail::is_watched()) return NEXT(pthread_mutex_trylock)(mutex);
  return detail::try_lock(key(mutex), CALLER) ? 0 : EBUSY;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  if (!detail::is_watched()) return NEXT(pthread_mutex_unlock)(mutex);
  detail::unlock(key(mutex), CALLER);
  return 0;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (!detail::is_watched()) return NEXT(pthread_cond_wait)(condition, mutex);
  detail::wait_condition(key(condition), key(mutex), false, 0, CALLER);
  return 0;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  if (!detail::is_watched()) return NEXT(pthread_cond_timedwait)(condition, mutex, until);
  return detail::wait_condition(key(condition), key(mutex), true, nanoseconds(*until), CALLER) ? ETIMEDOUT : 0;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  if (!detail::is_watched()) return NEXT(pthread_cond_clockwait)(condition, mutex, clock, until);
  return detail::wait_condition(key(condition), key(mutex), true, nanoseconds(*until), CALLER) ? ETIMEDOUT : 0;
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (!detail::is_watched()) return NEXT(pthread_cond_signal)(condition);
  detail::wake_condition(key(condition), false, CALLER);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  if (!detail::is_watched()) return NEXT(pthread_cond_broadcast)(condition);
  detail::wake_condition(key(condition), true, CALLER);
  return 0;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) noexcept {
  if (datawal::interleave::self() < 0) return NEXT(pthread_create)(thread, attributes, run, argument);
  if (!detail::is_watched()) std::abort();  // a real thread would be none of the run's
  const int id = datawal::interleave::spawn([run, argument] {
    const datawal::interleave::Watched watched;
    run(argument);
  });
  *thread = first_thread + static_cast<pthread_t>(id);
  detail::started_thread(CALLER);
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  if (datawal::interleave::self() < 0) return NEXT(pthread_join)(thread, result);
  detail::join_thread(static_cast<std::size_t>(thread - first_thread), CALLER);
  if (result != nullptr) *result = nullptr;
  return 0;
}

pthread_t pthread_self() noexcept {
  const int self = datawal::interleave::self();
  return self < 0 ? NEXT(pthread_self)() : first_thread + static_cast<pthread_t>(self);
}

int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  if (datawal::interleave::self() < 0) return NEXT(pthread_sigmask)(how, set, before);
  if (before != nullptr) sigemptyset(before);
  return 0;
}

int pthread_setcancelstate(int state, int* before) {
  if (datawal::interleave::self() < 0) return NEXT(pthread_setcancelstate)(state, before);
  if (before != nullptr) *before = PTHREAD_CANCEL_ENABLE;
  return 0;
}

int sched_yield() noexcept {
  if (!detail::is_watched()) return NEXT(sched_yield)();
  detail::yield();
  return 0;
}

int nanosleep(const timespec* time, timespec* left) {
  if (!detail::is_watched()) return NEXT(nanosleep)(time, left);
  detail::sleep(nanoseconds(*time));
  return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  if (!detail::is_watched()) return NEXT(clock_nanosleep)(clock, flags, time, left);
  detail::sleep(nanoseconds(*time));
  return 0;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (datawal::interleave::self() < 0) return NEXT(clock_gettime)(clock, time);
  const std::uint64_t now = detail::now();
  time->tv_sec = static_cast<time_t>(now / 1'000'000'000ULL);
  time->tv_nsec = static_cast<long>(now % 1'000'000'000ULL);
  return 0;
}

int getentropy(void* bytes, std::size_t length) {
  std::memset(bytes, 42, length);
  return 0;
}

int get_nprocs() noexcept { return 2; }

void* mmap(void* address, std::size_t length, int protection, int flags, int file, off_t offset) noexcept {
  if ((flags & MAP_ANONYMOUS) != 0) {
    if (void* const pages = memory::map_pages(length); pages != nullptr) return pages;
  }
  return reinterpret_cast<void*>(
      kernel(SYS_mmap, reinterpret_cast<long>(address), static_cast<long>(length), protection, flags, file, offset));
}

int munmap(void* address, std::size_t length) noexcept {
  if (memory::is_mapped_here(address)) return 0;
  return static_cast<int>(kernel(SYS_munmap, reinterpret_cast<long>(address), static_cast<long>(length), 0, 0, 0, 0));
}

int mprotect(void* address, std::size_t length, int protection) noexcept {
  if (memory::is_mapped_here(address)) return 0;
  return static_cast<int>(
      kernel(SYS_mprotect, reinterpret_cast<long>(address), static_cast<long>(length), protection, 0, 0, 0));
}

int madvise(void* address, std::size_t length, int advice) noexcept {
  if (memory::is_mapped_here(address) && advice != MADV_DONTNEED) return 0;
  return static_cast<int>(
      kernel(SYS_madvise, reinterpret_cast<long>(address), static_cast<long>(length), advice, 0, 0, 0));
}

long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long argument[6];
  for (long& one : argument) one = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex && detail::is_watched()) return futex(argument[0], argument[1], argument[2], CALLER);
  return kernel(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
}
// NOLINTEND
