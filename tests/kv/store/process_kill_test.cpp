// SIGKILL at random instants of a process whose threads put and erase: what a call has returned is there, and each key is as
// the newest call on it left it.
#include <array>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>

#include "kv/kv_support.hpp"
#include "log/disk_full_support.hpp"
#include "log/process_kill_support.hpp"

namespace datawal::test {
namespace {

constexpr std::size_t thread_count = 3;
constexpr std::uint64_t keys_per_thread = 11;

// The newest number that each thread has used.
using Numbers = std::array<std::uint64_t, thread_count>;

// What a thread does with its n-th number follows from the number, so that what must be there does too.
std::string key_of(std::size_t thread, std::uint64_t number) {
  return "thread " + std::to_string(thread) + " key " + std::to_string(number % keys_per_thread);
}
std::string value_of(std::uint64_t number) {
  return std::to_string(number) + " " + std::string(number * 37 % 900, static_cast<char>('a' + number % 26));
}
bool erases(std::uint64_t number) { return number % 7 == 3; }
bool syncs(std::uint64_t number) { return number % 5 == 0; }

class MortalStore {
 public:
  MortalStore(std::filesystem::path dir, std::mt19937_64& random) : dir_(std::move(dir)), random_(random) {}

  void die(int times, const OpenOptions& options) {
    Numbers there{};
    for (int life = 1; life <= times; ++life) {
      SCOPED_TRACE("life " + std::to_string(life));
      const Numbers acknowledged = live_and_die(options, there);
      const DataWal store = open_kv(dir_, options);
      EXPECT_EQ(store.log().durable_txid(), store.log().last_txid()) << "what is shown was made durable first";
      there = numbers_in(store.log());
      for (std::size_t n = 0; n < thread_count; ++n) ASSERT_GE(there[n], acknowledged[n]) << "thread " << n;
      ASSERT_EQ(contents_of(store), contents_after(there));
    }
    EXPECT_GT(there[0] + there[1] + there[2], static_cast<std::uint64_t>(times));
  }

 private:
  // Puts and erases until it is killed, and tells each number once its call has returned.
  void write_for_ever(Talk& talk, const OpenOptions& options, const Numbers& there) const {
    DataWal store = open_kv(dir_, options);
    talk.tell("open");
    std::mutex talking;
    std::vector<std::jthread> threads;
    for (std::size_t n = 0; n < thread_count; ++n) {
      threads.emplace_back([&, n] {
        for (std::uint64_t number = there[n] + 1;; ++number) {
          const WriteOptions how{.sync = syncs(number)};
          must(erases(number) ? store.erase(key_of(n, number), how)
                              : store.put(key_of(n, number), value_of(number), how));
          const std::lock_guard guard(talking);
          if (!talk.tell(std::to_string(n) + " " + std::to_string(number))) return;
        }
      });
    }
  }

  Numbers live_and_die(const OpenOptions& options, const Numbers& there) {
    Child writer([&](Talk& talk) { write_for_ever(talk, options, there); });
    if (writer.talk().hear() != "open") throw std::runtime_error("the writer could not open the store");
    Numbers acknowledged{};
    const auto hear = [&] {
      const std::optional<std::string> line = writer.talk().hear();
      if (line) acknowledged.at(std::stoul(*line)) = std::stoull(line->substr(2));
      return line.has_value();
    };
    for (std::uint64_t wanted = between(random_, 0, 60); wanted > 0; --wanted) hear();
    dither(random_, 20'000);
    writer.kill();
    while (hear()) continue;
    return acknowledged;
  }

  // The numbers that the records show, each thread's without a hole.
  static Numbers numbers_in(const RecordLog& log) {
    Numbers numbers{};
    for (const Record& record : read(log.records()).records) {
      const std::size_t thread = static_cast<std::size_t>(record.key.at(7) - '0');
      const std::uint64_t number = ++numbers.at(thread);
      EXPECT_EQ(record.key, key_of(thread, number));
      EXPECT_EQ(record.type, erases(number) ? RecordType::Delete : RecordType::Put);
      EXPECT_EQ(record.payload, erases(number) ? "" : value_of(number));
    }
    return numbers;
  }

  static Contents contents_after(const Numbers& numbers) {
    Contents contents;
    for (std::size_t thread = 0; thread < thread_count; ++thread) {
      for (std::uint64_t number = 1; number <= numbers[thread]; ++number) {
        if (erases(number)) {
          contents.erase(key_of(thread, number));
        } else {
          contents[key_of(thread, number)] = value_of(number);
        }
      }
    }
    return contents;
  }

  const std::filesystem::path dir_;
  std::mt19937_64& random_;
};

TEST(DataWalProcessKill, OfThreadsThatWriteLosesNothingThatReturned) {
  const Store store;
  std::mt19937_64 random = seeded_random();
  MortalStore(store.path(), random).die(50, {.max_segment_bytes = 64 * 1024});
}

using DataWalProcessKillOnDisk = OnADisk;

INSTANTIATE_TEST_SUITE_P(, DataWalProcessKillOnDisk, testing::Values(Disk::ext4, Disk::xfs), name_of_disk);

TEST_P(DataWalProcessKillOnDisk, OfThreadsThatWriteLosesNothingThatReturned) {
  on_a_small_disk([&] {
    std::mt19937_64 random = seeded_random();
    MortalStore(disk_ / "store", random).die(15, {.max_segment_bytes = 64 * 1024});
  });
}

}  // namespace
}  // namespace datawal::test
