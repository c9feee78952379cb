// One state at a time, whatever goes on meanwhile.

#include <atomic>
#include <charconv>
#include <thread>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

// What was put, erased and made in the middle of a walk is not in it.
TEST(ConsistentView, IsThatOfTheStartThoughTheVisitorChangesTheStore) {
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    const Store store;
    Contents before;
    for (int n = 0; n < 50; ++n) before["key " + std::to_string(n)] = std::to_string(n);
    fill(store.path(), before);
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 500, .read_path = path});
    Contents seen;
    must(kv.for_each([&](std::string_view key, std::string_view value) {
      seen.emplace(key, value);
      if (seen.size() == 1) {
        for (const auto& [known, its_value] : before) must(kv.erase(known));
        must(kv.put("key 7", "new"));
        must(kv.put("another", "new"));
      }
      return true;
    }));
    EXPECT_EQ(seen, before);
    EXPECT_EQ(contents_of(kv), (Contents{{"another", "new"}, {"key 7", "new"}}));
  }
}

TEST(ConsistentView, IsExportedAndCompactedThoughTheStoreGoesOn) {
  const Store store;
  Contents before;
  for (int n = 0; n < 200; ++n) before[std::to_string(n)] = std::string(100'000, 'v');
  fill(store.path(), before);
  DataWal kv = open_kv(store.path());
  int calls = 0;
  const auto change = [&](const Progress&) {
    if (++calls > 1) return;
    for (int n = 0; n < 200; ++n) must(kv.erase(std::to_string(n)));
    must(kv.put("new", "new"));
  };
  must(kv.compact_to(store.beside("compacted"), {.on_progress = change}));
  EXPECT_GT(calls, 1) << "it was over before anything was changed";
  EXPECT_TRUE(contents_of(open_kv_reader(store.beside("compacted"))) == before);
  EXPECT_EQ(contents_of(kv), (Contents{{"new", "new"}}));

  must(kv.import_jsonl_from([](std::span<char>) -> Result<std::size_t> { return 0; }, "nothing"));
  for (const auto& [key, value] : before) must(kv.put(key, value));
  must(kv.erase("new"));
  calls = 0;
  must(kv.export_jsonl(store.beside("lines"), {.on_progress = change}));
  EXPECT_GT(calls, 1);
  DataWal imported = open_kv(store.beside("imported"));
  must(imported.import_jsonl(store.beside("lines")));
  EXPECT_TRUE(contents_of(imported) == before);
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class KvConcurrency : public testing::TestWithParam<ReadPath> {
 protected:
  static constexpr int writers = 2;
  static constexpr std::uint64_t rounds = 2'000;

  KvConcurrency() : kv_(open_kv(store_.path(), {.max_segment_bytes = 20'000, .read_path = GetParam()})) {
    for (int writer = 0; writer < writers; ++writer) round(writer, 0);
  }

  static std::string first_of(int writer) { return "first " + std::to_string(writer); }
  static std::string second_of(int writer) { return "second " + std::to_string(writer); }

  // Puts the same number under two keys, one after the other; a third key comes and goes between them.
  void round(int writer, std::uint64_t n) {
    const std::string between = "between " + std::to_string(writer);
    must(kv_.put(first_of(writer), std::to_string(n)));
    must(kv_.put(between, std::string(n % 300, 'b')));
    must(kv_.erase(between));
    must(kv_.put(second_of(writer), std::to_string(n)));
  }

  // At every instant the first key is level with the second one or one ahead.
  static void expect_one_state(const Contents& contents) {
    for (int writer = 0; writer < writers; ++writer) {
      ASSERT_TRUE(contents.contains(first_of(writer)));
      ASSERT_TRUE(contents.contains(second_of(writer)));
      const std::uint64_t first = number_in(contents.at(first_of(writer)));
      const std::uint64_t second = number_in(contents.at(second_of(writer)));
      EXPECT_TRUE(first == second || first == second + 1) << first << " and " << second;
    }
  }

  void write_all() {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < writers; ++writer) {
      threads.emplace_back([this, writer] {
        for (std::uint64_t n = 1; n <= rounds; ++n) round(writer, n);
      });
    }
  }

  // A key that is always there never goes away, and never goes back.
  void read_until(const std::atomic<bool>& done) const {
    std::map<std::string, std::uint64_t> newest;
    while (!done) {
      for (int writer = 0; writer < writers; ++writer) {
        for (const std::string& key : {first_of(writer), second_of(writer)}) {
          const std::optional<std::string> value = must(kv_.get(key));
          ASSERT_TRUE(value) << key << " was absent";
          EXPECT_GE(number_in(*value), newest[key]);
          newest[key] = number_in(*value);
        }
        const std::optional<std::string> passing = must(kv_.get("between " + std::to_string(writer)));
        if (passing) {
          EXPECT_EQ(passing->find_first_not_of('b'), std::string::npos);
        }
        EXPECT_FALSE(must(kv_.get("nobody")));
      }
    }
  }

  void walk_until(const std::atomic<bool>& done) const {
    while (!done) {
      expect_one_state(contents_of(kv_));
      const auto items = must(kv_.items());
      expect_one_state({items.begin(), items.end()});
      EXPECT_GE(kv_.size(), 2U * writers);
      EXPECT_GE(kv_.stats().live_keys, 2U * writers);
    }
  }

  void export_until(const std::atomic<bool>& done) const {
    const auto lines = store_.beside("lines.jsonl");
    for (int n = 0; !done; ++n) {
      const auto target = store_.beside("target-" + std::to_string(n));
      must(kv_.compact_to(target));
      expect_one_state(contents_of(open_kv_reader(target)));
      must(kv_.export_jsonl(lines));
      DataWal imported = open_kv(store_.beside("imported-" + std::to_string(n)));
      must(imported.import_jsonl(lines));
      expect_one_state(contents_of(imported));
    }
  }

  void compact_until(const std::atomic<bool>& done) {
    for (int n = 0; !done; ++n) must(kv_.compact({.min_garbage_ratio = n % 2 == 0 ? 0.0 : 0.4}));
  }

  Store store_;
  DataWal kv_;
};

TEST_P(KvConcurrency, ReadersWritersAndAnExporterSeeOneStateEach) {
  std::atomic<bool> done = false;
  {
    std::vector<std::jthread> threads;
    for (int reader = 0; reader < 3; ++reader) threads.emplace_back([&] { read_until(done); });
    threads.emplace_back([&] { walk_until(done); });
    threads.emplace_back([&] { export_until(done); });
    threads.emplace_back([&] { compact_until(done); });
    write_all();
    done = true;
  }
  for (int writer = 0; writer < writers; ++writer) {
    EXPECT_TRUE(has(kv_, first_of(writer), std::to_string(rounds)));
    EXPECT_TRUE(has(kv_, second_of(writer), std::to_string(rounds)));
  }
  EXPECT_EQ(kv_.size(), 2U * writers);
  EXPECT_GT(kv_.log().active_segment(), 5U) << "no rotation was among it";
  const Contents last = contents_of(kv_);
  must(kv_.close());
  EXPECT_EQ(contents_of(open_kv(store_.path())), last);
}

TEST_P(KvConcurrency, AReaderHandleBesideItsWriterSeesOneStateAtATime) {
  std::atomic<bool> done = false;
  {
    const std::jthread watching([&] {
      DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam()});
      while (!done) {
        expect_one_state(contents_of(reader));
        const Result<bool> changed = reader.refresh();
        if (!changed) {
          EXPECT_EQ(changed.error().code, Errc::snapshot_expired) << changed.error().message();
        }
      }
    });
    const std::jthread compacting([&] { compact_until(done); });
    write_all();
    done = true;
  }
}

INSTANTIATE_TEST_SUITE_P(Reading, KvConcurrency, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
