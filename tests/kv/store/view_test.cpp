// DataWal::view(): one instant, whatever goes on.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <fstream>
#include <thread>

#include "kv/kv_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

class View : public testing::TestWithParam<ReadPath> {
 protected:
  View() { fill_some(); }

  [[nodiscard]] DataWal open() const {
    return open_kv(store_.path(), {.max_segment_bytes = 4000, .read_path = GetParam()});
  }

  void fill_some() {
    kv_.emplace(open());
    for (int n = 0; n < 300; ++n) {
      const std::string key = "key " + std::to_string(n % 100);
      before_[key] = std::to_string(n) + std::string(static_cast<std::size_t>(n % 50), 'v');
      must(kv_->put(key, before_[key]));
    }
    before_["long"] = std::string(100'000, 'l');
    must(kv_->put("long", before_["long"]));
    must(kv_->put("gone", "1"));
    must(kv_->erase("gone"));
  }

  // All is different afterwards, and none of the files of before is there.
  void change_all() {
    for (const auto& [key, value] : before_) must(kv_->put(key, "new"));
    must(kv_->erase("key 1"));
    must(kv_->put("another", "new"));
    must(kv_->compact({.min_garbage_ratio = 0}));
  }

  // By every way of asking.
  void expect_all_of_before(const DataWalView& view) const {
    EXPECT_EQ(view.size(), before_.size());
    EXPECT_TRUE(contents_of(view) == before_);
    Contents by_cursor;
    DataWalCursor cursor = must(view.cursor());
    for (auto at = must(cursor.next()); at; at = must(cursor.next())) by_cursor.emplace(at->key, at->value);
    EXPECT_TRUE(by_cursor == before_);
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : before_) {
      EXPECT_TRUE(has(view, key, value));
      EXPECT_EQ(must(view.find(key))->value, value);
      EXPECT_TRUE(must(view.contains(key)));
      EXPECT_EQ(must(view.get(key, {})), value.size());
      keys.push_back(key);
    }
    Values values;
    must(view.multi_get(keys, values));
    for (std::size_t n = 0; n < keys.size(); ++n) EXPECT_EQ(values[n], before_.at(std::string(keys[n])));
    for (const char* absent : {"another", "gone"}) {
      EXPECT_TRUE(lacks(view, absent));
      EXPECT_FALSE(must(view.contains(absent)));
    }
  }

  Store store_;
  Contents before_;
  std::optional<DataWal> kv_;
};

INSTANTIATE_TEST_SUITE_P(ReadPaths, View, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

TEST_P(View, ShowsItsInstantWhateverIsPutErasedAndCompactedSince) {
  const std::uint64_t txid = kv_->log().last_txid();
  const DataWalView view = must(kv_->view());
  expect_all_of_before(view);
  change_all();
  expect_all_of_before(view);
  change_all();
  expect_all_of_before(view);
  EXPECT_EQ(view.last_txid(), txid);
  EXPECT_TRUE(has(must(kv_->view()), "another", "new"));
}

TEST_P(View, OutlivesTheStore) {
  const DataWalView view = must(kv_->view());
  change_all();
  must(kv_->close());
  expect_all_of_before(view);
  kv_.reset();
  expect_all_of_before(view);
}

// Which knows nothing of the view: what is not mapped may be gone then, and that is said.
TEST_P(View, NeverShowsAnythingElseThoughALaterHandleCompacts) {
  const DataWalView view = must(kv_->view());
  must(kv_->close());
  kv_.emplace(open());
  change_all();
  for (const auto& [key, value] : before_) {
    const Result<std::optional<std::string>> got = view.get(key);
    if (got) {
      EXPECT_EQ(*got, value);
    } else {
      EXPECT_EQ(got.error().code, Errc::snapshot_expired);
    }
  }
}

TEST_P(View, IsSharedByItsCopies) {
  std::optional<DataWalView> view = must(kv_->view());
  const DataWalView copy = *view;
  view.reset();
  change_all();
  expect_all_of_before(copy);
}

TEST_P(View, OfAnEmptyStoreHasNothing) {
  const Store other;
  DataWal kv = open_kv(other.path());
  const DataWalView view = must(kv.view());
  must(kv.put("a", "1"));
  EXPECT_EQ(view.size(), 0U);
  EXPECT_EQ(view.last_txid(), 0U);
  EXPECT_TRUE(lacks(view, "a"));
  DataWalCursor cursor = must(view.cursor());
  EXPECT_EQ(must(cursor.next()), std::nullopt);
}

TEST_P(View, ThatWasMovedFromRefusesEveryCall) {
  DataWalView view = must(kv_->view());
  const DataWalView other = std::move(view);
  Values values;
  EXPECT_TRUE(refused(view.get("key 1"), Errc::closed));
  EXPECT_TRUE(refused(view.get("key 1", {}), Errc::closed));
  EXPECT_TRUE(refused(view.find("key 1"), Errc::closed));
  EXPECT_TRUE(refused(view.contains("key 1"), Errc::closed));
  EXPECT_TRUE(refused(view.multi_get({}, values), Errc::closed));
  EXPECT_TRUE(refused(view.for_each([](std::string_view, std::string_view) { return true; }), Errc::closed));
  EXPECT_TRUE(refused(view.for_each_key([](std::string_view) { return true; }), Errc::closed));
  EXPECT_TRUE(refused(view.cursor(), Errc::closed));
  EXPECT_EQ(view.size(), 0U);
}

TEST_P(View, IsRefusedInAForkedChild) {
  const DataWalView view = must(kv_->view());
  DataWalCursor cursor = must(view.cursor());
  Child child([&](Talk&) {
    EXPECT_TRUE(refused(view.get("key 1"), Errc::closed));
    EXPECT_TRUE(refused(cursor.next(), Errc::closed));
    EXPECT_EQ(view.size(), 0U);
  });
  EXPECT_EQ(child.wait(), 0);
  expect_all_of_before(view);
}

// What is rewritten again and again while a view is held takes no more than the files of its instant, and those of now.
TEST_P(View, KeepsNoMoreFilesThanThereWereAtItsInstant) {
  const auto open_files = [] {
    return std::ranges::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                 std::filesystem::directory_iterator{});
  };
  const auto mapped_files = [] {
    std::ifstream maps("/proc/self/maps");
    std::ptrdiff_t count = 0;
    for (std::string line; std::getline(maps, line);) count += line.contains(".dwal") ? 1 : 0;
    return count;
  };
  const DataWalView view = must(kv_->view());
  change_all();
  change_all();
  const std::ptrdiff_t files = open_files();
  const std::ptrdiff_t mappings = mapped_files();
  for (int round = 0; round < 50; ++round) change_all();
  EXPECT_LT(open_files(), files + 20);
  EXPECT_LT(mapped_files(), mappings + 20);
  expect_all_of_before(view);
}

// So many segments that a descriptor each would be all that this process may open.
TEST_P(View, LeavesTheProgramItsDescriptorsWhileManySegmentsAreRewritten) {
  in_child([&] {
    const Store other;
    const rlimit limit{.rlim_cur = 256, .rlim_max = 256};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    DataWal kv = open_kv(other.path(), {.max_segment_bytes = 1000, .read_path = GetParam()});
    for (int key = 0; key < 4000; ++key) must(kv.put(std::to_string(key), std::string(40, 'v')));
    const DataWalView view = must(kv.view());
    for (int key = 0; key < 4000; key += 2) must(kv.put(std::to_string(key), "new"));
    EXPECT_GT(must(kv.compact({.min_garbage_ratio = 0})).segments_rewritten, 256U);
    std::vector<int> free;
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) free.push_back(fd);
    for (const int fd : free) ::close(fd);
    EXPECT_GT(free.size(), 64U);
    for (int key = 0; key < 4000; ++key) {
      const Result<std::optional<std::string>> got = view.get(std::to_string(key));
      if (got) {
        EXPECT_EQ(*got, std::string(40, 'v'));
      } else {
        EXPECT_EQ(got.error().code, Errc::snapshot_expired);
        EXPECT_EQ(GetParam(), ReadPath::pread) << "what is mapped needs no descriptor";
      }
    }
  });
}

// With threads.

std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

TEST_P(View, OfAStoreThatIsWrittenAndCompactedIsOneState) {
  const Store other;
  DataWal kv = open_kv(other.path(), {.max_segment_bytes = 20'000,
                                      .read_path = GetParam(),
                                      .auto_compact = {.is_enabled = true, .garbage_ratio = 0.1}});
  constexpr int keys = 40;
  // All keys have the same number, or those from some key on that of the round before.
  const auto put_all = [&kv](int round) {
    for (int key = 0; key < keys; ++key) {
      must(kv.put(std::to_string(key), std::to_string(round) + "/" + std::string(static_cast<std::size_t>(key), 'v')));
    }
  };
  put_all(0);
  std::atomic<bool> is_over{false};
  std::jthread writes([&] {
    for (int round = 1; !is_over; ++round) put_all(round);
  });
  std::jthread compacts([&] {
    while (!is_over) must(kv.compact({.min_garbage_ratio = 0}));
  });
  std::optional<DataWalView> held;
  for (int n = 0; n < 60 && !HasFailure(); ++n) {
    const DataWalView view = must(kv.view());
    const Contents contents = contents_of(view);
    ASSERT_EQ(contents.size(), static_cast<std::size_t>(keys));
    const std::uint64_t newest = number_in(contents.at("0"));
    std::uint64_t expected = newest;
    for (int key = 0; key < keys; ++key) {
      const std::uint64_t number = number_in(contents.at(std::to_string(key)));
      if (number != expected) {
        ASSERT_EQ(expected, newest) << "it changes more than once";
        ASSERT_EQ(number + 1, expected);
        expected = number;
      }
    }
    for (const auto& [key, value] : contents) ASSERT_TRUE(has(view, key, value));
    if (n % 10 == 0) held = view;
    ASSERT_TRUE(contents_of(*held) == contents_of(*held));
    ASSERT_EQ(held->size(), static_cast<std::size_t>(keys));
    for (const auto& [key, value] : contents_of(*held)) ASSERT_TRUE(has(*held, key, value));
  }
  is_over = true;
}

}  // namespace
}  // namespace datawal::test
