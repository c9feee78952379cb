#pragma once
// What a call allocates, where a sanitizer can tell; nothing is watched where none is linked in.

#include <cstddef>

namespace datawal::fuzz {

/// While it lives, this thread may have allocated at most twice `bytes_there` and the fixed buffers of the library at any
/// instant, over what was allocated before. One at a time.
class AllocationWatch {
 public:
  explicit AllocationWatch(std::size_t bytes_there);
  AllocationWatch(const AllocationWatch&) = delete;
  AllocationWatch& operator=(const AllocationWatch&) = delete;
  ~AllocationWatch();  ///< ends the process where it was more
};

}  // namespace datawal::fuzz
