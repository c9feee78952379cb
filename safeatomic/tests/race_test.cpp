// Several callers at once. The suite's name makes it run under the thread sanitizer too.

#include <atomic>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>

#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

constexpr int thread_count = 8;
constexpr int round_count = 50;

/// Runs `body(thread)` on all threads, started together.
void race(const std::function<void(int)>& body) {
  std::atomic<int> ready = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < thread_count; ++thread) {
    threads.emplace_back([&, thread] {
      ready.fetch_add(1);
      while (ready.load() < thread_count) std::this_thread::yield();
      body(thread);
    });
  }
}

std::string content_by(int thread) { return std::string(10'000, static_cast<char>('a' + thread)); }

TEST(RaceConcurrency, WriteOnceNeverOverwritesInARace) {
  const ScratchDirectory scratch(memory_backed_parent());
  for (int round = 0; round < round_count; ++round) {
    const std::filesystem::path path = scratch / std::to_string(round);
    std::atomic<int> made_count = 0;
    std::atomic<int> maker = -1;
    race([&](int thread) {
      const Result<bool> made = write_once(path, content_by(thread));
      EXPECT_TRUE(succeeded(made));
      if (made && *made) {
        made_count.fetch_add(1);
        maker.store(thread);
      } else {
        EXPECT_EQ(slurp(path).size(), content_by(thread).size()) << "what was there was not whole";
      }
    });
    EXPECT_EQ(made_count.load(), 1);
    EXPECT_TRUE(slurp(path) == content_by(maker.load())) << "the file is not that of the one who made it";
  }
  EXPECT_EQ(scratch.names().size(), static_cast<std::size_t>(round_count)) << "temporaries were left";
}

TEST(RaceConcurrency, ParentsAreMadeByWhoeverComesFirst) {
  const ScratchDirectory scratch(memory_backed_parent());
  for (int round = 0; round < round_count; ++round) {
    const std::filesystem::path path = scratch / (std::to_string(round) + "/a/b/f");
    std::atomic<int> made_count = 0;
    race([&](int thread) {
      if (value_of(write_once_with_parents(path, content_by(thread)))) made_count.fetch_add(1);
    });
    EXPECT_EQ(made_count.load(), 1);
  }
}

TEST(RaceConcurrency, AppendsOfAllStayWhole) {
  const ScratchDirectory scratch(memory_backed_parent());
  const std::filesystem::path path = scratch / "f";
  race([&](int thread) {
    const std::string line = content_by(thread) + "\n";
    for (int round = 0; round < round_count; ++round) EXPECT_TRUE(succeeded(write_append_fsync(path, line)));
  });
  std::istringstream lines(slurp(path));
  std::map<std::string, int> count_of;
  for (std::string line; std::getline(lines, line);) ++count_of[line];
  EXPECT_EQ(count_of.size(), static_cast<std::size_t>(thread_count));
  for (int thread = 0; thread < thread_count; ++thread) EXPECT_EQ(count_of[content_by(thread)], round_count);
}

TEST(RaceConcurrency, ReadersSeeOneContentOrTheOther) {
  const ScratchDirectory scratch(memory_backed_parent());
  const std::filesystem::path path = scratch / "f";
  ASSERT_TRUE(succeeded(write_atomic(path, content_by(0))));
  std::atomic<bool> is_done = false;
  std::jthread reader([&] {
    while (!is_done.load()) {
      const std::string seen = slurp(path);
      ASSERT_EQ(seen.size(), content_by(0).size());
      EXPECT_EQ(seen.find_first_not_of(seen.front()), std::string::npos) << "a mixture";
    }
  });
  race([&](int thread) {
    for (int round = 0; round < 10; ++round) EXPECT_TRUE(succeeded(write_atomic(path, content_by(thread))));
  });
  is_done.store(true);
  reader.join();
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"f"});
}

}  // namespace
}  // namespace safeatomic::test
