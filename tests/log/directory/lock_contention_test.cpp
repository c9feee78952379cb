#include <sys/file.h>

#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>

#include "log/reader_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LockContention : public testing::Test {
 protected:
  void SetUp() override { must(store_.open().close()); }

  [[nodiscard]] Result<RecordLog> try_open() const { return RecordLog::open(store_.path()); }

  // The message of a refusal, which must be `locked`.
  [[nodiscard]] std::string refusal() const {
    const Result<RecordLog> log = try_open();
    if (log) return "it was opened";
    if (log.error().code != Errc::locked) ADD_FAILURE() << log.error().message();
    return log.error().message();
  }

  // A process that has the store open for writing, and says so.
  [[nodiscard]] std::unique_ptr<Child> other_writer() const {
    auto child = std::make_unique<Child>([this](Talk& talk) {
      const RecordLog log = store_.open();
      talk.tell("open");
      static_cast<void>(talk.hear());
    });
    EXPECT_EQ(child->talk().hear(), "open");
    return child;
  }

  Store store_;
};

TEST_F(LockContention, TwoHandlesOfOneProcessExcludeEachOther) {
  RecordLog first = store_.open();
  EXPECT_TRUE(refused(try_open(), Errc::locked));
  EXPECT_TRUE(refused(DirLock::acquire(store_.path()), Errc::locked));
  append_records(first, 1);
  must(first.close());
  EXPECT_TRUE(ok(try_open()));
}

TEST_F(LockContention, SaysThatThisProcessHoldsTheLockAndByWhichWayEver) {
  const RecordLog first = store_.open();
  const std::filesystem::path link = store_.path().parent_path() / (store_.path().filename().string() + "-link");
  std::filesystem::create_directory_symlink(store_.path(), link);
  for (const std::filesystem::path& way : {store_.path(), link, link / "."}) {
    const Result<RecordLog> second = RecordLog::open(way);
    ASSERT_TRUE(refused(second, Errc::locked)) << way;
    EXPECT_EQ(second.error().os_errno, EDEADLK) << way;
    EXPECT_THAT(second.error().message(), HasSubstr("another handle of this process holds the lock")) << way;
  }
  std::filesystem::remove(link);
}

TEST_F(LockContention, SaysThatAnotherProcessHoldsItThoughThisOneDidBefore) {
  must(store_.open().close());
  const std::unique_ptr<Child> writer = other_writer();
  const Result<RecordLog> log = try_open();
  ASSERT_TRUE(refused(log, Errc::locked));
  EXPECT_EQ(log.error().os_errno, 0);
  EXPECT_THAT(log.error().message(), HasSubstr("process " + std::to_string(writer->pid()) + " holds the lock"));
  writer->talk().tell("close it");
  EXPECT_EQ(writer->wait(), 0);
}

TEST_F(LockContention, InAChildIsThatOfItsParentAndNotItsOwn) {
  const RecordLog log = store_.open();
  Child child([this](Talk&) {
    const Result<RecordLog> second = try_open();
    if (second || second.error().os_errno != 0) throw std::runtime_error("it takes its parent's lock for its own");
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(LockContention, TwoProcessesExcludeEachOther) {
  const std::unique_ptr<Child> writer = other_writer();
  EXPECT_TRUE(refused(try_open(), Errc::locked));
  EXPECT_TRUE(refused(DirLock::acquire(store_.path()), Errc::locked));
  writer->talk().tell("close it");
  EXPECT_EQ(writer->wait(), 0);
  EXPECT_TRUE(ok(try_open()));
}

TEST_F(LockContention, NamesTheHoldersProcessAndTheLockThatWasBusy) {
  const std::unique_ptr<Child> writer = other_writer();
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("process " + std::to_string(writer->pid()) + " "), HasSubstr("the directory")));
}

TEST_F(LockContention, SaysSoIfNobodyKnowsWhoTheHolderIs) {
  const std::unique_ptr<Child> writer = other_writer();
  for (const char* content : {"", "no number", "\n17", "-5"}) {
    write_file(store_ / ".lock", content);
    EXPECT_THAT(refusal(), HasSubstr("another process")) << content;
  }
}

TEST_F(LockContention, IsOverOnceTheHolderIsKilled) {
  const std::unique_ptr<Child> writer = other_writer();
  ASSERT_TRUE(refused(try_open(), Errc::locked));
  writer->kill();
  EXPECT_TRUE(ok(try_open()));
}

TEST_F(LockContention, IsNotOverBecauseTheLockFileWasDeleted) {
  const std::unique_ptr<Child> writer = other_writer();
  std::filesystem::remove(store_ / ".lock");
  EXPECT_THAT(refusal(), HasSubstr("the directory"));
  EXPECT_FALSE(std::filesystem::exists(store_ / ".lock")) << "who was refused must leave nothing behind";
  EXPECT_TRUE(refused(DirLock::acquire(store_.path()), Errc::locked));
}

TEST_F(LockContention, IsNotOverBecauseTheLockFileWasReplaced) {
  const RecordLog mine = store_.open();
  std::filesystem::remove(store_ / ".lock");
  write_file(store_ / ".lock", "1\n");
  EXPECT_THAT(refusal(), HasSubstr("the directory"));
}

TEST_F(LockContention, FollowsTheDirectoryWhenItIsRenamed) {
  const RecordLog mine = store_.open();
  std::filesystem::rename(store_.path(), store_.beside("moved"));
  EXPECT_TRUE(refused(RecordLog::open(store_.beside("moved")), Errc::locked));
  EXPECT_TRUE(ok(try_open())) << "another directory at the old place is another store";
}

TEST_F(LockContention, ALockFileThatNobodyHoldsIsNoLock) {
  write_file(store_ / ".lock", std::to_string(::getpid()) + "\n");
  EXPECT_TRUE(ok(try_open()));
  write_file(store_ / ".lock", "1\n");  // a process that always lives
  EXPECT_TRUE(ok(try_open()));
}

TEST_F(LockContention, TheLockFileStaysAndHoldsTheLastWritersProcess) {
  EXPECT_EQ(read_file(store_ / ".lock"), std::to_string(::getpid()) + "\n");
  write_file(store_ / ".lock", "12345678901234567890");
  must(store_.open().close());
  EXPECT_EQ(read_file(store_ / ".lock"), std::to_string(::getpid()) + "\n");
}

TEST_F(LockContention, ARefusedWriterChangesNothing) {
  const RecordLog mine = store_.open();
  const Fingerprint before = fingerprint_of(store_.path());
  ASSERT_TRUE(refused(try_open(), Errc::locked));
  EXPECT_EQ(fingerprint_of(store_.path()), before);
}

TEST_F(LockContention, AFailedOpenGivesTheLockBack) {
  store_.put(1, std::string(100, 'x'));
  store_.put(2, "");
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(refused(try_open(), Errc::corruption));
  EXPECT_TRUE(ok(DirLock::acquire(store_.path())));
}

TEST_F(LockContention, ADirLockKeepsEveryWriterOutUntilItIsReleased) {
  DirLock lock = must(DirLock::acquire(store_.path()));
  EXPECT_TRUE(refused(try_open(), Errc::locked));
  DirLock moved = std::move(lock);
  EXPECT_TRUE(refused(try_open(), Errc::locked));
  lock.release();  // NOLINT(bugprone-use-after-move): a moved-from lock holds nothing
  EXPECT_TRUE(refused(try_open(), Errc::locked));
  moved.release();
  moved.release();
  EXPECT_TRUE(ok(try_open()));
}

TEST_F(LockContention, ADirLockOfAnAbsentDirectoryIsNotFound) {
  EXPECT_TRUE(refused(DirLock::acquire(store_.beside("absent")), Errc::not_found));
}

// The reference implementation takes `flock` on `.lock`, and nothing else.

TEST_F(LockContention, AProgramThatLocksOnlyTheLockFileKeepsUsOut) {
  Child reference([&](Talk& talk) {
    const int file = ::open((store_ / ".lock").c_str(), O_RDWR | O_CREAT, 0644);
    talk.tell(::flock(file, LOCK_EX | LOCK_NB) == 0 ? "locked" : "refused");
    static_cast<void>(talk.hear());
  });
  ASSERT_EQ(reference.talk().hear(), "locked");
  EXPECT_THAT(refusal(), HasSubstr(".lock"));
  EXPECT_THAT(refusal(), HasSubstr(".lock")) << "the first refusal must not have kept the directory's lock";
  reference.kill();
  EXPECT_TRUE(ok(try_open()));
}

TEST_F(LockContention, AProgramThatLocksOnlyTheLockFileIsKeptOut) {
  RecordLog mine = store_.open();
  const int file = ::open((store_ / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  EXPECT_EQ(::flock(file, LOCK_EX | LOCK_NB), -1);
  EXPECT_EQ(errno, EWOULDBLOCK);
  must(mine.close());
  EXPECT_EQ(::flock(file, LOCK_EX | LOCK_NB), 0);
  ::close(file);
}

}  // namespace
}  // namespace datawal::test
