#include "interleave/runtime/memory.hpp"

#include <link.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "interleave/runtime/clock.hpp"

extern "C" {
extern char __data_start[];  // NOLINT: the linker's names
extern char _end[];          // NOLINT
}

namespace datawal::interleave::memory {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t arena_bytes = 64UL << 20;
constexpr std::size_t pages_bytes = 256UL << 20;
constexpr std::size_t alignment = 16;
constexpr std::uintptr_t arenas_at = 0x2000'0000'0000;

struct Header {
  std::uint64_t length;
  std::uint64_t is_freed;
};

struct Arena {
  char* begin = nullptr;
  std::size_t used = 0;
};

struct Copy {
  char* at = nullptr;
  std::vector<char> bytes;
};

// Not a static variable: those go back to what they were at the beginning of each run.
struct State {
  Arena arenas[max_threads];
  Arena pages;
  int thread = nobody;
  int host_depth = 0;
  std::uint64_t live = 0;
  Freed freed = nullptr;
  char* locals = nullptr;
  std::size_t locals_length = 0;
  Locals initial_locals{};

  std::vector<Copy> copies;
  std::size_t used_then[max_threads] = {};
  std::size_t pages_then = 0;
  std::uint64_t live_then = 0;
  std::vector<Copy> page_copies;
};

State* state = nullptr;

// What is allocated before main() belongs to static variables, and goes back with them.
alignas(alignment) constinit char startup[16 * 1024] = {};
constinit std::size_t startup_used = 0;
constinit bool is_startup = true;

char* reserve(std::uintptr_t at, std::size_t length) {
  void* const room = ::mmap(reinterpret_cast<void*>(at), length, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (room == MAP_FAILED) std::abort();
  return static_cast<char*>(room);
}

bool is_in_arena(const void* address) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  return at >= arenas_at && at < arenas_at + max_threads * arena_bytes;
}

bool is_of_startup(const void* address) noexcept {
  const auto* const at = static_cast<const char*>(address);
  return at >= startup && at < startup + sizeof startup;
}

void* allocate(std::size_t length, std::size_t align) noexcept {
  if (is_startup && align <= alignment) {
    const std::size_t whole = (std::max<std::size_t>(length, 1) + alignment - 1) / alignment * alignment;
    if (whole <= sizeof startup - startup_used) return startup + std::exchange(startup_used, startup_used + whole);
  }
  if (state == nullptr || state->thread == nobody || state->host_depth > 0) {
    const std::size_t whole = (std::max<std::size_t>(length, 1) + align - 1) / align * align;
    return align <= alignment ? std::malloc(std::max<std::size_t>(length, 1)) : std::aligned_alloc(align, whole);
  }
  Arena& arena = state->arenas[state->thread];
  const std::size_t at = (arena.used + sizeof(Header) + align - 1) / align * align;
  const std::size_t end = (at + std::max<std::size_t>(length, 1) + alignment - 1) / alignment * alignment;
  if (end > arena_bytes) return nullptr;
  arena.used = end;
  auto* const header = reinterpret_cast<Header*>(arena.begin + at - sizeof(Header));
  *header = {.length = length, .is_freed = 0};
  ++state->live;
  return arena.begin + at;
}

void release(void* block, const void* by) noexcept {
  if (block == nullptr || is_of_startup(block)) return;
  if (!is_in_arena(block)) return std::free(block);
  Header& header = *reinterpret_cast<Header*>(static_cast<char*>(block) - sizeof(Header));
  if (header.is_freed != 0) std::abort();  // the handler of the signal tells where
  header.is_freed = 1;
  --state->live;
  if (state->freed != nullptr) {
    state->freed(reinterpret_cast<std::uintptr_t>(block), header.length, reinterpret_cast<std::uintptr_t>(by));
  }
}

int find_locals(dl_phdr_info* info, std::size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type != PT_TLS) continue;
    state->locals = static_cast<char*>(info->dlpi_tls_data);
    state->locals_length = info->dlpi_phdr[i].p_memsz;
    if (state->locals_length > max_local_bytes) std::abort();
  }
  return 1;  // the program comes first, and is enough
}

bool is_zero(const char* page) noexcept { return page[0] == 0 && std::memcmp(page, page + 1, page_bytes - 1) == 0; }

}  // namespace

void end_startup() noexcept {
  is_startup = false;
  __libc_single_threaded = 0;  // or else the library's reference counts are not atomic
}

void prepare() {
  state = new State;
  for (std::size_t i = 0; i < max_threads; ++i) {
    state->arenas[i].begin = reserve(arenas_at + i * arena_bytes, arena_bytes);
  }
  state->pages.begin = reserve(arenas_at + max_threads * arena_bytes, pages_bytes);
  ::dl_iterate_phdr(find_locals, nullptr);
  std::memcpy(state->initial_locals.bytes, state->locals, state->locals_length);
}

void set_thread(int thread) noexcept { state->thread = thread; }
void on_free(Freed freed) noexcept { state->freed = freed; }
std::uint64_t live_blocks() noexcept { return state->live; }

HostScope::HostScope() noexcept { ++state->host_depth; }
HostScope::~HostScope() { --state->host_depth; }

bool is_local(std::uintptr_t address) noexcept {
  return address - reinterpret_cast<std::uintptr_t>(state->locals) < state->locals_length;
}

void fresh_locals(Locals& locals) noexcept { locals = state->initial_locals; }

void exchange_locals(Locals& save, const Locals& load) noexcept {
  std::memcpy(save.bytes, state->locals, state->locals_length);
  std::memcpy(state->locals, load.bytes, state->locals_length);
}

void* map_pages(std::size_t length) noexcept {
  if (state == nullptr || state->thread == nobody || state->host_depth > 0) return nullptr;
  const std::size_t whole = (length + page_bytes - 1) / page_bytes * page_bytes;
  Arena& pages = state->pages;
  if (pages.used + whole > pages_bytes) std::abort();  // the kernel's would not be there in the next run
  return pages.begin + std::exchange(pages.used, pages.used + whole);
}

bool is_mapped_here(const void* address) noexcept {
  if (state == nullptr) return false;
  const auto* const at = static_cast<const char*>(address);
  return at >= state->pages.begin && at < state->pages.begin + pages_bytes;
}

void take_snapshot(char* stack, std::size_t length) {
  const HostScope host;
  state->copies.clear();
  state->page_copies.clear();
  const auto copy = [](char* at, std::size_t size) { return Copy{at, std::vector<char>(at, at + size)}; };
  state->copies.push_back(copy(stack, length));
  state->copies.push_back(copy(state->locals, state->locals_length));
  for (std::size_t i = 0; i < max_threads; ++i) {
    Arena& arena = state->arenas[i];
    state->used_then[i] = arena.used;
    if (arena.used != 0) state->copies.push_back(copy(arena.begin, arena.used));
  }
  state->pages_then = state->pages.used;
  for (std::size_t at = 0; at < state->pages.used; at += page_bytes) {
    char* const page = state->pages.begin + at;
    if (!is_zero(page)) state->page_copies.push_back(copy(page, page_bytes));
  }
  state->live_then = state->live;
  // Last: nothing that is static may change any more.
  state->copies.push_back(Copy{__data_start, std::vector<char>(static_cast<std::size_t>(_end - __data_start))});
  std::memcpy(state->copies.back().bytes.data(), __data_start, state->copies.back().bytes.size());
}

void restore_snapshot() noexcept {
  for (const Copy& saved : state->copies) std::memcpy(saved.at, saved.bytes.data(), saved.bytes.size());
  for (std::size_t i = 0; i < max_threads; ++i) state->arenas[i].used = state->used_then[i];
  // The pages that were zeros then become zeros again.
  char* at = state->pages.begin;
  const auto clear_to = [&at](char* end) {
    if (end > at) ::madvise(at, static_cast<std::size_t>(end - at), MADV_DONTNEED);
  };
  for (const Copy& page : state->page_copies) {
    clear_to(page.at);
    std::memcpy(page.at, page.bytes.data(), page_bytes);
    at = page.at + page_bytes;
  }
  clear_to(state->pages.begin + state->pages.used);
  state->pages.used = state->pages_then;
  state->live = state->live_then;
  state->host_depth = 0;
}

}  // namespace datawal::interleave::memory

// ---- What the language and the C library call.

namespace {
void* allocate_or_throw(std::size_t length, std::size_t align) {
  void* const block = datawal::interleave::memory::allocate(length, align);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
}  // namespace

void* operator new(std::size_t length) { return allocate_or_throw(length, 16); }
void* operator new[](std::size_t length) { return allocate_or_throw(length, 16); }
void* operator new(std::size_t length, std::align_val_t align) {
  return allocate_or_throw(length, static_cast<std::size_t>(align));
}
void* operator new[](std::size_t length, std::align_val_t align) {
  return allocate_or_throw(length, static_cast<std::size_t>(align));
}
void* operator new(std::size_t length, const std::nothrow_t&) noexcept {
  return datawal::interleave::memory::allocate(length, 16);
}
void* operator new[](std::size_t length, const std::nothrow_t&) noexcept {
  return datawal::interleave::memory::allocate(length, 16);
}
void operator delete(void* block) noexcept { datawal::interleave::memory::release(block, __builtin_return_address(0)); }
void operator delete[](void* block) noexcept {
  datawal::interleave::memory::release(block, __builtin_return_address(0));
}
void operator delete(void* block, std::size_t) noexcept {
  datawal::interleave::memory::release(block, __builtin_return_address(0));
}
void operator delete[](void* block, std::size_t) noexcept {
  datawal::interleave::memory::release(block, __builtin_return_address(0));
}
void operator delete(void* block, std::align_val_t) noexcept {
  datawal::interleave::memory::release(block, __builtin_return_address(0));
}
void operator delete[](void* block, std::align_val_t) noexcept {
  datawal::interleave::memory::release(block, __builtin_return_address(0));
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  datawal::interleave::memory::release(block, __builtin_return_address(0));
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  datawal::interleave::memory::release(block, __builtin_return_address(0));
}
