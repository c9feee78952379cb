// What may stand in the place of `.lock`.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>

#include "faulty_file_system.hpp"
#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

class LockFile : public testing::Test {
 protected:
  void SetUp() override { store_.put(1, raw_frame(1, "record")); }

  [[nodiscard]] std::filesystem::path lock() const { return store_ / ".lock"; }

  void expect_refused() const {
    const Fingerprint before = fingerprint_of(store_.path());
    for (int n = 0; n < 2; ++n) {  // the first refusal must not leave a lock behind
      const Result<RecordLog> log = RecordLog::open(store_.path());
      ASSERT_TRUE(refused(log, Errc::invalid_argument));
      EXPECT_EQ(log.error().path, lock());
    }
    EXPECT_TRUE(refused(DirLock::acquire(store_.path()), Errc::invalid_argument));
    EXPECT_EQ(fingerprint_of(store_.path()), before);
    std::filesystem::remove_all(lock());
    EXPECT_TRUE(ok(RecordLog::open(store_.path())));
  }

  Store store_;
};

TEST_F(LockFile, ThatIsASymbolicLinkIsRefusedAndItsTargetUntouched) {
  write_file(store_.beside("precious"), "precious");
  std::filesystem::create_symlink(store_.beside("precious"), lock());
  expect_refused();
  EXPECT_EQ(read_file(store_.beside("precious")), "precious");
}

TEST_F(LockFile, ThatIsADanglingSymbolicLinkIsRefusedAndItsTargetNotMade) {
  std::filesystem::create_symlink(store_.beside("nothing"), lock());
  expect_refused();
  EXPECT_FALSE(std::filesystem::exists(store_.beside("nothing")));
}

TEST_F(LockFile, WithAnotherNameIsRefusedAndNotWrittenTo) {
  write_file(store_.beside("precious"), "precious");
  std::filesystem::create_hard_link(store_.beside("precious"), lock());
  expect_refused();
  EXPECT_EQ(read_file(store_.beside("precious")), "precious");
}

TEST_F(LockFile, ThatIsAFifoIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(lock().c_str(), 0600), 0);
  expect_refused();
}

TEST_F(LockFile, ThatIsADirectoryIsRefused) {
  std::filesystem::create_directory(lock());
  expect_refused();
}

TEST_F(LockFile, ThatIsASocketIsRefused) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = lock().string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  expect_refused();
  ::close(socket);
}

TEST_F(LockFile, IsNotNeededWhereThereIsNoRoomForIt) {
  FaultyFileSystem files(safeatomic::posix_file_system(), [](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::open_file && op.path.ends_with("/.lock")) return Fault::error(ENOSPC);
    return std::nullopt;
  });
  const RecordLog log = store_.open({.file_system = &files});
  EXPECT_EQ(log.last_txid(), 1U);
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::locked)) << "the directory's lock stands alone";
}

TEST_F(LockFile, MayStayEmptyWhereThereIsNoRoomForTheProcessId) {
  FaultyFileSystem files(safeatomic::posix_file_system(), [](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::write && op.path.ends_with("/.lock")) return Fault::error(ENOSPC);
    return std::nullopt;
  });
  const RecordLog log = store_.open({.file_system = &files});
  EXPECT_EQ(read_file(lock()), "");
  EXPECT_TRUE(must(must(RecordLogReader::open(store_.path())).writer_lives()));
}

TEST_F(LockFile, ThatCannotBeLockedFailsTheOpeningAndFreesTheDirectory) {
  FaultyFileSystem files(safeatomic::posix_file_system(), [](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::lock_file) return Fault::error(ENOLCK);
    return std::nullopt;
  });
  const Result<RecordLog> log = RecordLog::open(store_.path(), {.file_system = &files});
  ASSERT_TRUE(refused(log, Errc::io));
  EXPECT_EQ(log.error().os_errno, ENOLCK);
  EXPECT_TRUE(ok(RecordLog::open(store_.path())));
}

}  // namespace
}  // namespace datawal::test
