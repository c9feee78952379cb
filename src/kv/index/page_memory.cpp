#include "kv/index/page_memory.hpp"

#include <linux/mman.h>
#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace datawal::kv::page_memory {

char* reserve(std::size_t bytes) {
  void* const room = ::mmap(nullptr, bytes + huge_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) throw std::bad_alloc();
  char* const start = static_cast<char*>(room);
  const std::size_t before = (huge_page - reinterpret_cast<std::uintptr_t>(start) % huge_page) % huge_page;
  if (before != 0) ::munmap(start, before);
  ::munmap(start + before + bytes, huge_page - before);
  return start + before;
}

void commit(void* begin, std::size_t bytes) {
  if (::mprotect(begin, bytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
}

void prefer([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes, [[maybe_unused]] Pieces pieces) noexcept {
#if defined(MADV_HUGEPAGE)
  ::madvise(begin, bytes, pieces == Pieces::small ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
#endif
}

void collapse([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(MADV_COLLAPSE)
  if (::madvise(begin, bytes, MADV_HUGEPAGE) == 0) ::madvise(begin, bytes, MADV_COLLAPSE);
#endif
}

// Else it stays as it was cleared: it takes memory, that is all.
void forget([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(MADV_DONTNEED)
  ::madvise(begin, bytes, MADV_DONTNEED);
#endif
}

void release(void* begin, std::size_t bytes) noexcept { ::munmap(begin, bytes); }

}  // namespace datawal::kv::page_memory
