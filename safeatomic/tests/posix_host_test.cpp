// What the program around it does: closed standard descriptors, forks, cancelled threads, leases, odd times.

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <safeatomic/io.hpp>
#include <safeatomic/safeatomic.hpp>

#include "child_process.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

constexpr std::array lock_kinds{LockKind::flock, LockKind::record};

/// A pipe: whoever reads from it waits until the last writing end is closed.
class Gate {
 public:
  Gate() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() {
    open();
    ::close(ends_[0]);
  }

  void open() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

  void wait() {
    open();
    char byte = 0;
    while (::read(ends_[0], &byte, 1) < 0 && errno == EINTR) continue;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

/// Forks by `how` a child that does `body` and ends.
pid_t spawn(const std::function<void()>& body, pid_t (*how)() = &::fork) {
  const pid_t pid = how();
  if (pid != 0) return pid;
  body();
  ::_exit(0);
}

void wait_for(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

class PosixHost : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Directory> open() const {
    return value_of(posix_file_system().open_directory(scratch_.path()));
  }

  /// Whether each lock of the scratch directory can be had, for the moment.
  [[nodiscard]] bool all_locks_are_free() const {
    const auto directory = open();
    const auto file = value_of(directory->open_file("lock", {.write = true, .create = true}));
    bool is_free = value_of(directory->try_lock());
    for (const LockKind kind : lock_kinds) is_free = value_of(file->try_lock(kind)) && is_free;
    return is_free && !value_of(file->is_locked());
  }

  ScratchDirectory scratch_;
};

TEST_F(PosixHost, NoDescriptorIsAStandardOne) {
  for (const std::vector<int>& closed : {std::vector{0}, {1}, {2}, {0, 2}, {0, 1, 2}}) {
    const std::string verdict = in_child([&]() -> std::string {
      for (const int fd : closed) ::close(fd);
      const auto directory = posix_file_system().open_directory(scratch_.path());
      const auto below = (*directory)->make_directory("below", 0700);
      const auto file = (*directory)->open_file("f", {.write = true, .create = true});
      const auto inner = (*directory)->open_directory("below");
      const auto parent = (*directory)->open_parent();
      if (!file || !inner || !parent || !(*directory)->list()) return "something failed";
      for (const int fd : {0, 1, 2}) {
        struct stat standard{};
        if (::fstat(fd, &standard) != 0) return "left open for the next one";
        for (const auto& info : {(*file)->info(), (*directory)->info(), (*inner)->info(), (*parent)->info()}) {
          if (standard.st_ino == info->inode && standard.st_dev == static_cast<dev_t>(info->device)) return "taken";
        }
      }
      for (const int fd : closed) {  // nothing can be read or written there, as before
        char byte = 'x';
        if (fd == 0 ? ::read(fd, &byte, 1) != -1 : ::write(fd, &byte, 1) != -1) return "it goes somewhere";
        if ((::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) return "it reaches another program";
      }
      return {};
    });
    EXPECT_EQ(verdict, "") << testing::PrintToString(closed);
    std::filesystem::remove(scratch_ / "below");
  }
}

TEST_F(PosixHost, AForkedChildHoldsNoLockOfItsDeadParent) {
  Gate gate;
  Gate running;  // before that, no child has closed anything
  wait_for(spawn([&] {
    const auto directory = open();
    const auto file = value_of(directory->open_file("lock", {.write = true, .create = true}));
    static_cast<void>(directory->try_lock());
    for (const LockKind kind : lock_kinds) static_cast<void>(file->try_lock(kind));
    spawn([&] {
      running.open();
      gate.wait();
    });
  }));
  running.wait();
  EXPECT_TRUE(all_locks_are_free());
}

TEST_F(PosixHost, AForkedChildHoldsNoneOfManyLocks) {
  Gate gate;
  Gate running;
  const auto name = [](int n) { return "lock" + std::to_string(n); };
  wait_for(spawn([&] {
    const auto directory = open();
    std::vector<std::unique_ptr<File>> files;
    for (int n = 0; n < 100; ++n) {
      files.push_back(value_of(directory->open_file(name(n), {.write = true, .create = true})));
      static_cast<void>(files.back()->try_lock(LockKind::flock));
      if (n % 3 == 0) files.erase(files.begin());  // whose place another one takes
    }
    spawn([&] {
      running.open();
      gate.wait();
    });
  }));
  running.wait();
  const auto directory = open();
  for (int n = 0; n < 100; ++n) {
    EXPECT_TRUE(value_of(value_of(directory->open_file(name(n), {.write = true}))->try_lock(LockKind::flock))) << n;
  }
}

TEST_F(PosixHost, AForkedChildLeavesItsParentsLocksAlone) {
  const auto directory = open();
  const auto file = value_of(directory->open_file("lock", {.write = true, .create = true}));
  ASSERT_TRUE(value_of(directory->try_lock()));
  for (const LockKind kind : lock_kinds) ASSERT_TRUE(value_of(file->try_lock(kind)));
  const std::string verdict = in_child([&]() -> std::string {
    if (all_locks_are_free()) return "the child has unlocked them";
    const auto names = directory->list();
    return names && !names->empty() ? "" : "the directory is of no use any more";
  });
  EXPECT_EQ(verdict, "");
  EXPECT_FALSE(all_locks_are_free());
}

TEST_F(PosixHost, ADescriptorThatTheChildOpensIsNotClosedWithItsParentsFile) {
  auto file = value_of(open()->open_file("lock", {.write = true, .create = true}));
  ASSERT_TRUE(value_of(file->try_lock(LockKind::flock)));
  const std::string verdict = in_child([&]() -> std::string {
    const int own = ::open("/dev/null", O_RDONLY | O_CLOEXEC);  // which gets the number that became free
    file.reset();
    return ::fcntl(own, F_GETFD) != -1 ? "" : "it was closed";
  });
  EXPECT_EQ(verdict, "");
}

// The calls of the system that may end a cancelled thread, one behind the other.
std::string use_everything(const std::filesystem::path& where) {
  const auto directory = posix_file_system().open_directory(where);
  if (!directory) return "open_directory";
  const auto file = (*directory)->open_file("f", {.write = true, .create = true});
  if (!file) return "open_file";
  std::array<char, 4> bytes{};
  constexpr std::array<std::string_view, 2> parts{"ab", "cd"};
  if (!write_all(**file, 0, "abcd") || !write_all(**file, 0, parts)) return "write";
  if (!read_all(**file, 0, bytes)) return "read";
  static_cast<void>((*file)->reserve(0, 8192));
  static_cast<void>((*file)->start_writeback(0, 4096));
  if (!(*file)->sync_data() || !(*file)->sync_all() || !(*file)->try_lock(LockKind::record)) return "sync and lock";
  if (!(*directory)->list() || !(*directory)->sync() || !(*directory)->unlink("f")) return "directory";
  return {};
}

TEST_F(PosixHost, AThreadIsNotCancelledInTheMiddleOfACall) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer takes what a cancelled thread leaves on its stack for an error";
#endif
  struct Seen {
    std::filesystem::path where;
    std::string failed = "it was cancelled";
    bool is_behind = false;
  } seen{.where = scratch_.path()};
  pthread_t thread{};
  const auto body = [](void* argument) -> void* {
    auto& told = *static_cast<Seen*>(argument);
    ::pthread_cancel(::pthread_self());
    told.failed = use_everything(told.where);
    ::pthread_testcancel();
    told.is_behind = true;
    return nullptr;
  };
  ASSERT_EQ(::pthread_create(&thread, nullptr, body, &seen), 0);
  void* outcome = nullptr;
  ASSERT_EQ(::pthread_join(thread, &outcome), 0);
  EXPECT_EQ(seen.failed, "");
  EXPECT_FALSE(seen.is_behind) << "the cancellation was lost";
  EXPECT_EQ(outcome, PTHREAD_CANCELED);
}

volatile int leased_file = -1;

TEST_F(PosixHost, AFileUnderALeaseIsWaitedFor) {
  spill(scratch_ / "f", "content");
  Gate ready;
  Gate done;
  const pid_t holder = spawn([&] {
    std::signal(SIGIO, [](int) { ::fcntl(leased_file, F_SETLEASE, F_UNLCK); });
    leased_file = ::open((scratch_ / "f").c_str(), O_RDONLY | O_CLOEXEC);
    if (::fcntl(leased_file, F_SETLEASE, F_RDLCK) != 0) ::_exit(1);
    ready.open();
    done.wait();
  });
  ready.wait();
  const auto file = open()->open_file("f", {.write = true});
  EXPECT_TRUE(succeeded(file));
  done.open();
  wait_for(holder);
}

TEST_F(PosixHost, WhatIsOpenedWaitsLikeAnyOther) {
  const auto file = value_of(open()->open_file("only", {.write = true, .create = true}));
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != scratch_ / "only") continue;
    EXPECT_EQ(::fcntl(std::stoi(entry.path().filename()), F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST_F(PosixHost, ATimeThatNoCounterOfNanosecondsReachesIsTheLast) {
  spill(scratch_ / "f", "content");
  const timespec year_2400{.tv_sec = 13'569'465'600, .tv_nsec = 7};
  const std::array times{year_2400, year_2400};
  ASSERT_EQ(::utimensat(AT_FDCWD, (scratch_ / "f").c_str(), times.data(), 0), 0);
  struct stat status{};
  ASSERT_EQ(::stat((scratch_ / "f").c_str(), &status), 0);
  if (status.st_mtim.tv_sec != year_2400.tv_sec) GTEST_SKIP() << "this filesystem does not know the year 2400";
  EXPECT_EQ(value_of(open()->info_of("f")).modified_ns, std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace safeatomic::test
