// Walking a store at one's own pace; and its keys alone.

#include <algorithm>
#include <set>

#include "kv/kv_support.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

using namespace std::string_literals;

using Walked = std::vector<std::pair<std::string, std::string>>;

Walked rest_of(DataWalCursor& cursor) {
  Walked walked;
  for (auto at = must(cursor.next()); at; at = must(cursor.next())) walked.emplace_back(at->key, at->value);
  return walked;
}

template <class Kv>
Walked walk(const Kv& kv, const CursorOptions& options = {}) {
  DataWalCursor cursor = must(kv.cursor(options));
  return rest_of(cursor);
}

std::vector<std::string> keys_in(const Walked& walked) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : walked) keys.push_back(key);
  return keys;
}

class Cursor : public testing::TestWithParam<ReadPath> {
 protected:
  Cursor() : kv_(open_kv(store_.path(), {.max_segment_bytes = 5000, .read_path = GetParam()})) {}

  void put(const std::string& key, const std::string& value) {
    must(kv_.put(key, value));
    contents_[key] = value;
  }

  // What std::map shows between the bounds.
  [[nodiscard]] Walked expected(const CursorOptions& options) const {
    Walked walked;
    for (const auto& [key, value] : contents_) {
      const bool is_in = key.starts_with(options.prefix) && (!options.from || key >= *options.from) &&
                         (!options.after || key > *options.after) && (!options.until || key < *options.until);
      if (is_in) walked.emplace_back(key, value);
    }
    return walked;
  }

  Store store_;
  DataWal kv_;
  Contents contents_;
};

INSTANTIATE_TEST_SUITE_P(ReadPaths, Cursor, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

TEST_P(Cursor, SelectsKeysAndValuesForWhoWantsThemAtOnce) {
  for (const char* key : {"a", "b/1", "b/2", "c"}) put(key, std::string("value of ") + key);
  const DataWalReader reader = must(DataWalReader::open(store_.path(), {.read_path = GetParam()}));
  const std::vector<std::string> want = {"b/1", "b/2"};
  EXPECT_EQ(must(kv_.keys({.prefix = "b/"})), want);
  EXPECT_EQ(must(reader.keys({.prefix = "b/"})), want);
  EXPECT_EQ(must(reader.keys()), must(kv_.keys()));
  EXPECT_EQ(must(kv_.keys({.from = "b/1", .until = "c"})), want);
  Walked walked;
  const auto note = [&](std::string_view key, std::string_view value) {
    walked.emplace_back(key, value);
    return walked.size() % 2 != 0;
  };
  must(kv_.for_each({.prefix = "b/"}, note));
  must(reader.for_each({.from = "b/2"}, note));
  EXPECT_EQ(walked,
            (Walked{{"b/1", "value of b/1"}, {"b/2", "value of b/2"}, {"b/2", "value of b/2"}, {"c", "value of c"}}));
}

TEST_P(Cursor, ShowsAllKeysAscendingOrAsTheyWereLastPut) {
  for (const char* key : {"b", "a", "d", "c", "b"}) put(key, "value of "s + key);
  must(kv_.put("gone", "1"));
  must(kv_.erase("gone"));
  EXPECT_EQ(walk(kv_), expected({}));
  EXPECT_EQ(keys_in(walk(kv_, {.order = CursorOrder::log})), (std::vector<std::string>{"a", "d", "c", "b"}));
  const DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam()});
  EXPECT_EQ(walk(reader), expected({}));
  EXPECT_EQ(walk(must(kv_.view()), {.order = CursorOrder::log}), walk(reader, {.order = CursorOrder::log}));
}

TEST_P(Cursor, ShowsWhatLiesWithinItsBoundsAndNothingElse) {
  std::mt19937_64 random = seeded_random();
  const auto random_key = [&random] {
    constexpr std::string_view letters("ab\0\xFF", 4);
    std::string key(random() % 4, ' ');
    for (char& letter : key) letter = letters[random() % letters.size()];
    return key;
  };
  for (int n = 0; n < 60; ++n) put(random_key(), std::to_string(n));
  const DataWalView view = must(kv_.view());
  const DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam()});
  for (int n = 0; n < 300; ++n) {
    CursorOptions options;
    if (random() % 2 == 0) options.prefix = random_key();
    if (random() % 2 == 0) options.from = random_key();
    if (random() % 2 == 0) options.after = random_key();
    if (random() % 2 == 0) options.until = random_key();
    const Walked wanted = expected(options);
    ASSERT_EQ(walk(view, options), wanted);
    ASSERT_EQ(walk(kv_, options), wanted);
    ASSERT_EQ(walk(reader, options), wanted);
    options.order = CursorOrder::log;
    Walked in_log_order = walk(kv_, options);
    std::ranges::sort(in_log_order);
    ASSERT_EQ(in_log_order, wanted);
  }
}

TEST_P(Cursor, ThatWasLeftIsGoneOnWithBehindTheLastKey) {
  for (int n = 0; n < 50; ++n) put(std::to_string(n), std::string(static_cast<std::size_t>(n) * 20, 'v'));
  const DataWalView view = must(kv_.view());
  Walked all;
  CursorOptions options;
  for (bool is_over = false; !is_over;) {
    DataWalCursor cursor = must(view.cursor(options));
    for (int n = 0; n < 7; ++n) {
      const auto at = must(cursor.next());
      is_over = !at;
      if (is_over) break;
      all.emplace_back(at->key, at->value);
      options.after = std::string(at->key);
    }
  }
  EXPECT_EQ(all, expected({}));
}

TEST_P(Cursor, SeeksTheFirstKeyThatIsNotBefore) {
  for (const char* key : {"a1", "b1", "b3", "b5", "c1"}) put(key, key);
  DataWalCursor cursor = must(kv_.cursor({.prefix = "b"}));
  must(cursor.seek("b2"));
  EXPECT_EQ(must(cursor.next())->key, "b3");
  must(cursor.seek("a"));
  EXPECT_EQ(must(cursor.next())->key, "b1") << "not outside its bounds";
  must(cursor.seek("b5"));
  EXPECT_EQ(must(cursor.next())->key, "b5");
  EXPECT_EQ(must(cursor.next()), std::nullopt);
  must(cursor.seek("c"));
  EXPECT_EQ(must(cursor.next()), std::nullopt);
  DataWalCursor in_log_order = must(kv_.cursor({.order = CursorOrder::log}));
  EXPECT_TRUE(refused(in_log_order.seek("b"), Errc::invalid_argument));
}

TEST_P(Cursor, OfKeysAloneShowsNoValues) {
  for (const std::size_t len : {0U, 10U, 1'000U, 2'000U, 5'000U, 100'000U})
    put(std::to_string(len), std::string(len, 'v'));
  put(std::string(60'000, 'k'), std::string(2'000, 'v'));
  for (const CursorOrder order : {CursorOrder::key, CursorOrder::log}) {
    DataWalCursor cursor = must(kv_.cursor({.order = order, .keys_only = true}));
    std::set<std::string> keys;
    for (auto at = must(cursor.next()); at; at = must(cursor.next())) {
      EXPECT_TRUE(at->value.empty());
      EXPECT_EQ(at->ref, RecordRef{});
      keys.emplace(at->key);
    }
    EXPECT_EQ(keys.size(), contents_.size());
    for (const auto& [key, value] : contents_) EXPECT_TRUE(keys.contains(key));
  }
}

TEST_P(Cursor, SaysWhichRecordHoldsAValue) {
  put("a", "1");
  put("b", "2");
  DataWalCursor cursor = must(kv_.cursor());
  for (auto at = must(cursor.next()); at; at = must(cursor.next())) EXPECT_EQ(at->ref, must(kv_.ref_of(at->key)));
}

TEST_P(Cursor, StopsAtADamagedRecordUntilItSeeksAnother) {
  for (const char* key : {"a", "b", "c"}) put(key, "value of "s + key);
  must(kv_.fsync());
  const RecordRef ref = must(kv_.ref_of("b")).value();
  DataWalCursor cursor = must(kv_.cursor());
  damage(store_.segment(ref.segment), ref.offset + ref.len - 6);
  EXPECT_EQ(must(cursor.next())->key, "a");
  for (int n = 0; n < 2; ++n) {
    const Result<std::optional<KeyValue>> next = cursor.next();
    ASSERT_TRUE(refused(next, Errc::corruption));
    EXPECT_EQ(next.error().offset, ref.offset);
  }
}

TEST_P(Cursor, OutlivesTheStoreAndWhatIsDoneToIt) {
  for (int n = 0; n < 100; ++n) put(std::to_string(n), std::string(100, 'v'));
  std::optional<DataWalCursor> cursor;
  {
    const DataWal kv = std::move(kv_);
    cursor = must(kv.cursor());
  }
  EXPECT_EQ(rest_of(*cursor), expected({}));
}

TEST_P(Cursor, StaysAtItsInstantThoughAllIsChangedAndCompacted) {
  for (int n = 0; n < 100; ++n) put(std::to_string(n), std::string(100, 'v'));
  DataWalCursor cursor = must(kv_.cursor());
  must(cursor.next());
  for (int n = 0; n < 100; ++n) must(kv_.put(std::to_string(n), "new"));
  must(kv_.compact({.min_garbage_ratio = 0}));
  Walked wanted = expected({});
  wanted.erase(wanted.begin());
  EXPECT_EQ(rest_of(cursor), wanted);
}

TEST_P(Cursor, OfAReaderStaysAtItsStateThoughTheReaderGoesOn) {
  for (int n = 0; n < 100; ++n) put(std::to_string(n), std::string(100, 'v'));
  DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam()});
  DataWalCursor small = must(reader.cursor());
  DataWalCursor large = must(reader.cursor());
  must(kv_.put("0", "new"));
  ASSERT_TRUE(must(reader.refresh()));
  EXPECT_EQ(rest_of(small), expected({}));
  EXPECT_TRUE(has(reader, "0", "new"));
  must(kv_.compact({.min_garbage_ratio = 0}));
  must(reader.refresh());
  EXPECT_EQ(must(large.next())->key, "0");
}

TEST_P(Cursor, ThatWasMovedFromRefusesEveryCall) {
  DataWalCursor cursor = must(kv_.cursor());
  const DataWalCursor other = std::move(cursor);
  EXPECT_TRUE(refused(cursor.next(), Errc::closed));
  EXPECT_TRUE(refused(cursor.seek("a"), Errc::closed));
}

// Keys alone.

TEST_P(Cursor, WalkOverKeysShowsTheSameAsOneOverAll) {
  for (int n = 0; n < 200; ++n) put("key " + std::to_string(n), std::string(static_cast<std::size_t>(n) * 40, 'v'));
  must(kv_.compact({.min_garbage_ratio = 0}));
  const auto keys_of = [](const auto& kv) {
    std::vector<std::string> keys;
    must(kv.for_each_key([&keys](std::string_view key) {
      keys.emplace_back(key);
      return true;
    }));
    return keys;
  };
  const std::vector<std::string> in_log_order = keys_in(walk(kv_, {.order = CursorOrder::log}));
  EXPECT_EQ(keys_of(kv_), in_log_order);
  EXPECT_EQ(keys_of(must(kv_.view())), in_log_order);
  EXPECT_EQ(keys_of(open_kv_reader(store_.path())), in_log_order);
  int seen = 0;
  must(kv_.for_each_key([&seen](std::string_view) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
}

// Values that are not read are not checked, but a key is never another one.
TEST_P(Cursor, WalkOverKeysNeverShowsADamagedKey) {
  for (const std::size_t len : {100U, 3'000U, 200'000U}) {
    const std::string key = "key with a value of " + std::to_string(len);
    must(kv_.put(key, std::string(len, 'v')));
    must(kv_.fsync());
    const RecordRef ref = must(kv_.ref_of(key)).value();
    const std::uint64_t in_key = ref.offset + 24 + 5;
    damage(store_.segment(ref.segment), in_key);
    const Result<void> walked = kv_.for_each_key([&key](std::string_view shown) {
      EXPECT_NE(shown.size(), key.size());
      return true;
    });
    ASSERT_TRUE(refused(walked, Errc::corruption));
    EXPECT_EQ(walked.error().offset, ref.offset);
    damage(store_.segment(ref.segment), in_key);
    must(kv_.erase(key));
  }
}

}  // namespace
}  // namespace datawal::test
