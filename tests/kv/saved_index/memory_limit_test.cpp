// A limit on the memory of the index: its pages go back to the file, and nothing that is shown changes by that.

#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
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
  // @return false if that is not known to be right
  bool erase_if_it_can_be(DataWal& store, int n) {
    const Result<void> erased = store.erase(key_of(n));
    if (erased) model_.erase(key_of(n));
    EXPECT_TRUE(erased || erased.error().code == Errc::corruption);
    return erased.has_value();
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

TEST(MemoryLimit, IsRefusedWithoutTheIndex) {
  const Store dir;
  OpenOptions options;
  options.index.memory_limit = 1 << 20;
  EXPECT_EQ(DataWal::open(dir / "store", options).error().code, Errc::invalid_argument);
  EXPECT_FALSE(std::filesystem::exists(dir / "store"));
  must(open_kv(dir / "store").put("key", "value"));
  EXPECT_EQ(DataWalReader::open(dir / "store", {.index_memory_limit = 1}).error().code, Errc::invalid_argument);
}

TEST(MemoryLimit, LeavesAViewAsItWas) {
  Filled filled(3000);
  DataWal store = filled.open();
  for (int n = 0; n < 100; ++n) filled.put(store, n, "changed, and not saved");
  const DataWalView view = must(store.view());
  const Contents then = filled.contents();
  for (int round = 0; round < 3; ++round) {
    for (int n = 0; n < 3000; n += 2) filled.put(store, n, "round " + std::to_string(round));
    for (int n = 1; n < 3000; n += 7) filled.erase(store, n);
    must(store.save_index());
    must(store.compact({.min_garbage_ratio = 0}));
    EXPECT_EQ(contents_of(view), then);
    for (const auto& [key, value] : then) ASSERT_EQ(must(view.get(key)), value) << key;
    EXPECT_TRUE(lacks(view, "nobody"));
  }
  filled.expect_all_in(store);
}

TEST(MemoryLimit, LeavesACursorAsItWas) {
  Filled filled(3000);
  DataWal store = filled.open();
  for (const CursorOrder order : {CursorOrder::log, CursorOrder::key}) {
    const Contents then = filled.contents();
    DataWalCursor cursor = must(store.cursor({.order = order}));
    for (int n = 0; n < 3000; n += 3) filled.put(store, n, "later");
    must(store.save_index());
    Contents shown;
    while (const std::optional<KeyValue> next = must(cursor.next())) shown.emplace(next->key, next->value);
    EXPECT_EQ(shown, then);
  }
}

TEST(MemoryLimit, AnswersManyKeysAtOnce) {
  const Filled filled(3000);
  const DataWal store = filled.open();
  std::vector<std::string> keys;
  for (int n = 0; n < 3010; ++n) keys.push_back(key_of(n));
  Values values;
  must(store.multi_get(std::vector<std::string_view>(keys.begin(), keys.end()), values));
  for (int n = 0; n < 3010; ++n) {
    EXPECT_EQ(values[static_cast<std::size_t>(n)].has_value(), n < 3000) << n;
  }
}

TEST(MemoryLimit, ChangesManyKeysAtOnce) {
  Filled filled(3000);
  {
    DataWal store = filled.open();
    Batch batch;
    for (int n = 0; n < 3000; n += 2) batch.put(key_of(n), "in a batch");
    for (int n = 1; n < 3000; n += 6) batch.erase(key_of(n));
    for (int n = 3000; n < 9000; ++n) batch.put(key_of(n), "new");
    must(store.write(batch));
    must(store.save_index());
    EXPECT_EQ(store.size(), 8500U);
    for (int n = 0; n < 9000; ++n) {
      const bool is_erased = n < 3000 && n % 6 == 1;
      ASSERT_EQ(must(store.contains(key_of(n))), !is_erased) << n;
    }
    must(store.close());
  }
  EXPECT_EQ(expect_as_without(filled.dir().path(), IndexState::used), 0U);
}

TEST(MemoryLimit, TellsOfAPageThatIsDamagedAfterItWasTakenOut) {
  const Filled filled(6000);
  const DataWal store = filled.open();
  filled.expect_all_in(store);
  std::string bytes = read_file(filled.dir() / index_file);
  const std::size_t begin = pages_begin_of(bytes);
  for (std::size_t at = begin + 10; at < bytes.size(); at += 2 * page_len) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
  }
  write_file(filled.dir() / index_file, bytes);
  int told = 0;
  for (int n = 0; n < 6000; ++n) {
    const Result<std::optional<std::string>> value = store.get(key_of(n));
    if (value) {
      ASSERT_EQ(*value, "first") << n;
    } else {
      EXPECT_EQ(value.error().code, Errc::corruption);
      ++told;
    }
  }
  EXPECT_GT(told, 2000);
  const DataWalView view = must(store.view());
  for (const Result<void>& walked : {store.for_each_key([](std::string_view) { return true; }),
                                     view.for_each_key([](std::string_view) { return true; })}) {
    ASSERT_FALSE(walked);
    EXPECT_EQ(walked.error().code, Errc::corruption);
  }
  EXPECT_FALSE(std::filesystem::exists(filled.dir() / index_file));
}

TEST(MemoryLimit, ChangesNothingWhereThePageCannotBeLoaded) {
  Filled filled(6000);
  {
    DataWal store = filled.open();
    for (int n = 0; n < 200; ++n) filled.put(store, n, "garbage for a compaction");
    must(store.save_index());
    std::string bytes = read_file(filled.dir() / index_file);
    for (std::size_t at = pages_begin_of(bytes); at < bytes.size(); ++at) bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write_file(filled.dir() / index_file, bytes);
    int refused = 0;  // all but those of the page that is in memory
    for (int n = 0; n < 6000; n += 3) {
      if (!filled.erase_if_it_can_be(store, n)) ++refused;
    }
    EXPECT_GT(refused, 1500);
    EXPECT_EQ(store.save_index().error().code, Errc::corruption);
    EXPECT_EQ(store.compact({.min_garbage_ratio = 0}).error().code, Errc::corruption);
  }
  EXPECT_EQ(contents_of(open_kv(filled.dir().path())), filled.contents());
}

TEST(MemoryLimit, DoesNotEndACompactionForAPageThatIsReadAtTheNextTry) {
  Filled filled;
  safeatomic::test::FaultyFileSystem files;
  OpenOptions options = tight({.max_segment_bytes = 400'000});
  options.file_system = &files;
  DataWal store = filled.open(options);
  for (int n = 0; n < 5; ++n) filled.put(store, n, "newer");
  bool is_renamed = false;
  bool is_done = false;
  files.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    is_renamed = is_renamed || (op.kind == OpKind::rename && op.target.ends_with(".dwal"));
    if (!is_renamed || is_done || op.kind != OpKind::read || !op.path.ends_with(index_file)) return std::nullopt;
    is_done = true;
    return Fault::error(EIO);
  });
  must(store.compact({.min_garbage_ratio = 0}));
  EXPECT_TRUE(is_done);
  must(store.save_index());
  filled.expect_all_in(store);
}

TEST(MemoryLimit, NeedsTheFileItHasOpenAndNotItsName) {
  Filled filled(6000);
  DataWal store = filled.open();
  std::filesystem::remove(filled.dir() / index_file);
  filled.expect_all_in(store);
  write_file(filled.dir() / index_file, "not an index");
  filled.expect_all_in(store);
  for (int n = 0; n < 6000; n += 2) filled.put(store, n, "second");
  must(store.save_index());
  std::filesystem::remove(filled.dir() / index_file);
  filled.expect_all_in(store);
  EXPECT_EQ(contents_of(store), filled.contents());
}

TEST(MemoryLimit, LosesNothingWhateverOperationFailsWhileTheIndexIsWritten) {
  Filled filled(2000);
  bool reached = true;
  for (std::uint64_t ordinal = 1; reached; ++ordinal) {
    SCOPED_TRACE(ordinal);
    FaultyFileSystem files;
    OpenOptions options = tight({.max_segment_bytes = 400'000, .write_path = WritePath::append});
    options.file_system = &files;
    DataWal store = filled.open(options);
    for (int n = 0; n < 2000; n += 50) filled.put(store, n, std::to_string(ordinal));
    files.restart();
    files.set_hook(safeatomic::test::fail_at(ordinal, Fault::error(ENOSPC)));
    const Result<void> saved = store.save_index();
    reached = files.operation_count() >= ordinal;
    files.set_hook(nullptr);
    filled.expect_all_in(store);
    if (store.log().is_poisoned()) continue;
    for (int n = 1; n < 2000; n += 50) filled.put(store, n, std::to_string(ordinal));
    must(store.save_index());
    filled.expect_all_in(store);
    EXPECT_EQ(store.stats().key_directory_changed_bytes, 0U);
  }
  EXPECT_EQ(contents_of(open_kv(filled.dir().path())), filled.contents());
}

TEST(MemoryLimit, WritesTheIndexInTheBackgroundForTheSakeOfMemory) {
  const Store dir;
  OpenOptions options = tight();
  options.index.writes_in_background = true;
  options.index.least_bytes = 1ULL << 40;
  options.index.memory_limit = 100 * page_len;
  DataWal store = open_kv(dir.path(), options);
  for (int n = 0; n < 30'000; ++n) must(store.put(key_of(n), std::string(100, 'v')));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(dir / index_file); }));
  // It looks once a MiB.
  for (int n = 0; store.stats().key_directory_bytes_on_file == 0; ++n) {
    ASSERT_LT(n, 10'000'000);
    must(store.put("again", std::string(1000, 'v')));
  }
  for (int n = 0; n < 30'000; ++n) ASSERT_TRUE(must(store.contains(key_of(n))));
}

TEST(MemoryLimit, OfAReaderShowsWhatOneWithoutShows) {
  Filled filled(3000);
  DataWalReader reader = open_kv_reader(filled.dir().path(), {.uses_index = true, .index_memory_limit = 1});
  filled.expect_all_in(reader);
  EXPECT_EQ(contents_of(reader), filled.contents());
  EXPECT_GT(reader.stats().key_directory_bytes_evicted, 0U);
  DataWal store = filled.open();
  for (int round = 0; round < 5; ++round) {
    for (int n = round; n < 3000; n += 50) filled.put(store, n, "round " + std::to_string(round));
    for (int n = round + 5; n < 3000; n += 90) filled.erase(store, n);
    if (round == 2) must(store.save_index());
    if (round == 3) must(store.compact({.min_garbage_ratio = 0}));
    EXPECT_TRUE(must(reader.refresh()));
    filled.expect_all_in(reader);
    EXPECT_EQ(contents_of(reader), filled.contents());
  }
}

}  // namespace
}  // namespace datawal::test
