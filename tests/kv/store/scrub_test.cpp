// Reading all of a store in passing.

#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include <datawal/scrub.hpp>

#include "kv/saved_index/saved_index_support.hpp"

namespace datawal::test {
namespace {

class Scrub : public testing::Test {
 protected:
  Scrub() { fill_for_index(store_.path(), 2000, 40'000); }

  // A bit of a record in a segment that an open with the index does not read.
  void damage_the_log() const {
    std::string bytes = read_file(store_.segment(1));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    const auto time = std::filesystem::last_write_time(store_.segment(1));
    overwrite(store_.segment(1), 0, bytes);  // the same file
    std::filesystem::last_write_time(store_.segment(1), time);
  }
  void damage_a_page_of_the_index() const {
    std::string bytes = read_file(store_ / index_file);
    const std::size_t place = pages_begin_of(bytes) + 77;
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    write_file(store_ / index_file, bytes);
  }

  static ScrubStats first_run_of(const DataWal& store) {
    for (;;) {
      const ScrubStats stats = store.stats().scrub;
      if (stats.runs > 0) return stats;
      std::this_thread::yield();
    }
  }

  Store store_;
};

TEST_F(Scrub, FindsNothingInASoundStore) {
  save_index_of(store_.path());
  const ScrubReport report = must(scrub(store_.path()));
  EXPECT_EQ(report.damage(), std::nullopt);
  EXPECT_EQ(report.log.frames_checked, must(verify(store_.path())).frames_checked);
  EXPECT_EQ(report.index.state, IndexState::used);
  EXPECT_EQ(report.state.state, IndexState::absent);
  EXPECT_FALSE(report.is_cancelled);
}

TEST_F(Scrub, ComparesTheStateOfALog) {
  must(must(RecordLog::open(store_.path(), {.state = {.is_enabled = true}})).save_state());
  EXPECT_EQ(must(scrub(store_.path())).state.state, IndexState::used);
}

TEST_F(Scrub, FindsDamageInWhatIsNotReadWhenTheStoreIsOpened) {
  save_index_of(store_.path());
  damage_the_log();
  const DataWal store = open_kv(store_.path(), indexed());
  const ScrubReport report = must(store.scrub());
  ASSERT_NE(report.damage(), std::nullopt);
  EXPECT_EQ(report.damage()->code, Errc::corruption);
  EXPECT_EQ(report.damage()->segment, 1U);
}

TEST_F(Scrub, FindsAPageOfTheIndexThatIsDamaged) {
  save_index_of(store_.path());
  damage_a_page_of_the_index();
  const ScrubReport report = must(scrub(store_.path()));
  EXPECT_EQ(report.index.state, IndexState::damaged);
  ASSERT_NE(report.damage(), std::nullopt);
  EXPECT_THAT(report.damage()->message(), testing::HasSubstr("a page of it is damaged"));
}

TEST_F(Scrub, LeavesTheIndexAloneIfAskedTo) {
  save_index_of(store_.path());
  damage_a_page_of_the_index();
  EXPECT_EQ(must(scrub(store_.path(), {.compares_index = false})).damage(), std::nullopt);
}

TEST_F(Scrub, IsOverOnceItIsToldToStop) {
  save_index_of(store_.path());
  for (int calls : {0, 1}) {
    const ScrubReport report = must(scrub(
        store_.path(), {.max_bytes_per_second = 1, .on_progress = [&calls](const Progress&) { return calls-- > 0; }}));
    EXPECT_TRUE(report.is_cancelled);
    EXPECT_EQ(report.damage(), std::nullopt);
    EXPECT_LT(report.log.frames_checked, 40'000U);
  }
}

TEST_F(Scrub, TellsHowFarItHasCome) {
  Progress last;
  must(scrub(store_.path(), {.max_bytes_per_second = 64ULL << 20, .on_progress = [&last](const Progress& now) {
                               EXPECT_GE(now.bytes_done, last.bytes_done);
                               last = now;
                               return true;
                             }}));
  EXPECT_GT(last.bytes_total, 0U);
  EXPECT_EQ(last.bytes_done, last.bytes_total);
}

TEST_F(Scrub, IsOfTheInstantWhenItBegan) {
  DataWal store = open_kv(store_.path());
  int left = 3;
  const ScrubReport report = must(store.scrub({.max_bytes_per_second = 1ULL << 30, .on_progress = [&](const Progress&) {
                                                 if (left-- > 0) {
                                                   must(store.put("key", "value"));
                                                   must(store.compact({.min_garbage_ratio = 0}));
                                                 }
                                                 return true;
                                               }}));
  EXPECT_EQ(report.damage(), std::nullopt);
  EXPECT_EQ(must(store.get("key")), "value");
}

TEST_F(Scrub, HappensInTheBackgroundWhereAStoreIsOpened) {
  OpenOptions options = indexed();
  options.scrub = {.is_enabled = true, .max_bytes_per_second = 0};
  const DataWal store = open_kv(store_.path(), options);
  const ScrubStats stats = first_run_of(store);
  EXPECT_TRUE(stats.is_enabled);
  EXPECT_FALSE(stats.is_failing);
  EXPECT_EQ(stats.failures, 0U);
}

TEST_F(Scrub, InTheBackgroundKeepsWhatItFound) {
  save_index_of(store_.path());
  damage_the_log();
  OpenOptions options = indexed();
  options.scrub = {.is_enabled = true, .max_bytes_per_second = 0};
  const DataWal store = open_kv(store_.path(), options);
  const ScrubStats stats = first_run_of(store);
  EXPECT_TRUE(stats.is_failing);
  EXPECT_EQ(stats.failures, 1U);
  ASSERT_NE(stats.last_error, std::nullopt);
  EXPECT_EQ(stats.last_error->segment, 1U);
}

TEST_F(Scrub, InTheBackgroundDoesNotHoldUpClosing) {
  OpenOptions options;
  options.scrub = {.is_enabled = true, .max_bytes_per_second = 1};  // it would take weeks
  DataWal store = open_kv(store_.path(), options);
  must(store.close());
  EXPECT_EQ(store.stats().scrub.runs, 0U);
}

TEST_F(Scrub, OfAClosedStoreIsRefused) {
  DataWal store = open_kv(store_.path());
  must(store.close());
  EXPECT_EQ(store.scrub().error().code, Errc::closed);
}

TEST(ScrubOfNothing, IsNotFoundOrEmpty) {
  const Store store;
  EXPECT_EQ(scrub(store / "none").error().code, Errc::not_found);
  std::filesystem::create_directory(store / "empty");
  const ScrubReport report = must(scrub(store / "empty"));
  EXPECT_EQ(report.damage(), std::nullopt);
  EXPECT_EQ(report.log.frames_checked, 0U);
}

TEST(ScrubBesideCompaction, TakesNoSegmentThatIsGoneForDamage) {
  const Store store;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 8192});
  for (int n = 0; n < 20'000; ++n) must(kv.put("key " + std::to_string(n), std::string(100, 'a')));
  for (int n = 0; n < 20'000; n += 3) must(kv.put("key " + std::to_string(n), std::string(100, 'b')));
  must(kv.save_index());
  ASSERT_GT(kv.stats().segments, 300U);  // more than are kept open
  bool is_compacted = false;
  const Result<ScrubReport> report = scrub(
      store.path(), {.on_progress = [&](const Progress& progress) {
        if (progress.bytes_done == progress.bytes_total && !std::exchange(is_compacted, true)) {
          EXPECT_GT(must(kv.compact({.min_garbage_ratio = 0})).segments_rewritten, 200U);
        }
        return true;
      }});
  EXPECT_TRUE(is_compacted);
  if (report) {
    EXPECT_EQ(report->damage(), std::nullopt);
  } else {
    EXPECT_EQ(report.error().code, Errc::snapshot_expired);
  }
}

TEST(ScrubBesideCompaction, ComparesNothingOnceItIsToldToStop) {
  const Store store;
  fill_for_index(store.path(), 2000, 40'000);
  save_index_of(store.path());
  std::string bytes = read_file(store / index_file);
  bytes[pages_begin_of(bytes) + 77] ^= 1;
  write_file(store / index_file, bytes);
  const ScrubReport report = must(scrub(store.path(), {.on_progress = [](const Progress& progress) {
                                          return progress.bytes_done < progress.bytes_total;
                                        }}));
  EXPECT_TRUE(report.is_cancelled);
  EXPECT_EQ(report.index.state, IndexState::used);
}

}  // namespace
}  // namespace datawal::test
