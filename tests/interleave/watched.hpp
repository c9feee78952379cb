#pragma once
// What workloads call and only headers define: compiled like the library, so that it is watched too.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/mutex.hpp"
#include "kv/index/key_directory.hpp"

namespace datawal::interleave::watched {

// The index.

void insert(kv::KeyDirectory& directory, std::uint64_t hash, std::uint64_t address);
void replace(kv::KeyDirectory& directory, std::uint64_t hash, std::uint64_t from, std::uint64_t to);
void erase(kv::KeyDirectory& directory, std::uint64_t hash, std::uint64_t address);
/// The address that a look-up of the hash ends with, 0 without one.
[[nodiscard]] std::uint64_t find(const kv::KeyDirectory& directory, std::uint64_t hash);
/// The same where its page may be on file.
[[nodiscard]] std::uint64_t find_or_load(const kv::KeyDirectory& directory, std::uint64_t hash);
void load(const kv::KeyDirectory& directory, std::uint64_t hash);
void load_all(const kv::KeyDirectory& directory);
// Where memory is limited: each by the lock of the directory's owner.
void hold_and_insert(kv::KeyDirectory& directory, Mutex& owner, std::uint64_t hash, std::uint64_t address);
void hold_and_replace(kv::KeyDirectory& directory, Mutex& owner, std::uint64_t hash, std::uint64_t from,
                      std::uint64_t to);
void hold_and_erase(kv::KeyDirectory& directory, Mutex& owner, std::uint64_t hash, std::uint64_t address);
/// @return what was saved
[[nodiscard]] std::shared_ptr<kv::SavedGeneration> save(kv::KeyDirectory& directory, Mutex& owner);
/// How many addresses there are on a walk.
[[nodiscard]] std::size_t walk(const kv::KeyDirectory& directory, Mutex& owner);

// The language, for what the memory model is held against.

using Word = std::atomic<std::uint32_t>;

[[nodiscard]] std::uint32_t load_relaxed(const Word& word);
[[nodiscard]] std::uint32_t load_acquire(const Word& word);
[[nodiscard]] std::uint32_t load_sequential(const Word& word);
void store_relaxed(Word& word, std::uint32_t value);
void store_release(Word& word, std::uint32_t value);
void store_sequential(Word& word, std::uint32_t value);
void add_relaxed(Word& word, std::uint32_t value);
void fence_acquire();
void fence_release();
void fence_sequential();
void write_plain(std::uint32_t& place, std::uint32_t value);
[[nodiscard]] std::uint32_t read_plain(const std::uint32_t& place);

}  // namespace datawal::interleave::watched
