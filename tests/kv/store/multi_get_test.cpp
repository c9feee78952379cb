// Many keys in one call.

#include <atomic>
#include <thread>
#include <vector>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

class MultiGet : public testing::TestWithParam<ReadPath> {
 protected:
  MultiGet() : kv_(open_kv(store_.path(), {.max_segment_bytes = 2000, .read_path = GetParam()})) {}

  static std::vector<std::string_view> views_of(const std::vector<std::string>& keys) {
    return {keys.begin(), keys.end()};
  }
  // Whether `values` are what get() says of each key.
  template <class Kv>
  static void expect_as_get(const Kv& kv, const std::vector<std::string>& keys) {
    Values values;
    must(kv.multi_get(views_of(keys), values));
    ASSERT_EQ(values.size(), keys.size());
    for (std::size_t n = 0; n < keys.size(); ++n) {
      const std::optional<std::string> expected = must(kv.get(keys[n]));
      const std::optional<std::string_view> got = values[n];
      ASSERT_EQ(got.has_value(), expected.has_value()) << keys[n];
      if (!expected) continue;
      EXPECT_EQ(*got, *expected) << keys[n];
    }
  }

  Store store_;
  DataWal kv_;
};

INSTANTIATE_TEST_SUITE_P(ReadPaths, MultiGet, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

TEST_P(MultiGet, SaysOfEachKeyWhatGetSays) {
  std::vector<std::string> keys;
  for (int n = 0; n < 100; ++n) {
    keys.push_back("key " + std::to_string(n));
    if (n % 3 != 0) must(kv_.put(keys.back(), std::string(static_cast<std::size_t>(n) * 7, 'v')));
    if (n % 5 == 0) must(kv_.erase(keys.back()));
  }
  keys.push_back(keys.front());  // a key may come twice
  keys.push_back(keys[1]);
  must(kv_.put("long", std::string(200'000, 'l')));
  keys.emplace_back("long");
  expect_as_get(kv_, keys);
  expect_as_get(open_kv_reader(store_.path(), {.read_path = GetParam()}), keys);
}

TEST_P(MultiGet, OfNoKeysFindsNothing) {
  Values values;
  values.add("left over");
  must(kv_.multi_get({}, values));
  EXPECT_TRUE(values.empty());
}

TEST_P(MultiGet, FailsAsAWholeWhereOneRecordIsDamaged) {
  must(kv_.put("a", "1"));
  must(kv_.put("bad", "value"));
  must(kv_.fsync());
  const RecordRef ref = must(kv_.ref_of("bad")).value();
  damage(store_.segment(ref.segment), ref.offset + ref.len - 5);
  Values values;
  const std::vector<std::string_view> keys = {"a", "bad", "absent"};
  const Result<void> got = kv_.multi_get(keys, values);
  ASSERT_TRUE(refused(got, Errc::corruption));
  EXPECT_EQ(got.error().offset, ref.offset);
  EXPECT_TRUE(values.empty());
}

TEST_P(MultiGet, FindsEveryKeyWhileWritersAndACompactionMoveThem) {
  std::vector<std::string> keys;
  for (int n = 0; n < 50; ++n) keys.push_back(std::to_string(n));
  for (const std::string& key : keys) must(kv_.put(key, key + "/0"));
  std::atomic<bool> is_over{false};
  std::jthread writes([&] {
    for (int round = 1; !is_over; ++round) {
      for (const std::string& key : keys) must(kv_.put(key, key + "/" + std::to_string(round)));
      must(kv_.compact({.min_garbage_ratio = 0}));
    }
  });
  Values values;
  for (int n = 0; n < 500; ++n) {
    must(kv_.multi_get(views_of(keys), values));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_TRUE(values[i]) << "key " << keys[i] << " was absent";
      ASSERT_TRUE(values[i]->starts_with(keys[i] + "/")) << *values[i];
    }
  }
  is_over = true;
}

}  // namespace
}  // namespace datawal::test
