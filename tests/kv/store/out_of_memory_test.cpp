// A store whose memory runs out in the middle of a call: what the handle shows and what reopening shows is the same.

#include <array>
#include <functional>
#include <new>

#include "kv/kv_support.hpp"
#include "support/failing_memory.hpp"

namespace datawal::test {
namespace {

struct Call {
  const char* name;
  std::uint64_t keys_before;  // put before it, so that it meets a rotation, or does not
  std::function<Result<void>(DataWal&)> make;
};

Batch batch_of(int count, const std::string& value) {
  Batch batch;
  for (int n = 0; n < count; ++n) {
    batch.put("batch " + std::to_string(n), value);
    if (n % 3 == 0) batch.erase("batch " + std::to_string(n));
    if (n % 4 == 0) batch.put(std::to_string(n), value);
  }
  return batch;
}

// Segments of 1,000 bytes hold 9 of the records of fill_some().
const Call calls[] = {
    {"a put of a new key", 5, [](DataWal& kv) { return kv.put("new", "value"); }},
    {"a put of a new key that rotates", 9, [](DataWal& kv) { return kv.put("new", std::string(100, 'v')); }},
    {"a put over another that rotates", 9, [](DataWal& kv) { return kv.put("3", std::string(100, 'w')); }},
    {"a put that is longer than a segment", 8, [](DataWal& kv) { return kv.put("3", std::string(3'000'000, 'l')); }},
    {"a conditional put that rotates", 9,
     [](DataWal& kv) { return drop_value(kv.put_if("3", Expect::anything(), std::string(100, 'w'))); }},
    {"an erase", 5, [](DataWal& kv) { return kv.erase("3"); }},
    {"an erase that rotates", 9, [](DataWal& kv) { return kv.erase("3"); }},
    {"a batch that rotates", 9, [](DataWal& kv) { return kv.write(batch_of(20, "value")); }},
    {"a batch that is longer than a segment", 9,
     [](DataWal& kv) { return kv.write(batch_of(20, std::string(200'000, 'l'))); }},
    {"a synced put that rotates", 9, [](DataWal& kv) { return kv.put("new", std::string(100, 'v'), {.sync = true}); }},
    {"a compaction", 40, [](DataWal& kv) { return drop_value(kv.compact({.min_garbage_ratio = 0})); }},
};

class OutOfMemory : public testing::TestWithParam<std::tuple<Call, ReadPath, WritePath, bool>> {
 protected:
  static void fill_some(DataWal& kv, std::uint64_t count) {
    for (std::uint64_t n = 0; n < count; ++n) must(kv.put(std::to_string(n % 10), std::string(80, 'v')));
  }

  // The call, in which the `nth` allocation fails. @return false if there are not so many
  static bool make(DataWal& kv, std::uint64_t nth) {
    const Call& call = std::get<0>(GetParam());
    const FailingMemory failing(nth, std::get<3>(GetParam()));
    try {
      (void)call.make(kv);
    } catch (const std::bad_alloc&) {
      return true;
    }
    return failing.has_failed();
  }
};

TEST_P(OutOfMemory, LeavesAHandleThatShowsWhatReopeningShows) {
  const Call& call = std::get<0>(GetParam());
  bool has_failed = true;
  std::uint64_t nth = 1;
  for (; has_failed; ++nth) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    const Store store;
    const OpenOptions options{
        .max_segment_bytes = 1000, .write_path = std::get<2>(GetParam()), .read_path = std::get<1>(GetParam())};
    DataWal kv = open_kv(store.path(), options);
    fill_some(kv, call.keys_before);
    has_failed = make(kv, nth);
    const Contents shown = contents_of(kv);
    for (const auto& [key, value] : shown) ASSERT_TRUE(has(kv, key, value));
    {
      const DataWalReader beside = open_kv_reader(store.path());
      ASSERT_EQ(contents_of(beside), shown);
    }
    Contents later = shown;
    if (!kv.log().is_poisoned()) {
      for (int n = 0; n < 20; ++n) {
        later["later"] = std::to_string(n) + std::string(80, 'l');
        ASSERT_TRUE(ok(kv.put("later", later["later"])));
      }
      ASSERT_EQ(contents_of(kv), later);
    }
    const StoreStats stats = kv.stats();
    const Result<void> closed = kv.close();
    ASSERT_TRUE(closed || closed.error().code == Errc::poisoned) << closed.error().message();
    const DataWal again = open_kv(store.path(), options);
    ASSERT_EQ(contents_of(again), later);
    ASSERT_EQ(again.stats().live_bytes, stats.live_bytes);
  }
  if (std::string_view(call.name).contains("rotates")) {
    EXPECT_GT(nth, 5U) << "hardly any allocation failed";
  }
}

// What allocates nothing cannot fail for lack of memory.
TEST(NoAllocation, IsMadeByAGetIntoTheCallersMemory) {
  const Store store;
  const DataWal kv = [&store] {
    DataWal made = open_kv(store.path(), {.max_segment_bytes = 1000});
    for (int n = 0; n < 20; ++n) must(made.put(std::to_string(n), std::string(80, 'v')));
    return made;
  }();
  std::array<char, 100> room{};
  const FailingMemory failing(1, true);
  for (const std::string_view key : {"0", "19"}) {
    const Result<std::optional<std::size_t>> len = kv.get(key, room);
    EXPECT_TRUE(len && *len == 80U);
  }
  EXPECT_TRUE(kv.get("absent", room).has_value());
  EXPECT_FALSE(failing.has_failed());
}

TEST(NoAllocation, IsMadeByAMultiGetIntoValuesThatAreUsedAgain) {
  const Store store;
  DataWal kv = open_kv(store.path());
  for (int n = 0; n < 20; ++n) must(kv.put(std::to_string(n), std::string(80, 'v')));
  const std::vector<std::string_view> keys(30, "7");
  Values values;
  must(kv.multi_get(keys, values));
  const FailingMemory failing(1, true);
  EXPECT_TRUE(kv.multi_get(keys, values).has_value());
  EXPECT_EQ(values.size(), 30U);
  EXPECT_FALSE(failing.has_failed());
}

INSTANTIATE_TEST_SUITE_P(Calls, OutOfMemory,
                         testing::Combine(testing::ValuesIn(calls), testing::ValuesIn(both_read_paths),
                                          testing::Values(WritePath::mapped, WritePath::append), testing::Bool()),
                         [](const auto& of) {
                           std::string name = std::get<0>(of.param).name;
                           std::ranges::replace(name, ' ', '_');
                           return name + "_" + name_of(std::get<1>(of.param)) +
                                  (std::get<2>(of.param) == WritePath::mapped ? "_mapped" : "_append") +
                                  (std::get<3>(of.param) ? "_from_then_on" : "_once");
                         });

class CompactionOutOfMemory : public testing::TestWithParam<std::tuple<ReadPath, bool>> {};

TEST_P(CompactionOutOfMemory, BringsNothingBackAndIsGoneOnWithByTheNext) {
  const auto [read_path, and_all_after] = GetParam();
  bool has_failed = true;
  for (std::uint64_t nth = 1; has_failed; ++nth) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    const Store store;
    const OpenOptions options{.read_path = read_path};
    const CompactOptions only_seal{.min_garbage_ratio = 2};
    {
      DataWal kv = open_kv(store.path(), options);
      must(kv.put("erased", std::string(3000, 'v')));
      must(kv.put("kept", "value"));
      must(kv.compact(only_seal));
      must(kv.erase("erased"));
      must(kv.put("changed", "old"));
      must(kv.put("changed", "new"));
      must(kv.compact(only_seal));
      {
        const FailingMemory failing(nth, and_all_after);
        try {
          (void)kv.compact({.min_garbage_ratio = 0});
        } catch (const std::bad_alloc&) {
          // as promised: it may leave any call
        }
        has_failed = failing.has_failed();
      }
      ASSERT_TRUE(kv.compact({.min_garbage_ratio = 0}).has_value());
      ASSERT_TRUE(kv.compact({.min_garbage_ratio = 0}).has_value());
      must(kv.close());
    }
    const Contents found = contents_of(open_kv(store.path(), options));
    ASSERT_EQ(found, (Contents{{"changed", "new"}, {"kept", "value"}}));
  }
}

INSTANTIATE_TEST_SUITE_P(Each, CompactionOutOfMemory,
                         testing::Combine(testing::Values(ReadPath::mapped, ReadPath::pread), testing::Bool()));

}  // namespace
}  // namespace datawal::test
