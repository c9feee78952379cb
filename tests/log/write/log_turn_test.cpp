// The turn to sync, rotate and close is given back however its owner is left: by the cancellation of a thread, by exceptions.

#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include <gmock/gmock.h>

#include "faulty_file_system.hpp"
#include "log/reader_support.hpp"
#include "log/write_paths.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

/// A thread that can be cancelled.
class Thread {
 public:
  explicit Thread(std::function<void()> body) : body_(std::move(body)) {
    const auto run = [](void* self) -> void* {
      static_cast<Thread*>(self)->body_();
      return nullptr;
    };
    if (::pthread_create(&thread_, nullptr, run, this) != 0) throw std::runtime_error("no thread");
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { static_cast<void>(join()); }

  void cancel() { ::pthread_cancel(thread_); }
  /// Whether it was cancelled.
  bool join() {
    if (is_joined_) return false;
    void* outcome = nullptr;
    ::pthread_join(thread_, &outcome);
    is_joined_ = true;
    return outcome == PTHREAD_CANCELED;
  }

 private:
  std::function<void()> body_;
  pthread_t thread_{};
  bool is_joined_ = false;
};

/// Where threads meet; every wait is a place to be cancelled at.
class Signal {
 public:
  void give() {
    const std::lock_guard guard(mutex_);
    is_given_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock guard(mutex_);
    changed_.wait(guard, [this] { return is_given_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_given_ = false;
};

class LogTurn : public testing::TestWithParam<WritePath> {
 protected:
  static bool may_cancel() {
#ifdef __SANITIZE_ADDRESS__
    return false;  // it takes what a cancelled thread leaves on its stack for an error
#else
    return true;
#endif
  }

  [[nodiscard]] RecordLog open() { return store_.open({.write_path = GetParam(), .file_system = &files_}); }

  /// The next operation of that kind waits for ever.
  void hold(OpKind kind, Signal& reached, Signal& never) {
    files_.set_hook([&, kind, is_held = false](const FsOp& op) mutable -> std::optional<Fault> {
      if (op.kind != kind || std::exchange(is_held, true)) return std::nullopt;
      reached.give();
      never.wait();
      return std::nullopt;
    });
  }

  Store store_;
  FaultyFileSystem files_;
};

INSTANTIATE_TEST_SUITE_P(, LogTurn, both_write_paths, name_of_path);

// A filesystem of the program's own may wait where a thread can be cancelled; that of the library does not.
TEST_P(LogTurn, EndsWithTheThreadThatIsCancelledInASync) {
  if (!may_cancel()) GTEST_SKIP() << "not under the address sanitizer";
  RecordLog log = open();
  append_records(log, 1);
  Signal reached;
  Signal never;
  hold(OpKind::sync_data, reached, never);
  Thread syncing([&] { static_cast<void>(log.fsync()); });
  reached.wait();
  syncing.cancel();
  EXPECT_TRUE(syncing.join());
  files_.set_hook(nullptr);
  EXPECT_TRUE(log.is_poisoned()) << "nobody knows whether that sync has failed";
  EXPECT_TRUE(refused(log.append("behind it", {.sync = true}), Errc::poisoned));
  EXPECT_TRUE(refused(log.fsync(), Errc::poisoned));
  EXPECT_TRUE(refused(log.rotate(), Errc::poisoned));
  EXPECT_TRUE(refused(log.close(), Errc::poisoned));
  EXPECT_EQ(read(must(RecordLog::open(store_.path())).records()).txids(), txids_up_to(1));
}

TEST_P(LogTurn, EndsWithTheThreadThatIsCancelledInARotation) {
  if (!may_cancel()) GTEST_SKIP() << "not under the address sanitizer";
  for (const OpKind kind : {OpKind::sync_data, OpKind::open_file, OpKind::sync_directory}) {
    const Store other;
    RecordLog log = other.open({.write_path = GetParam(), .file_system = &files_});
    append_records(log, 2);
    Signal reached;
    Signal never;
    hold(kind, reached, never);
    Thread rotating([&] { static_cast<void>(log.rotate()); });
    reached.wait();
    rotating.cancel();
    EXPECT_TRUE(rotating.join());
    files_.set_hook(nullptr);
    EXPECT_TRUE(refused(log.fsync(), Errc::poisoned));
    EXPECT_TRUE(refused(log.close(), Errc::poisoned));
    EXPECT_EQ(read(must(RecordLog::open(other.path())).records()).txids(), txids_up_to(2));
  }
}

TEST_P(LogTurn, EndsWithTheThreadThatIsCancelledInAWrite) {
  if (!may_cancel()) GTEST_SKIP() << "not under the address sanitizer";
  RecordLog log = open();
  append_records(log, 1);
  Signal reached;
  Signal never;
  hold(OpKind::write, reached, never);
  Thread appending([&] { static_cast<void>(log.append("never")); });
  reached.wait();
  appending.cancel();
  EXPECT_TRUE(appending.join());
  files_.set_hook(nullptr);
  EXPECT_TRUE(ok(log.append("two", {.sync = true}))) << "what was begun is undone";
  EXPECT_EQ(read(log.records()).txids(), txids_up_to(2));
  EXPECT_TRUE(ok(log.close()));
}

TEST_P(LogTurn, OutlivesThreadsThatAreCancelledAtAnyMoment) {
  const safeatomic::test::ScratchDirectory scratch(safeatomic::test::memory_backed_parent());
  RecordLog log = must(RecordLog::open(scratch.path(), {.max_segment_bytes = 16 * 1024, .write_path = GetParam()}));
  std::atomic<std::uint64_t> acknowledged{0};
  const auto work = [&] {
    for (;;) {
      const Result<RecordRef> ref = log.append(std::string(200, 'x'), {.sync = true});
      if (!ref) return;
      std::uint64_t seen = acknowledged.load();
      while (seen < ref->txid && !acknowledged.compare_exchange_weak(seen, ref->txid)) continue;
      ::pthread_testcancel();
    }
  };
  const auto wait_until_durable = [&](std::uint64_t txid) {
    while (log.durable_txid() < txid && !log.is_poisoned()) std::this_thread::yield();
  };
  for (int round = 0; round < 20 && !log.is_poisoned(); ++round) {
    const std::uint64_t before = log.durable_txid();
    Thread first(work);
    Thread second(work);
    wait_until_durable(before + 10);
    first.cancel();
    EXPECT_TRUE(first.join());
    wait_until_durable(before + 20);
    second.cancel();
    EXPECT_TRUE(second.join());
  }
  EXPECT_FALSE(log.is_poisoned());
  EXPECT_GE(log.durable_txid(), acknowledged.load());
  const std::uint64_t last = log.last_txid();
  EXPECT_TRUE(ok(log.close()));
  EXPECT_EQ(read(scratch.path()).txids(), txids_up_to(last));
}

TEST_P(LogTurn, ASyncThatFailsWithoutMemoryForItsErrorPoisons) {
  RecordLog log = open();
  append_records(log, 1);
  files_.set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::sync_data) throw std::bad_alloc();
    return std::nullopt;
  });
  EXPECT_THROW(static_cast<void>(log.fsync()), std::bad_alloc);
  files_.set_hook(nullptr);
  EXPECT_TRUE(log.is_poisoned());
  EXPECT_TRUE(refused(log.append("two", {.sync = true}), Errc::poisoned));
  EXPECT_TRUE(refused(log.close(), Errc::poisoned));
}

TEST_P(LogTurn, AClosingWithoutMemoryClosesAllTheSame) {
  RecordLog log = open();
  append_records(log, 1);
  files_.set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::sync_data) throw std::bad_alloc();
    return std::nullopt;
  });
  const Result<void> closed = log.close();
  files_.set_hook(nullptr);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().os_errno, ENOMEM);
  EXPECT_TRUE(refused(log.append("two"), Errc::closed));
  EXPECT_TRUE(ok(RecordLog::open(store_.path())));
}

TEST_P(LogTurn, MayBeClosedByTwoThreadsAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const Store other;
    RecordLog log = other.open(
        {.write_path = GetParam(), .sync_policy = SyncPolicy::interval(std::chrono::milliseconds(1))});
    append_records(log, 1);
    std::thread first([&] { EXPECT_TRUE(ok(log.close())); });
    std::thread second([&] { EXPECT_TRUE(ok(log.close())); });
    first.join();
    second.join();
  }
}

}  // namespace
}  // namespace datawal::test
