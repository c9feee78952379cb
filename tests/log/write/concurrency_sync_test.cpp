// Many threads that sync: who shares whose sync, and what they are told.
#include <atomic>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>

#include "base/futex_mutex.hpp"
#include "log/operation_trace.hpp"
#include "log/write/group_commit.hpp"
#include "log/write_paths.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;

TEST(WordLockConcurrency, LetsOneThreadInAtATime) {
  FutexMutex lock;
  std::uint64_t count = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int n = 0; n < 20'000; ++n) {
          const std::lock_guard guard(lock);
          ++count;
        }
      });
    }
  }
  EXPECT_EQ(count, 80'000U);
}

TEST(GroupCommitConcurrency, GivesTheTurnToOneThreadAtATimeAndEverybodyComesThrough) {
  FutexMutex lock;
  log::GroupCommit turns;
  std::uint64_t appended = 0;
  std::uint64_t durable = 0;
  std::atomic<int> in_turn = 0;
  std::uint64_t turns_taken = 0;
  const auto sync_through = [&](std::uint64_t wanted) {
    std::unique_lock guard(lock);
    for (;;) {
      if (durable >= wanted) return;
      if (turns.try_begin()) break;
      const log::GroupCommit::Ticket ticket = wanted % 3 == 0 ? turns.attend() : turns.gather();
      guard.unlock();
      const bool is_given = turns.wait(ticket);
      guard.lock();
      if (!is_given) continue;
      turns.begin_given();
      break;
    }
    const std::uint64_t covered = appended;
    ++turns_taken;
    guard.unlock();
    EXPECT_EQ(in_turn.fetch_add(1), 0);
    std::this_thread::yield();
    in_turn.fetch_sub(1);
    guard.lock();
    durable = std::max(durable, covered);
    const log::GroupCommit::Wakes wakes = turns.end();
    guard.unlock();
    turns.wake(wakes);
  };
  constexpr std::uint64_t each = 2'000;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&] {
        for (std::uint64_t n = 0; n < each; ++n) {
          std::uint64_t mine = 0;
          {
            const std::lock_guard guard(lock);
            mine = ++appended;
          }
          sync_through(mine);
        }
      });
    }
  }
  EXPECT_EQ(durable, 8 * each);
  EXPECT_LE(turns_taken, 8 * each);
}

class SyncConcurrency : public OnBothWritePaths {
 protected:
  // From now on; the first one fails if there is a reason.
  void count_syncs(int os_errno = 0) {
    files_.set_hook([this, os_errno](const FsOp& op) -> std::optional<Fault> {
      if (op.kind != OpKind::sync_data || !is_segment_name(op.path)) return std::nullopt;
      ++syncs_;
      const bool fails = os_errno != 0 && syncs_ == 1;
      return fails ? std::optional(Fault::error(os_errno)) : std::nullopt;
    });
  }

  template <class Each>
  void from_threads(int count, Each each) {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < count; ++thread) threads.emplace_back([&each, thread] { each(thread); });
  }

  FaultyFileSystem files_;
  std::atomic<int> syncs_ = 0;
};

INSTANTIATE_TEST_SUITE_P(, SyncConcurrency, both_write_paths, name_of_path);

TEST_P(SyncConcurrency, ASyncedAppendIsDurableWhoeverSyncedIt) {
  RecordLog log = store_.open({.max_segment_bytes = 16 * 1024, .file_system = &files_});
  count_syncs();
  std::atomic<int> appended = 0;
  from_threads(6, [&](int thread) {
    for (int n = 0; n < 150; ++n) {
      const bool sync = (n + thread) % 5 != 0;
      const Result<RecordRef> ref = log.append(std::string(static_cast<std::size_t>(n), 'x'), {.sync = sync});
      ASSERT_TRUE(ok(ref));
      ++appended;
      if (sync) {
        EXPECT_GE(log.durable_txid(), ref->txid);
      }
      if (n % 50 == 49) {
        EXPECT_TRUE(ok(log.fsync()));
        EXPECT_GE(log.durable_txid(), ref->txid);
      }
    }
  });
  EXPECT_EQ(must(log.scan()).size(), 900U);
  EXPECT_LE(syncs_, 900);
  files_.set_hook(nullptr);
  EXPECT_TRUE(ok(log.close()));
  EXPECT_EQ(must(store_.open().scan()).size(), 900U);
}

TEST_P(SyncConcurrency, AFailedSyncIsToldToEveryThreadThatWaitsAndNeverTriedAgain) {
  RecordLog log = store_.open({.file_system = &files_});
  must(log.append("durable", {.sync = true}));
  count_syncs(EIO);
  std::atomic<int> refused_count = 0;
  from_threads(8, [&](int) {
    const Result<RecordRef> ref = log.append("not durable", {.sync = true});
    if (refused(ref, Errc::poisoned)) ++refused_count;
    EXPECT_TRUE(refused(log.fsync(), Errc::poisoned));
  });
  EXPECT_EQ(refused_count, 8);
  EXPECT_EQ(syncs_, 1);
  EXPECT_EQ(log.durable_txid(), 1U);
  EXPECT_TRUE(refused(log.close(), Errc::poisoned));
  EXPECT_EQ(syncs_, 1);
}

TEST_P(SyncConcurrency, TheIntervalPolicySyncsByItself) {
  RecordLog log = store_.open(
      {.sync_policy = SyncPolicy::interval(std::chrono::milliseconds(1)), .file_system = &files_});
  for (int n = 0; n < 20; ++n) {
    const RecordRef ref = must(log.append("in a while"));
    while (log.durable_txid() < ref.txid) std::this_thread::yield();
  }
  EXPECT_TRUE(ok(log.close()));
}

TEST_P(SyncConcurrency, AFailureOfTheIntervalPolicyPoisonsTheLog) {
  RecordLog log = store_.open(
      {.sync_policy = SyncPolicy::interval(std::chrono::milliseconds(1)), .file_system = &files_});
  count_syncs(EIO);
  must(log.append("never durable"));
  while (!log.is_poisoned()) std::this_thread::yield();
  EXPECT_TRUE(refused(log.append("more"), Errc::poisoned));
  EXPECT_TRUE(refused(log.close(), Errc::poisoned));
  EXPECT_EQ(log.durable_txid(), 0U);
}

TEST_P(SyncConcurrency, MuchThatWasAppendedIsSyncedInTheBackground) {
  RecordLog log = store_.open({.file_system = &files_});
  const std::string payload(1 << 20, 'x');
  for (int n = 0; n < 33; ++n) must(log.append(payload));
  while (log.durable_txid() < 32) std::this_thread::yield();
  EXPECT_TRUE(ok(log.close()));
}

}  // namespace
}  // namespace datawal::test
