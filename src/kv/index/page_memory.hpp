#pragma once
// Memory from the system, for the arena of pages: addresses first, memory when it is needed.

#include <cstddef>

namespace datawal::kv::page_memory {

inline constexpr std::size_t huge_page = 2UL << 20;

/// How large the pieces should be in which the system hands out memory.
enum class Pieces { small, huge };

/// So many bytes of addresses, aligned to huge pages; not yet memory. Throws std::bad_alloc.
[[nodiscard]] char* reserve(std::size_t bytes);

/// Some of these, of whole pages, become memory: zeros. Throws std::bad_alloc.
void commit(void* begin, std::size_t bytes);

/// For what is not in use yet. Small, where the system would hand out huge pages unasked.
void prefer(void* begin, std::size_t bytes, Pieces pieces) noexcept;

/// Memory that is in use becomes huge pages.
void collapse(void* begin, std::size_t bytes) noexcept;

/// What is in there becomes zeros, and takes no memory until it is written again.
void forget(void* begin, std::size_t bytes) noexcept;

/// Of what reserve() returned, all of it.
void release(void* begin, std::size_t bytes) noexcept;

}  // namespace datawal::kv::page_memory
