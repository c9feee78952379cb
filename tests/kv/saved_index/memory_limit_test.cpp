// A limit on the memory of the index: its pages go back to the file, and nothing that is shown changes by that.

#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kv/saved_index/saved_index_support.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;

// The least that there is: one page, of some hundred.
OpenOptions tight(OpenOptions options = {}) {
  options = indexed(options);
  options.index.memory_limit = 1;
  return options;
}

constexpr std::uint64_t page_len = 4096;
constexpr std::uint64_t besides = 24;  // pages that its tables would take

std::string key_of(int n) { return "key " + std::to_string(n); }

// The same keys are there, with the same values, and no others.
template <class Store>
void expect_is(const Store& store, const std::map<std::string, std::string>& model, int keys) {
  EXPECT_EQ(store.size(), model.size());
  for (int n = 0; n < keys; ++n) {
    const auto found = model.find(key_of(n));
    const std::optional<std::string> value = must(store.get(key_of(n)));
    ASSERT_EQ(value, found == model.end() ? std::nullopt : std::optional(found->second)) << key_of(n);
  }
}

class Filled {
 public:
  explicit Filled(int keys = 30'000) : keys_(keys) {
    DataWal store = open_kv(dir_.path(), tight({.max_segment_bytes = 400'000}));
    for (int n = 0; n < keys_; ++n) put(store, n, "first");
    must(store.save_index());
    must(store.close());
  }
  void put(DataWal& store, int n, const std::string& value) {
    must(store.put(key_of(n), value));
    model_[key_of(n)] = value;
  }
  void erase(DataWal& store, int n) {
    must(store.erase(key_of(n)));
    model_.erase(key_of(n));
  }
  [[nodiscard]] DataWal open(OpenOptions options = tight({.max_segment_bytes = 400'000})) const {
    return open_kv(dir_.path(), options);
  }
  template <class Store>
  void expect_all_in(const Store& store) const {
    expect_is(store, model_, keys_ + 10);
  }
  [[nodiscard]] Contents contents() const { return {model_.begin(), model_.end()}; }
  [[nodiscard]] std::optional<std::string> value_of(int n) const {
    const auto found = model_.find(key_of(n));
    return found == model_.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] int keys() const { return keys_; }
  [[nodiscard]] const Store& dir() const { return dir_; }

 private:
  const int keys_;
  const Store dir_;
  std::map<std::string, std::string> model_;
};

TEST(MemoryLimit, HoldsForWhatIsRead) {
  const Filled filled;
  const DataWal store = filled.open();
  filled.expect_all_in(store);
  const StoreStats stats = store.stats();
  EXPECT_LE(stats.key_directory_bytes, besides * page_len);
  EXPECT_EQ(stats.key_directory_changed_bytes, 0U);
  EXPECT_GT(stats.key_directory_bytes_on_file, 80 * page_len);
  EXPECT_GT(stats.key_directory_bytes_evicted, 1000 * page_len);
}

TEST(MemoryLimit, HoldsOnceWhatWasChangedIsSaved) {
  Filled filled;
  DataWal store = filled.open();
  for (int n = 0; n < filled.keys(); n += 2) filled.put(store, n, "second");
  EXPECT_GT(store.stats().key_directory_changed_bytes, 80 * page_len);
  must(store.save_index());
  EXPECT_EQ(store.stats().key_directory_changed_bytes, 0U);
  filled.expect_all_in(store);
  EXPECT_LE(store.stats().key_directory_bytes, (besides + 32) * page_len);
}

TEST(MemoryLimit, HoldsInAStoreThatWasOpenedWithoutAnIndex) {
  const Filled filled;
  std::filesystem::remove(filled.dir() / index_file);
  DataWal store = filled.open();
  EXPECT_GT(store.stats().key_directory_changed_bytes, 80 * page_len);
  must(store.save_index());
  EXPECT_EQ(store.stats().key_directory_changed_bytes, 0U);
  filled.expect_all_in(store);
  must(store.close());
  EXPECT_EQ(expect_as_without(filled.dir().path(), IndexState::used), 0U);
}

TEST(MemoryLimit, ChangesNothingThatRandomOperationsShow) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Filled filled(6000);
    std::mt19937_64 random(seed);
    DataWal store = filled.open();
    for (int step = 0; step < 30'000; ++step) {
      const int n = static_cast<int>(random() % 6000);
      const std::uint64_t what = random() % 1000;
      if (what < 500) {
        const std::optional<std::string> value = must(store.get(key_of(n)));
        ASSERT_EQ(value, filled.value_of(n)) << step;
      } else if (what < 800) {
        filled.put(store, n, std::to_string(step));
      } else if (what < 990) {
        filled.erase(store, n);
      } else if (what < 995) {
        must(store.save_index());
      } else if (what < 997) {
        ASSERT_EQ(contents_of(store), filled.contents()) << step;
      } else if (what < 998) {
        const DataWalView view = must(store.view());
        const Contents then = filled.contents();
        for (int i = 0; i < 200; ++i) filled.put(store, static_cast<int>(random() % 6000), "behind the view");
        ASSERT_EQ(contents_of(view), then) << step;
      } else if (what < 999) {
        must(store.compact({.min_garbage_ratio = 0.2}));
      } else {
        must(store.close());
        store = filled.open();
      }
    }
    filled.expect_all_in(store);
    must(store.save_index());
    must(store.close());
    EXPECT_EQ(expect_as_without(filled.dir().path(), IndexState::used), 0U);
    EXPECT_EQ(contents_of(open_kv(filled.dir().path())), filled.contents());
  }
}

}  // namespace
}  // namespace datawal::test
