#include "interleave/watched.hpp"

#include "support/memory_pages.hpp"

namespace datawal::interleave::watched {

void insert(kv::KeyDirectory& directory, std::uint64_t hash, std::uint64_t address) { directory.insert(hash, address); }

void replace(kv::KeyDirectory& directory, std::uint64_t hash, std::uint64_t from, std::uint64_t to) {
  (void)directory.replace(hash, from, to);
}

void erase(kv::KeyDirectory& directory, std::uint64_t hash, std::uint64_t address) {
  (void)directory.erase(hash, address);
}

std::uint64_t find(const kv::KeyDirectory& directory, std::uint64_t hash) {
  std::uint64_t found = 0;
  directory.lookup(hash, [&found](std::uint64_t address) {
    found = address;
    return true;
  });
  return found;
}

std::uint64_t find_or_load(const kv::KeyDirectory& directory, std::uint64_t hash) {
  for (;;) {
    std::uint64_t found = 0;
    const kv::Lookup lookup = directory.look_up(hash, [&found](std::uint64_t address) {
      found = address;
      return true;
    });
    if (lookup != kv::Lookup::on_file) return found;
    load(directory, hash);
  }
}

void load(const kv::KeyDirectory& directory, std::uint64_t hash) { (void)directory.load(hash); }
void load_all(const kv::KeyDirectory& directory) { (void)directory.load_all(); }

void hold_and_insert(kv::KeyDirectory& directory, Mutex& owner, std::uint64_t hash, std::uint64_t address) {
  const Locked guard(owner);
  (void)directory.hold(hash);
  directory.reserve();
  directory.insert(hash, address);
}

void hold_and_replace(kv::KeyDirectory& directory, Mutex& owner, std::uint64_t hash, std::uint64_t from,
                      std::uint64_t to) {
  const Locked guard(owner);
  (void)directory.hold(hash);
  (void)directory.replace(hash, from, to);
}

void hold_and_erase(kv::KeyDirectory& directory, Mutex& owner, std::uint64_t hash, std::uint64_t address) {
  const Locked guard(owner);
  (void)directory.hold(hash);
  (void)directory.erase(hash, address);
}

std::shared_ptr<kv::SavedGeneration> save(kv::KeyDirectory& directory, Mutex& owner) {
  auto saved = test::save(directory, 1, [&owner](auto&& work) {
    const Locked guard(owner);
    work();
  });
  return saved ? *saved : nullptr;
}

std::size_t walk(const kv::KeyDirectory& directory, Mutex& owner) {
  kv::DirectoryWalk walk;
  {
    const Locked guard(owner);
    walk = directory.begin_walk();
  }
  return walk.finish() ? walk.addresses.size() : 0;
}

std::uint32_t load_relaxed(const Word& word) { return word.load(std::memory_order_relaxed); }
std::uint32_t load_acquire(const Word& word) { return word.load(std::memory_order_acquire); }
std::uint32_t load_sequential(const Word& word) { return word.load(std::memory_order_seq_cst); }
void store_relaxed(Word& word, std::uint32_t value) { word.store(value, std::memory_order_relaxed); }
void store_release(Word& word, std::uint32_t value) { word.store(value, std::memory_order_release); }
void store_sequential(Word& word, std::uint32_t value) { word.store(value, std::memory_order_seq_cst); }
void add_relaxed(Word& word, std::uint32_t value) { word.fetch_add(value, std::memory_order_relaxed); }
void fence_acquire() { std::atomic_thread_fence(std::memory_order_acquire); }
void fence_release() { std::atomic_thread_fence(std::memory_order_release); }
void fence_sequential() { std::atomic_thread_fence(std::memory_order_seq_cst); }
void write_plain(std::uint32_t& place, std::uint32_t value) { place = value; }
std::uint32_t read_plain(const std::uint32_t& place) { return place; }

}  // namespace datawal::interleave::watched
