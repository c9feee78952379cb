// The contract on the operating system's own filesystem, and what only that has.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/io.hpp>
#include <safeatomic/safeatomic.hpp>

#include "child_process.hpp"
#include "faulty_file_system.hpp"
#include "file_system_contract.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class PosixWorld : public World {
 public:
  PosixWorld() = default;
  explicit PosixWorld(const std::filesystem::path& parent) : scratch_(parent) {}

  [[nodiscard]] FileSystem& file_system() override { return posix_file_system(); }
  [[nodiscard]] std::filesystem::path root() const override { return scratch_.path(); }
  bool make_symbolic_link(const std::filesystem::path& target, const std::filesystem::path& link) override {
    return ::symlink(target.c_str(), link.c_str()) == 0;
  }
  bool make_fifo(const std::filesystem::path& path) override { return ::mkfifo(path.c_str(), 0600) == 0; }

 private:
  ScratchDirectory scratch_;
};

class FaultyWorld final : public PosixWorld {
 public:
  [[nodiscard]] FileSystem& file_system() override { return faulty_; }

 private:
  FaultyFileSystem faulty_;
};

std::vector<WorldFactory> worlds() {
  std::vector<WorldFactory> all = {{"Posix", [] { return std::make_unique<PosixWorld>(); }},
                                   {"Faulty", [] { return std::make_unique<FaultyWorld>(); }}};
  if (std::filesystem::is_directory("/dev/shm")) {
    all.push_back({"PosixOnTmpfs", [] { return std::make_unique<PosixWorld>("/dev/shm"); }});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(On, FileSystemContract, testing::ValuesIn(worlds()), testing::PrintToStringParamName());

TEST(Posix, TheEmptyPathIsTheWorkingDirectory) {
  const auto here = value_of(posix_file_system().open_directory(""));
  const auto dot = value_of(posix_file_system().open_directory("."));
  EXPECT_EQ(value_of(here->info()).inode, value_of(dot->info()).inode);
}

TEST(Posix, RefusesANulInAPath) {
  EXPECT_TRUE(failed_with(Errc::invalid_argument, posix_file_system().open_directory(std::string("/tmp\0x", 6))));
}

TEST(Posix, RefusesASocketWhereAFileBelongs) {
  const ScratchDirectory scratch;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy((scratch / "socket").native(), address.sun_path);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto directory = value_of(posix_file_system().open_directory(scratch.path()));
  EXPECT_TRUE(failed_with(Errc::not_regular, directory->open_file("socket", {.write = true})));
  ::close(fd);
}

TEST(Posix, NoDescriptorReachesAnotherProgram) {
  const ScratchDirectory scratch;
  const auto directory = value_of(posix_file_system().open_directory(scratch.path()));
  const auto file = value_of(directory->open_file("f", {.write = true, .create = true}));
  const auto parent = value_of(directory->open_parent());
  int checked_count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).native();
    if (gone || (!target.starts_with(scratch.path().native()) && target != scratch.path().parent_path())) continue;
    EXPECT_NE(::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0) << target;
    ++checked_count;
  }
  EXPECT_EQ(checked_count, 3);
}

TEST(Posix, AForkedChildThatClosesItsCopiesUnlocksNothing) {
  const ScratchDirectory scratch;
  auto directory = value_of(posix_file_system().open_directory(scratch.path()));
  auto file = value_of(directory->open_file("lock", {.write = true, .create = true}));
  ASSERT_TRUE(value_of(directory->try_lock()));
  for (const LockKind kind : {LockKind::flock, LockKind::record}) ASSERT_TRUE(value_of(file->try_lock(kind)));

  const std::string verdict = in_child([&]() -> std::string {
    file.reset();
    directory.reset();
    return {};
  });
  EXPECT_EQ(verdict, "");
  const auto other_directory = value_of(posix_file_system().open_directory(scratch.path()));
  const auto other = value_of(other_directory->open_file("lock", {.write = true}));
  EXPECT_FALSE(value_of(other_directory->try_lock()));
  for (const LockKind kind : {LockKind::flock, LockKind::record}) EXPECT_FALSE(value_of(other->try_lock(kind)));
  EXPECT_TRUE(value_of(other->is_locked()));
}

TEST(Posix, UnlockingReachesTheCopiesOfAForkedChild) {
  const ScratchDirectory scratch;
  const auto directory = value_of(posix_file_system().open_directory(scratch.path()));
  auto file = value_of(directory->open_file("lock", {.write = true, .create = true}));
  for (const LockKind kind : {LockKind::flock, LockKind::record}) ASSERT_TRUE(value_of(file->try_lock(kind)));
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = ::_Fork();  // of which nobody is told: it keeps its copies
  if (child == 0) {
    ::close(ends[1]);
    char byte = 0;
    static_cast<void>(::read(ends[0], &byte, 1));
    ::_exit(0);
  }
  for (const LockKind kind : {LockKind::flock, LockKind::record}) EXPECT_TRUE(succeeded(file->unlock(kind)));
  const auto other = value_of(directory->open_file("lock", {.write = true}));
  EXPECT_FALSE(value_of(other->is_locked()));
  EXPECT_TRUE(value_of(other->try_lock(LockKind::flock)));
  ::close(ends[1]);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
}

TEST(Posix, MappedBytesOutliveTheProcessThatWroteThem) {
  const ScratchDirectory scratch;
  spill(scratch / "f", std::string(4096, '_'));
  const std::string verdict = in_child([&]() -> std::string {
    const auto directory = posix_file_system().open_directory(scratch.path());
    const auto file = (*directory)->open_file("f", {.write = true});
    const auto mapping = (*file)->map(MapAccess::read_write, 0, 4096);
    (*mapping)->write(0, "written by the dead");
    return {};
  });
  EXPECT_EQ(verdict, "");
  EXPECT_EQ(slurp(scratch / "f").substr(0, 19), "written by the dead");
}

TEST(Posix, BlocksReservedOnTmpfsAreForGood) {
  if (!std::filesystem::is_directory("/dev/shm")) GTEST_SKIP() << "needs a tmpfs";
  const auto directory = value_of(posix_file_system().open_directory("/dev/shm"));
  EXPECT_TRUE(value_of(directory->reserves_for_good()));
  EXPECT_FALSE(value_of(value_of(posix_file_system().open_directory("/proc"))->reserves_for_good()));
}

TEST(Posix, AFullFileSystemIsNoSpaceAndKeepsTheOldContent) {
  const ScratchDirectory scratch;
  const std::string verdict = in_child([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
      return "not allowed";
    }
    const std::string too_much(100'000, 'x');
    if (const auto done = write_atomic(scratch / "f", "old"); !done) return done.error().message();
    if (const auto done = write_atomic(scratch / "f", too_much); done || done.error().code != Errc::no_space) {
      return "write_atomic did not say no_space";
    }
    if (const auto done = write_once(scratch / "g", too_much); done || done.error().code != Errc::no_space) {
      return "write_once did not say no_space";
    }
    if (const auto done = write_append_fsync(scratch / "f", too_much); done || done.error().code != Errc::no_space) {
      return "write_append_fsync did not say no_space";
    }
    if (slurp(scratch / "f") != "old") return "the old content is gone";
    if (scratch.names() != std::vector<std::string>{"f"}) return "something was left";
    if (const auto done = write_atomic(scratch / "f", "new"); !done) return done.error().message();
    return {};
  });
  if (verdict == "not allowed") GTEST_SKIP() << "only root may mount";
  EXPECT_EQ(verdict, "");
}

TEST(Posix, AnOrdinaryUserIsToldOfMissingPermission) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become an ordinary user";
  const ScratchDirectory scratch;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0755), 0);
  const std::string verdict = in_child([&]() -> std::string {
    if (::setgid(12345) != 0 || ::setuid(12345) != 0) return "still root";
    const auto done = write_once(scratch / "f", "new");
    return !done && done.error().code == Errc::permission ? "" : "not refused";
  });
  EXPECT_EQ(verdict, "");
}

}  // namespace
}  // namespace safeatomic::test
