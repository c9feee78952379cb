#pragma once
// std::mutex, its guards and its condition variable, annotated for clang: libstdc++'s own are not.

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/thread_safety.hpp"

namespace datawal {

class DATAWAL_CAPABILITY Mutex {
 public:
  void lock() DATAWAL_ACQUIRE() { mutex_.lock(); }
  void unlock() DATAWAL_RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

/// Holds a Mutex or a FutexMutex while it lives.
template <class M>
class DATAWAL_SCOPED_CAPABILITY Locked {
 public:
  explicit Locked(M& mutex) DATAWAL_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Locked() DATAWAL_RELEASE() { mutex_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  M& mutex_;
};

/// The same, but it can be unlocked and locked again in between.
template <class M>
class DATAWAL_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(M& mutex) DATAWAL_ACQUIRE(mutex) : lock_(mutex) {}
  ~Lock() DATAWAL_RELEASE() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void lock() DATAWAL_ACQUIRE() { lock_.lock(); }
  void unlock() DATAWAL_RELEASE() { lock_.unlock(); }
  [[nodiscard]] bool owns_lock() const noexcept { return lock_.owns_lock(); }

 private:
  std::unique_lock<M> lock_;
};

/// A condition variable for a Mutex. Wake-ups may be spurious.
class Condition {
 public:
  void wait(Mutex& mutex) DATAWAL_REQUIRES(mutex) {
    Adopted held(mutex);
    condition_.wait(held.lock);
  }
  void wait_until(Mutex& mutex, std::chrono::steady_clock::time_point until) DATAWAL_REQUIRES(mutex) {
    Adopted held(mutex);
    (void)condition_.wait_until(held.lock, until);
  }
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

 private:
  // However a wait ends, also by cancellation of the thread, the mutex is held again, and unlocking it stays the caller's task.
  struct Adopted {
    explicit Adopted(Mutex& mutex) : lock(mutex.mutex_, std::adopt_lock) {}
    ~Adopted() { (void)lock.release(); }
    Adopted(const Adopted&) = delete;
    Adopted& operator=(const Adopted&) = delete;
    std::unique_lock<std::mutex> lock;
  };

  std::condition_variable condition_;
};

}  // namespace datawal
