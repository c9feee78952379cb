// DataWal::compact() beside holds: what a consumer still needs stays as it is, and the rest is given back.

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include <datawal/holds.hpp>
#include <datawal/segment.hpp>

#include "kv/kv_support.hpp"
#include "log/operation_trace.hpp"

namespace datawal::test {
namespace {

std::set<std::uint64_t> txids_in(const std::filesystem::path& dir) {
  const std::vector<std::uint64_t> txids = read(dir).txids();
  return {txids.begin(), txids.end()};
}

// The txids above `floor` up to `last`.
std::set<std::uint64_t> txids_above(std::uint64_t floor, std::uint64_t last) {
  std::set<std::uint64_t> txids;
  while (floor < last) txids.insert(++floor);
  return txids;
}

std::set<std::uint64_t> cut_at(std::set<std::uint64_t> txids, std::uint64_t floor) {
  std::erase_if(txids, [floor](std::uint64_t txid) { return txid <= floor; });
  return txids;
}

class KvCompactHolds : public testing::Test {
 protected:
  // Six segments or so; of each little is alive.
  KvCompactHolds() {
    for (int round = 0; round < 10; ++round) {
      for (const char* key : {"a", "b", "c"}) must(kv_.put(key, std::to_string(round) + std::string(20, 'v')));
      must(kv_.put("gone", "value"));
      must(kv_.erase("gone"));
    }
    must(kv_.fsync());
    last_txid_ = kv_.log().last_txid();
  }

  CompactionStats compact() { return must(kv_.compact({.min_garbage_ratio = 0})); }

  const Store store_;
  FaultyFileSystem files_;
  DataWal kv_ = open_kv(store_.path(), {.max_segment_bytes = 300, .file_system = &files_});
  std::uint64_t last_txid_ = 0;
};

TEST_F(KvCompactHolds, KeepEveryRecordAboveThem) {
  must(kv_.hold_from("shipper", 17));
  const CompactionStats stats = compact();
  EXPECT_EQ(cut_at(txids_in(store_.path()), 17), txids_above(17, last_txid_));
  EXPECT_GT(stats.segments_held, 0U);
  EXPECT_GT(stats.segments_rewritten + stats.segments_removed, 0U) << "what lies below is given back";
  EXPECT_LT(txids_in(store_.path()).size(), last_txid_);
}

TEST_F(KvCompactHolds, OfEverythingLetNothingGo) {
  must(kv_.hold_from("shipper", 0));
  const Image before = store_.image();
  const CompactionStats stats = compact();
  EXPECT_EQ(stats.bytes_reclaimed, 0U);
  EXPECT_EQ(stats.segments_skipped, 0U);
  EXPECT_EQ(txids_in(store_.path()), txids_above(0, last_txid_));
}

TEST_F(KvCompactHolds, OfTheNewestRecordKeepTheActiveSegmentFromBeingSealed) {
  must(kv_.hold_from("shipper", last_txid_ - 1));
  const std::uint64_t segments = kv_.stats().segments;
  compact();
  const std::uint64_t left = kv_.stats().segments;
  for (int i = 0; i < 3; ++i) compact();
  EXPECT_LE(left, segments);
  EXPECT_EQ(kv_.stats().segments, left);
}

TEST_F(KvCompactHolds, ThatMovedOnOrWereDroppedLetItGo) {
  must(kv_.hold_from("shipper", 0));
  EXPECT_EQ(compact().bytes_reclaimed, 0U);
  must(kv_.hold_from("shipper", 30));
  EXPECT_GT(compact().bytes_reclaimed, 0U);
  EXPECT_TRUE(must(kv_.drop_hold("shipper")));
  const CompactionStats stats = compact();
  EXPECT_GT(stats.bytes_reclaimed, 0U);
  EXPECT_EQ(stats.segments_held, 0U);
  EXPECT_TRUE(has(kv_, "a", "9" + std::string(20, 'v')));
  EXPECT_TRUE(lacks(kv_, "gone"));
}

// A consumer that has seen the Put and not yet the Delete: without the hold it would never see it.
TEST_F(KvCompactHolds, KeepTheDeleteOfAKeyThatAConsumerHasTaken) {
  must(kv_.put("user", "data", {.sync = true}));
  const std::uint64_t taken = kv_.log().last_txid();
  must(kv_.hold_from("shipper", taken));
  must(kv_.erase("user"));
  const std::uint64_t erased = kv_.log().last_txid();
  for (int i = 0; i < 30; ++i) must(kv_.put("other", std::string(20, 'x')));
  (void)compact();
  EXPECT_TRUE(txids_in(store_.path()).contains(erased));
}

TEST_F(KvCompactHolds, ThatCannotBeReadLetNothingGo) {
  write_file(store_ / ".holds", "no holds");
  const std::set<std::uint64_t> before = txids_in(store_.path());
  EXPECT_TRUE(refused(kv_.compact({.min_garbage_ratio = 0}), Errc::corruption));
  EXPECT_EQ(txids_in(store_.path()), before);
  EXPECT_TRUE(has(kv_, "a", "9" + std::string(20, 'v')));
  EXPECT_TRUE(ok(kv_.put("a", "goes on")));
  EXPECT_TRUE(ok(kv_.compact_to(store_.beside("small")))) << "that takes nothing from this store";
  must(kv_.close());
  kv_ = open_kv(store_.path());
  EXPECT_TRUE(has(kv_, "a", "goes on"));
}

TEST_F(KvCompactHolds, AreShownWithWhatTheyCost) {
  must(kv_.hold_from("far", last_txid_));
  must(kv_.hold_from("near", 0));
  must(kv_.put("a", "in the active segment"));
  for (const StoreStats& stats : {kv_.stats(), open_kv_reader(store_.path()).stats()}) {
    ASSERT_EQ(stats.holds.size(), 2U);
    EXPECT_EQ(stats.holds[0].hold, (Hold{.name = "far", .txid = last_txid_}));
    EXPECT_EQ(stats.holds[0].bytes, 0U) << "the active segment is not compacted anyway";
    const HoldStats& near = stats.holds[1];
    std::uint64_t garbage = 0;
    std::uint64_t bytes = 0;
    for (const SegmentStats& segment : stats.per_segment) {
      if (segment.is_active) continue;
      garbage += segment.dead_bytes + segment.tombstone_bytes;
      bytes += segment.bytes;
    }
    EXPECT_EQ(near.segments, stats.per_segment.size() - 1);
    EXPECT_EQ(near.bytes, bytes);
    EXPECT_EQ(near.garbage_bytes, garbage);
    EXPECT_GT(garbage, 0U);
    EXPECT_FALSE(stats.holds_error);
  }
}

TEST_F(KvCompactHolds, ThatCannotBeReadAreShownAsThat) {
  write_file(store_ / ".holds", "no holds");
  const StoreStats stats = kv_.stats();
  ASSERT_TRUE(stats.holds_error);
  EXPECT_EQ(stats.holds_error->code, Errc::corruption);
  EXPECT_TRUE(stats.holds.empty());
}

TEST_F(KvCompactHolds, AreInTheNumbersForPrometheus) {
  must(kv_.hold_from("shipper", 5));
  EXPECT_THAT(prometheus_text(kv_.stats(), "kv"),
              testing::AllOf(testing::HasSubstr("datawal_hold_txid{store=\"kv\",hold=\"shipper\"} 5\n"),
                             testing::HasSubstr("datawal_hold_garbage_bytes{store=\"kv\",hold=\"shipper\"} "),
                             testing::HasSubstr("datawal_holds_unreadable{store=\"kv\"} 0\n")));
}

TEST(KvCompactBesideALock, OfAnotherProgramLeavesTheSegmentAndSaysWhy) {
  const Store store;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 300});
  for (int round = 0; round < 10; ++round) must(kv.put("a", std::to_string(round) + std::string(100, 'v')));
  const int locked = ::open(store.segment(1).c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(locked, LOCK_EX | LOCK_NB), 0);
  const CompactionStats beside = must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(beside.segments_busy, 1U);
  EXPECT_EQ(beside.segments_held, 0U) << "there is no hold";
  EXPECT_TRUE(std::filesystem::exists(store.segment(1)));
  ::close(locked);
  const CompactionStats behind = must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(behind.segments_busy, 0U);
  EXPECT_FALSE(std::filesystem::exists(store.segment(1)));
}

// A rewritten segment is ready when somebody sets a hold below it: whichever comes first, the other must not go wrong.
class KvCompactHoldsMeanwhile : public KvCompactHolds {
 protected:
  // Calls `at` once, before the first operation that `is_it` names.
  void once(std::function<bool(const FsOp&)> is_it, std::function<void()> at) {
    files_.set_hook([is_it = std::move(is_it), at = std::move(at), is_done = false](const FsOp& op) mutable {
      if (!is_done && is_it(op)) {
        is_done = true;
        at();
      }
      return safeatomic::test::Fault{};
    });
  }

  static bool takes_a_name(const FsOp& op) {
    return (op.kind == OpKind::rename || op.kind == OpKind::unlink) && op.path.ends_with(".dwal");
  }
};

TEST_F(KvCompactHoldsMeanwhile, BeforeTheGateAreSeen) {
  once([](const FsOp& op) { return op.kind == OpKind::lock_file && op.path.ends_with(".dwal"); },
       [this] { must(hold_from(store_.path(), "shipper", 0)); });
  const CompactionStats stats = compact();
  files_.set_hook(nullptr);
  EXPECT_GT(stats.segments_held, 0U);
  EXPECT_EQ(stats.segments_rewritten + stats.segments_removed, 0U);
  EXPECT_EQ(txids_in(store_.path()), txids_above(0, last_txid_));
}

TEST_F(KvCompactHoldsMeanwhile, BehindTheGateWaitForTheSegment) {
  std::set<std::uint64_t> there;
  std::atomic<bool> is_set{false};
  std::atomic<bool> was_set_too_early{false};
  std::thread consumer;
  once([](const FsOp& op) { return (op.kind == OpKind::rename && op.path.ends_with(".dwal-tmp")) || takes_a_name(op); },
       [&] {
         consumer = std::thread([&] {
           must(hold_from(store_.path(), "shipper", 0));
           there = txids_in(store_.path());
           is_set = true;
         });
         // As long as the gate is passed it cannot be done; that it has begun shows in its file.
         while (!std::filesystem::exists(store_ / ".holds")) std::this_thread::yield();
         const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
         while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
         was_set_too_early = is_set.load();
       });
  (void)compact();
  files_.set_hook(nullptr);
  ASSERT_TRUE(consumer.joinable()) << "no segment's name was taken";
  consumer.join();
  EXPECT_FALSE(was_set_too_early);
  (void)compact();
  EXPECT_EQ(txids_in(store_.path()), there) << "what was there when the hold counted is there";
  EXPECT_LT(there.size(), last_txid_) << "one segment was given back before";
}

TEST_F(KvCompactHoldsMeanwhile, ByTheWriterItselfWaitForTheSegment) {
  std::set<std::uint64_t> there;
  std::thread consumer;
  once([](const FsOp& op) { return op.kind == OpKind::open_file && op.path.ends_with(".dwal-tmp"); },
       [&] {
         consumer = std::thread([&] {
           must(kv_.hold_from("shipper", 0));
           there = txids_in(store_.path());
         });
       });
  (void)compact();
  files_.set_hook(nullptr);
  ASSERT_TRUE(consumer.joinable());
  consumer.join();
  (void)compact();
  EXPECT_EQ(txids_in(store_.path()), there);
}

TEST(KvAutoCompactHolds, DoNotMakeItBeginAgainAndAgain) {
  const Store store;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 1000, .auto_compact = {.is_enabled = true}});
  must(kv.hold_from("shipper", 0));
  for (int i = 0; i < 300; ++i) must(kv.put("key", std::string(50, 'v')));
  must(kv.close());
  EXPECT_EQ(kv.stats().auto_compact.runs, 0U);
  EXPECT_EQ(txids_in(store.path()), txids_above(0, 300));
}

}  // namespace
}  // namespace datawal::test
