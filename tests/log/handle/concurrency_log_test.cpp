// One log, many threads. No forks here: these run under the thread sanitizer.
#include <atomic>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>

#include "log/reader_support.hpp"
#include "log/write_paths.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

constexpr int appenders = 4;
constexpr int records_each = 250;

class LogConcurrency : public OnBothWritePaths {
 protected:
  // "2/17 ...": the 17th record of thread 2.
  static std::string payload_of(int thread, int n) {
    return std::to_string(thread) + "/" + std::to_string(n) + " " + std::string(static_cast<std::size_t>(n % 300), 'p');
  }

  // Each thread appends its records in order; every seventh is synced.
  void append_from(int thread) {
    for (int n = 1; n <= records_each; ++n) {
      const Result<RecordRef> ref = log_.append(payload_of(thread, n), {.sync = n % 7 == 0});
      ASSERT_TRUE(ok(ref));
      if (n % 7 == 0) {
        EXPECT_GE(log_.durable_txid(), ref->txid);
      }
      EXPECT_EQ(must(log_.read(*ref)).payload, payload_of(thread, n));
      const std::lock_guard guard(mutex_);
      refs_.emplace_back(*ref, payload_of(thread, n));
    }
  }

  // Runs `writer` of each appender in a thread of its own, and the others again and again until those are done.
  void run(const std::vector<std::function<void()>>& others) {
    std::atomic<int> alive = appenders;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < appenders; ++thread) {
      threads.emplace_back([this, thread, &alive] {
        append_from(thread);
        --alive;
      });
    }
    for (const std::function<void()>& other : others) {
      threads.emplace_back([&other, &alive] {
        while (alive > 0 && !testing::Test::HasFailure()) other();
      });
    }
  }

  // What any look at the log must show, however early: 1, 2, ... and everything that was appended before the look.
  void expect_sound(const Reading& reading, std::uint64_t at_least) const {
    EXPECT_EQ(reading.error, std::nullopt);
    EXPECT_EQ(reading.txids(), txids_up_to(reading.records.size()));
    EXPECT_GE(reading.records.size(), at_least);
  }

  // Every record once, those of each thread in their order, each where its append said.
  void expect_complete() {
    const std::vector<Record> all = must(log_.scan());
    ASSERT_EQ(all.size(), std::size_t{appenders} * records_each);
    std::vector<int> next(appenders, 1);
    for (const Record& record : all) {
      const int thread = std::stoi(record.payload);
      ASSERT_EQ(record.payload, payload_of(thread, next.at(static_cast<std::size_t>(thread))++));
    }
    for (const auto& [ref, payload] : refs_) EXPECT_EQ(all.at(ref.txid - 1).ref, ref);
  }

  RecordLog log_ = store_.open();
  std::mutex mutex_;
  std::vector<std::pair<RecordRef, std::string>> refs_;
};

INSTANTIATE_TEST_SUITE_P(, LogConcurrency, both_write_paths, name_of_path);

TEST_P(LogConcurrency, AppendersSyncsRotationsCursorsAndSingleReadsDoNotDisturbEachOther) {
  std::mt19937_64 random = seeded_random();
  const auto look = [this] {
    const std::uint64_t before = log_.last_txid();
    expect_sound(read(log_.records()), before);
  };
  const auto read_any = [this, &random] {
    std::pair<RecordRef, std::string> any;
    {
      const std::lock_guard guard(mutex_);
      if (refs_.empty()) return;
      any = refs_[between(random, 0, refs_.size() - 1)];
    }
    EXPECT_EQ(must(log_.read(any.first)).payload, any.second);
  };
  run({look, look, read_any, [this] { must(log_.fsync()); }, [this] { must(log_.rotate()); }});
  expect_complete();
  must(log_.close());
  log_ = store_.open();
  expect_complete();
}

TEST_P(LogConcurrency, AppendersThatFillSegmentsRotateByThemselves) {
  must(log_.close());
  log_ = store_.open({.max_segment_bytes = 4096});
  run({[this] { expect_sound(read(log_.records()), log_.last_txid()); }});
  expect_complete();
  EXPECT_GT(log_.active_segment(), 10U);
}

TEST_P(LogConcurrency, CountersOnlyGrowAndNothingIsDurableThatWasNotAppended) {
  std::atomic<std::uint64_t> durable_seen = 0;
  std::uint64_t segment_seen = 0;
  std::uint64_t last_seen = 0;
  const auto watch = [&] {
    const std::uint64_t durable = log_.durable_txid();
    const std::uint64_t last = log_.last_txid();
    const std::uint64_t segment = log_.active_segment();
    EXPECT_GE(last, durable);
    EXPECT_GE(last, last_seen);
    EXPECT_GE(segment, segment_seen);
    EXPECT_FALSE(log_.is_poisoned());
    last_seen = last;
    segment_seen = segment;
  };
  const auto watch_durable = [&] {
    const std::uint64_t durable = log_.durable_txid();
    EXPECT_GE(durable, durable_seen.exchange(durable));
  };
  run({watch, watch_durable, [this] { must(log_.rotate()); }});
  must(log_.fsync());
  EXPECT_EQ(log_.durable_txid(), log_.last_txid());
}

TEST_P(LogConcurrency, ACursorGoesOnInItsThreadWhileTheLogIsClosed) {
  for (int n = 1; n <= 100; ++n) must(log_.append(payload_of(0, n)));
  RecordCursor cursor = log_.records();
  must(cursor.next());
  std::jthread reading([&] { EXPECT_EQ(rest_of(cursor).records.size(), 99U); });
  must(log_.close());
}

// Readers: without a lock and without a word to the writer.

TEST_P(LogConcurrency, ReadersFollowWithoutALossOrARepetition) {
  const auto make_follower = [this] {
    auto reader = std::make_shared<RecordLogReader>(must(RecordLogReader::open(store_.path())));
    auto last = std::make_shared<RecordRef>();
    return [reader, last] {
      const bool has_more = must(reader->refresh());
      const Reading reading = read(last->txid == 0 ? reader->records() : reader->records_after(*last));
      EXPECT_EQ(reading.error, std::nullopt);
      EXPECT_FALSE(reading.report.tail_truncated);
      if (last->txid != 0) {
        EXPECT_EQ(has_more, !reading.records.empty());
      }
      for (const Record& record : reading.records) {
        EXPECT_EQ(record.txid, last->txid + 1);
        *last = record.ref;
      }
    };
  };
  const auto first = make_follower();
  const auto second = make_follower();
  run({first, second, [this] { must(log_.rotate()); }});
  expect_complete();
}

TEST_P(LogConcurrency, CursorsOfOneSnapshotReadInSeveralThreads) {
  RecordLogReader reader = must(RecordLogReader::open(store_.path()));
  run({[&] {
    must(reader.refresh());
    std::vector<RecordCursor> cursors;
    for (int n = 0; n < 3; ++n) cursors.push_back(reader.records());
    std::vector<std::jthread> threads;
    for (RecordCursor& cursor : cursors) threads.emplace_back([&] { expect_sound(rest_of(cursor), 0); });
  }});
  expect_complete();
}

}  // namespace
}  // namespace datawal::test
