// Deleted keys must stay deleted, whatever order of writing, compacting and reopening. Named after where others lost that. What
// fails meanwhile: resurrection_faults_test.cpp.

#include <algorithm>

#include <safeatomic/sim.hpp>

#include "kv/kv_support.hpp"
#include "support/allocator.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

// One step of a history over the keys "a" and "b"; a segment holds two records.
enum class Act : std::uint8_t { put_a, put_b, erase_a, erase_b, merge, reopen };
constexpr Act all_acts[] = {Act::put_a, Act::put_b, Act::erase_a, Act::erase_b, Act::merge, Act::reopen};
constexpr const char* name_of(Act act) {
  constexpr const char* names[] = {"put a", "put b", "erase a", "erase b", "merge", "reopen"};
  return names[static_cast<std::size_t>(act)];
}

constexpr std::uint64_t segment_bytes = 64;

class History {
 public:
  explicit History(double min_garbage) : min_garbage_(min_garbage) { open(); }

  // The store must hold what a map holds, now and when it is opened again.
  void run(const std::vector<Act>& acts) {
    int step = 0;
    for (const Act act : acts) take(act, ++step);
    compare();
    reopen();
    compare();
  }

 private:
  void open() { kv_.emplace(open_kv("/store", {.max_segment_bytes = segment_bytes, .file_system = &machine_})); }
  void reopen() {
    must(kv_->close());
    kv_.reset();
    open();
  }
  void put(const std::string& key, int step) {
    contents_[key] = std::to_string(step);
    must(kv_->put(key, contents_[key]));
  }
  void erase(const std::string& key) {
    contents_.erase(key);
    must(kv_->erase(key));
  }
  void take(Act act, int step) {
    switch (act) {
      case Act::put_a: return put("a", step);
      case Act::put_b: return put("b", step);
      case Act::erase_a: return erase("a");
      case Act::erase_b: return erase("b");
      case Act::merge: must(kv_->compact({.min_garbage_ratio = min_garbage_})); return;
      case Act::reopen: return reopen();
    }
  }
  void compare() const {
    ASSERT_EQ(kv_->size(), contents_.size());
    for (const char* key : {"a", "b"}) {
      const auto found = contents_.find(key);
      if (found == contents_.end()) {
        ASSERT_TRUE(lacks(*kv_, key));
      } else {
        ASSERT_TRUE(has(*kv_, key, found->second));
      }
    }
  }

  const double min_garbage_;
  safeatomic::sim::SimFileSystem machine_;
  std::optional<DataWal> kv_;
  Contents contents_;
};

void run(const std::vector<Act>& acts, double min_garbage) {
  std::string told;
  for (const Act act : acts) told += std::string(name_of(act)) + ", ";
  SCOPED_TRACE(told + "merging segments with at least " + std::to_string(min_garbage) + " garbage");
  History(min_garbage).run(acts);
}

// Neither of these says anything that a shorter history does not say.
bool is_pointless(const std::vector<Act>& acts) {
  for (std::size_t i = 0; i < acts.size(); ++i) {
    const bool again = i > 0 && acts[i] == acts[i - 1] && (acts[i] == Act::merge || acts[i] == Act::reopen);
    if (again || (i == 0 && acts[i] != Act::put_a)) return true;  // the keys are alike: "a" comes first
  }
  return false;
}

// All histories of that length that end with `last`, or every stride-th, from the first-th on.
std::size_t run_all(std::size_t length, Act last, std::size_t stride = 1, std::size_t first = 0) {
  std::size_t count = 1;
  for (std::size_t i = 1; i < length; ++i) count *= std::size(all_acts);
  std::size_t ran = 0;
  for (std::size_t n = first; n < count && !testing::Test::HasFailure(); n += stride) {
    std::vector<Act> acts;
    for (std::size_t i = 1, rest = n; i < length; ++i, rest /= std::size(all_acts)) {
      acts.push_back(all_acts[rest % std::size(all_acts)]);
    }
    acts.push_back(last);
    if (is_pointless(acts)) continue;
    run(acts, ran % 2 == 0 ? 0.0 : 0.6);
    ++ran;
  }
  return ran;
}

// All of the longest take minutes: each run takes a share of them, another one each time. Under a sanitizer, all of them would take half
// an hour.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t stride_of_long_ones = 211;
constexpr std::size_t stride_of_longest = 211;
#else
constexpr std::size_t stride_of_long_ones = 1;
constexpr std::size_t stride_of_longest = 7;
#endif

class KvResurrectionUpTo : public testing::TestWithParam<Act> {
 protected:
  static void SetUpTestSuite() { keep_freed_memory(); }
};

TEST_P(KvResurrectionUpTo, HappensInNoHistoryOfUpToSevenStepsNorInAShareOfThoseOfEight) {
  std::size_t ran = 0;
  for (std::size_t length = 1; length <= 5; ++length) ran += run_all(length, GetParam());
  for (std::size_t length = 6; length <= 7; ++length) ran += run_all(length, GetParam(), stride_of_long_ones);
  std::mt19937_64 random = seeded_random();
  ran += run_all(8, GetParam(), stride_of_longest, between(random, 0, stride_of_longest - 1));
  EXPECT_GT(ran, 0U);
  std::cout << ran << " histories\n";
}

INSTANTIATE_TEST_SUITE_P(LastAct, KvResurrectionUpTo, testing::ValuesIn(all_acts), [](const auto& tested) {
  std::string name = name_of(tested.param);
  std::ranges::replace(name, ' ', '_');
  return name;
});

TEST(KvResurrection, OfBitcask82DoesNotHappen) {
  // A tombstone was dropped by a merge that did not take the segment with the value along.
  run({Act::put_a, Act::put_b, Act::put_b, Act::erase_a, Act::put_b, Act::merge, Act::merge, Act::reopen}, 0.6);
}

TEST(KvResurrection, OfRosedb258DoesNotHappen) {
  // Deleted, merged, opened again: the key was back.
  run({Act::put_a, Act::erase_a, Act::merge, Act::reopen, Act::merge, Act::reopen}, 0);
}

TEST(KvResurrection, OfNutsdb392DoesNotHappen) {
  // A merge wrote the older value behind the newer one.
  run({Act::put_a, Act::put_b, Act::put_a, Act::merge, Act::put_a, Act::merge, Act::reopen}, 0);
}

}  // namespace
}  // namespace datawal::test
