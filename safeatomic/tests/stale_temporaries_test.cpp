// What killed processes leave, and how it goes.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/atomic_file.hpp>
#include <safeatomic/temporary.hpp>

#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view digits = "0123456789abcdef";

std::string named(std::string_view target) {
  return "." + std::string(target) + "." + std::string(digits) + ".dwal-tmp";
}

void make_older(const std::filesystem::path& path, std::chrono::seconds by) {
  std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) - by);
}

TEST(TemporaryNameOfATarget, TellsItsTarget) {
  for (const std::string_view target : {"state.json", ".bashrc", "a", "tmp-", "x.y.z", "f.dwal-tmp"}) {
    const std::string name = value_of(temporary_name(posix_file_system(), target));
    EXPECT_EQ(target_of_temporary(name), target) << name;
    EXPECT_FALSE(is_temporary_name(name)) << name;
  }
  EXPECT_EQ(target_of_temporary(value_of(temporary_name(posix_file_system()))), "");
  for (const std::string_view name :
       {"", "f", "..0123456789abcdef.dwal-tmp", ".0123456789abcdef.dwal-tmp", "0123456789abcdef.dwal-tmp",
        "f.0123456789abcdef.dwal-tmp", ".f.0123456789abcdeF.dwal-tmp", ".f-0123456789abcdef.dwal-tmp"}) {
    EXPECT_EQ(target_of_temporary(name), std::nullopt) << name;
  }
}

TEST(TemporaryNameOfATarget, IsNeverTooLongAndNeverHalfACharacter) {
  const ScratchDirectory scratch;
  for (const std::string& target :
       {std::string(255, 'x'), std::string(227, 'x'), std::string(228, 'x'), std::string("y") + [] {
          std::string text;
          for (int i = 0; i < 127; ++i) text += "\xC3\xA4";
          return text;
        }()}) {
    ASSERT_LE(target.size(), 255U);
    EXPECT_TRUE(succeeded(write_atomic(scratch / target, "new")));
    const std::string name = value_of(temporary_name(posix_file_system(), target));
    EXPECT_LE(name.size(), 255U);
    const std::string told(target_of_temporary(name).value_or("nothing"));
    EXPECT_TRUE(target.starts_with(told));
    EXPECT_GE(told.size() + 2, std::min<std::size_t>(target.size(), 228));
    EXPECT_TRUE(told.ends_with('x') || told.ends_with('\xA4')) << "half a character";
  }
}

TEST(StaleTemporaries, AreRemovedByAge) {
  const ScratchDirectory scratch;
  const std::string plain = ".tmp-" + std::string(digits) + ".dwal-tmp";
  for (const std::string& name : {named("old"), named("young"), plain, std::string("f"), std::string("f.tmp")}) {
    spill(scratch / name, "");
    if (name != named("young")) make_older(scratch / name, 2h);
  }
  std::filesystem::create_directory(scratch / named("directory"));
  make_older(scratch / named("directory"), 2h);
  EXPECT_EQ(value_of(remove_stale_temporaries(scratch.path(), 1h)), 2U);
  EXPECT_EQ(scratch.names(), (std::vector<std::string>{named("directory"), named("young"), "f", "f.tmp"}));
  EXPECT_EQ(value_of(remove_stale_temporaries(scratch.path(), 1h)), 0U);
}

TEST(StaleTemporaries, OfAnyAgeCanBeMeant) {
  const ScratchDirectory scratch;
  spill(scratch / named("f"), "");
  EXPECT_EQ(value_of(remove_stale_temporaries(scratch.path(), std::chrono::seconds::max())), 0U);
  make_older(scratch / named("f"), 1s);
  EXPECT_EQ(value_of(remove_stale_temporaries(scratch.path(), std::chrono::seconds::min())), 1U);
}

TEST(StaleTemporaries, GoOnBehindOneThatStays) {
  const ScratchDirectory scratch;
  for (const char* target : {"a", "b", "c"}) {
    spill(scratch / named(target), "");
    make_older(scratch / named(target), 2h);
  }
  FaultyFileSystem faulty;
  faulty.set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::unlink || op.path.find(".b.") == std::string::npos) return std::nullopt;
    return Fault::error(EPERM);
  });
  EXPECT_TRUE(failed_with(Errc::permission, remove_stale_temporaries(scratch.path(), 1h, {.file_system = &faulty})));
  EXPECT_EQ(scratch.names(), std::vector<std::string>{named("b")});
}

TEST(StaleTemporaries, AreWhatAKilledWriterLeaves) {
  const ScratchDirectory scratch;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Result<AtomicFile> file = AtomicFile::open(scratch / "state.json");
    if (file && file->write("half")) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(scratch.names().size(), 1U);
  EXPECT_EQ(target_of_temporary(scratch.names().front()), "state.json");
  make_older(scratch / scratch.names().front(), 1min);
  EXPECT_EQ(value_of(remove_stale_temporaries(scratch.path(), 30s)), 1U);
  EXPECT_TRUE(scratch.names().empty());
}

}  // namespace
}  // namespace safeatomic::test
