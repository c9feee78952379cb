#pragma once
// Lock annotations for clang's -Wthread-safety, which is an error wherever clang compiles.

#if defined(__clang__)
#define DATAWAL_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define DATAWAL_THREAD_SAFETY(attribute)
#endif

/// A class whose objects are locked and unlocked.
#define DATAWAL_CAPABILITY DATAWAL_THREAD_SAFETY(capability("mutex"))
/// A class whose objects hold a lock while they live.
#define DATAWAL_SCOPED_CAPABILITY DATAWAL_THREAD_SAFETY(scoped_lockable)
/// A member that may be touched only with `mutex` held.
#define DATAWAL_GUARDED_BY(mutex) DATAWAL_THREAD_SAFETY(guarded_by(mutex))
/// A function that must be called with `mutex` held.
#define DATAWAL_REQUIRES(mutex) DATAWAL_THREAD_SAFETY(requires_capability(mutex))
/// A function that locks `mutex` itself, so its caller must not hold it.
#define DATAWAL_EXCLUDES(mutex) DATAWAL_THREAD_SAFETY(locks_excluded(mutex))
#define DATAWAL_ACQUIRE(...) DATAWAL_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define DATAWAL_TRY_ACQUIRE(...) DATAWAL_THREAD_SAFETY(try_acquire_capability(__VA_ARGS__))
#define DATAWAL_RELEASE(...) DATAWAL_THREAD_SAFETY(release_capability(__VA_ARGS__))
/// A function that returns a reference to `mutex`.
#define DATAWAL_RETURNS_LOCK(mutex) DATAWAL_THREAD_SAFETY(lock_returned(mutex))
/// A function that the analysis skips; say why.
#define DATAWAL_NO_THREAD_SAFETY_ANALYSIS DATAWAL_THREAD_SAFETY(no_thread_safety_analysis)
