// A handle belongs to the process that opened it; what a fork leaves of it in a child hurts nobody.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>

#include "faulty_file_system.hpp"
#include "log/reader_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;
using testing::IsEmpty;

class ProcessFork : public testing::Test {
 protected:
  ProcessFork() : log_(store_.open({.file_system = &files_})) { append_records(log_, 3); }

  Store store_;
  FaultyFileSystem files_;  // remembers what was done
  RecordLog log_;
};

TEST_F(ProcessFork, EveryCallOfTheChildReturnsClosed) {
  const RecordRef ref = read(store_.path()).records.front().ref;
  in_child([&] {
    files_.restart();
    EXPECT_TRUE(refused(log_.append("no"), Errc::closed));
    EXPECT_TRUE(refused(log_.append("no", {.sync = true}), Errc::closed));
    EXPECT_TRUE(refused(log_.append_record(RecordType::Put, "key", "no"), Errc::closed));
    EXPECT_TRUE(refused(log_.fsync(), Errc::closed));
    EXPECT_TRUE(refused(log_.rotate(), Errc::closed));
    EXPECT_TRUE(refused(log_.scan(), Errc::closed));
    EXPECT_TRUE(refused(log_.read(ref), Errc::closed));
    EXPECT_TRUE(refused(log_.records().next(), Errc::closed));
    EXPECT_TRUE(refused(log_.close(), Errc::closed));
    EXPECT_EQ(files_.operation_count(), 0U) << "the file system was asked for something";
  });
}

TEST_F(ProcessFork, SaysToTheChildWhyItIsClosed) {
  in_child([&] {
    EXPECT_THAT(log_.append("no").error().message(), testing::HasSubstr("belongs to the process that forked"));
  });
}

TEST_F(ProcessFork, DestructionInTheChildTouchesNoFile) {
  const Fingerprint before = fingerprint_of(store_.path());
  in_child([&] {
    files_.restart();
    {
      const RecordLog gone = std::move(log_);
    }
    EXPECT_EQ(files_.operation_count(), 0U) << "the file system was asked for something";
    EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::locked)) << "the child unlocked its parent's store";
  });
  EXPECT_EQ(fingerprint_of(store_.path()), before);
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::locked));
  append_records(log_, 1);
  EXPECT_TRUE(ok(log_.fsync()));
}

TEST_F(ProcessFork, AssigningOverItInTheChildTouchesNoFile) {
  in_child([&] {
    const Store other;
    log_ = other.open();
    append_records(log_, 1);
    EXPECT_TRUE(ok(log_.close()));
  });
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::locked));
}

TEST_F(ProcessFork, TheParentGoesOnBesideItsChild) {
  Child child([](Talk& talk) { static_cast<void>(talk.hear()); });
  append_records(log_, 3);
  must(log_.rotate());
  append_records(log_, 3);
  EXPECT_EQ(read(log_.records()).txids(), txids_up_to(9));
  child.kill();
  append_records(log_, 1);
  EXPECT_TRUE(ok(log_.close()));
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(10));
}

TEST_F(ProcessFork, ClosingInTheParentUnlocksThoughTheChildHoldsItsDescriptors) {
  Child child([](Talk& talk) { static_cast<void>(talk.hear()); });
  must(log_.close());
  EXPECT_TRUE(ok(RecordLog::open(store_.path())));
  EXPECT_FALSE(must(must(RecordLogReader::open(store_.path())).writer_lives()));
  const int file = ::open((store_ / ".lock").c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(::flock(file, LOCK_EX | LOCK_NB), 0) << "the reference would still be kept out";
  ::close(file);
}

TEST_F(ProcessFork, DestructionInTheParentUnlocksToo) {
  Child child([](Talk& talk) { static_cast<void>(talk.hear()); });
  {
    const RecordLog gone = std::move(log_);
  }
  EXPECT_TRUE(ok(RecordLog::open(store_.path())));
}

TEST_F(ProcessFork, AFailedOpeningUnlocksThoughAChildHoldsItsDescriptors) {
  // The fork happens in the middle of opening, when the locks are held.
  const Store other;
  other.put(1, std::string(100, 'x'));
  std::unique_ptr<Child> child;
  FaultyFileSystem files(safeatomic::posix_file_system(), [&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::list) child = std::make_unique<Child>([](Talk& talk) { static_cast<void>(talk.hear()); });
    return std::nullopt;
  });
  EXPECT_TRUE(refused(RecordLog::open(other.path(), {.file_system = &files}), Errc::corruption));
  ASSERT_NE(child, nullptr);
  EXPECT_TRUE(ok(DirLock::acquire(other.path())));
}

TEST_F(ProcessFork, TheChildMayOpenStoresOfItsOwn) {
  in_child([&] {
    const Store other;
    RecordLog own = other.open();
    append_records(own, 2);
    EXPECT_TRUE(ok(own.close()));
    EXPECT_EQ(read(other.path()).txids(), txids_up_to(2));
  });
}

TEST_F(ProcessFork, TheChildMayReadTheParentsStoreWithAReader) {
  const RecordLogReader reader = must(RecordLogReader::open(store_.path()));
  RecordCursor cursor = reader.records();
  must(cursor.next());
  in_child([&] {
    EXPECT_EQ(rest_of(cursor).txids(), (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(read(reader).txids(), txids_up_to(3));
  });
  EXPECT_EQ(rest_of(cursor).txids(), (std::vector<std::uint64_t>{2, 3})) << "the child moved the parent's cursor";
}

TEST_F(ProcessFork, TheChildMayOpenTheStoreOnceTheParentHasClosedIt) {
  Child child([&](Talk& talk) {
    static_cast<void>(talk.hear());
    RecordLog own = must(RecordLog::open(store_.path()));
    append_records(own, 1);
    EXPECT_TRUE(ok(own.close()));
  });
  must(log_.close());
  child.talk().tell("closed");
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(4));
}

TEST_F(ProcessFork, AGrandchildOwnsNothingEither) {
  in_child([&] {
    in_child([&] { EXPECT_TRUE(refused(log_.append("no"), Errc::closed)); });
    EXPECT_TRUE(refused(log_.append("no"), Errc::closed));
  });
  append_records(log_, 1);
}

TEST_F(ProcessFork, TheChildOfAChildsOwnHandleOwnsNothing) {
  in_child([&] {
    const Store other;
    RecordLog own = other.open();
    append_records(own, 1);
    in_child([&] { EXPECT_TRUE(refused(own.append("no"), Errc::closed)); });
    append_records(own, 1);
  });
}

TEST_F(ProcessFork, ADirLockStaysWithTheParent) {
  const Store other;
  DirLock lock = must(DirLock::acquire(other.path()));
  in_child([&] {
    lock.release();
    EXPECT_TRUE(refused(RecordLog::open(other.path()), Errc::locked)) << "the child unlocked its parent's store";
  });
  EXPECT_TRUE(refused(RecordLog::open(other.path()), Errc::locked));
  Child child([](Talk& talk) { static_cast<void>(talk.hear()); });
  lock.release();
  EXPECT_TRUE(ok(RecordLog::open(other.path())));
}

// The parent opens the store, makes a child by `how` and dies; the child, which lives on, is in the background of the test.
class OrphanedStore {
 public:
  explicit OrphanedStore(const Store& store, pid_t (*how)()) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    gate_ = ends[1];
    Child parent([&](Talk& talk) {
      const RecordLog log = store.open();
      if (how() != 0) ::_exit(0);
      talk.tell("running");
      ::close(ends[1]);
      char byte = 0;
      static_cast<void>(::read(ends[0], &byte, 1));
      ::_exit(0);
    });
    pid_ = parent.pid();
    ::close(ends[0]);
    EXPECT_EQ(parent.talk().hear(), "running");
    EXPECT_EQ(parent.wait(), 0);
  }
  OrphanedStore(const OrphanedStore&) = delete;
  OrphanedStore& operator=(const OrphanedStore&) = delete;
  ~OrphanedStore() { ::close(gate_); }

  [[nodiscard]] pid_t dead_parent() const noexcept { return pid_; }

 private:
  int gate_ = -1;
  pid_t pid_ = -1;
};

TEST_F(ProcessFork, AChildThatOutlivesItsParentHoldsNoLock) {
  const Store other;
  const OrphanedStore orphaned(other, &::fork);
  EXPECT_FALSE(must(must(RecordLogReader::open(other.path())).writer_lives()));
  EXPECT_TRUE(ok(DirLock::acquire(other.path())));
  EXPECT_TRUE(ok(RecordLog::open(other.path())));
}

TEST_F(ProcessFork, ALockThatOutlivesTheProcessItNamesIsToldAsSuch) {
  const Store other;
  const OrphanedStore orphaned(other, &::_Fork);
  const Result<RecordLog> log = RecordLog::open(other.path());
  ASSERT_TRUE(refused(log, Errc::locked));
  EXPECT_THAT(log.error().message(),
              testing::HasSubstr("process " + std::to_string(orphaned.dead_parent()) + " (not to be seen from here"));
}

TEST_F(ProcessFork, AChildForkedWhileAnotherThreadLocksAndUnlocksMayLockToo) {
  const Store others;
  const Store own;
  std::atomic<bool> is_over = false;
  std::thread locking([&] {
    while (!is_over) EXPECT_TRUE(ok(DirLock::acquire(others.path())));
  });
  for (int n = 0; n < 200; ++n) {
    Child child([&](Talk&) { EXPECT_TRUE(ok(DirLock::acquire(own.path()))); });
    // A child that hangs would be killed by the deadline of hear(), and fail this.
    EXPECT_EQ(child.talk().hear(), std::nullopt);
    EXPECT_EQ(child.wait(), 0);
  }
  is_over = true;
  locking.join();
}

TEST_F(ProcessFork, AChildForkedWhileAnotherThreadSyncsDoesNotHang) {
  // A sync that waits has the turn for as long as it takes.
  std::mutex mutex;
  std::condition_variable changed;
  bool is_syncing = false;
  bool may_go_on = false;
  files_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::sync_data) return std::nullopt;
    std::unique_lock guard(mutex);
    is_syncing = true;
    changed.notify_all();
    changed.wait(guard, [&] { return may_go_on; });
    return std::nullopt;
  });
  std::thread syncing([&] { EXPECT_TRUE(ok(log_.fsync())); });
  {
    std::unique_lock guard(mutex);
    changed.wait(guard, [&] { return is_syncing; });
  }
  Child child([&](Talk&) {
    EXPECT_TRUE(refused(log_.append("no"), Errc::closed));
    EXPECT_TRUE(refused(log_.scan(), Errc::closed));
    EXPECT_TRUE(refused(log_.close(), Errc::closed));
    {
      const RecordLog gone = std::move(log_);
    }
  });
  // A child that hangs would be killed by the deadline of hear(), and fail this.
  EXPECT_EQ(child.talk().hear(), std::nullopt);
  EXPECT_EQ(child.wait(), 0);
  {
    const std::lock_guard guard(mutex);
    may_go_on = true;
  }
  changed.notify_all();
  syncing.join();
  files_.set_hook(nullptr);
  append_records(log_, 1);
}

}  // namespace
}  // namespace datawal::test
