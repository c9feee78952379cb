#pragma once
// For tests that open thousands of stores.

#include <malloc.h>

namespace datawal::test {

/// Buffers of a megabyte, made and freed a million times, must not go back to the system each time: that takes twice as long as the rest.
/// For the whole process.
inline void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace datawal::test
