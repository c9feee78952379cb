// What the program tells to do next, for every way in which it fails that can be brought about here.

#include <unistd.h>

#include <algorithm>

#include "cli/program_test.hpp"
#include "support/mounts.hpp"

namespace datawal::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class Hints : public ProgramTest {
 protected:
  Hints() {
    EXPECT_EQ(run({"put", "kv", "--key", "a", "1"}).status, 0);
    EXPECT_EQ(run({"append", "log"}, "a\n").status, 0);
  }
};

TEST_F(Hints, NameTheCommandThatMakesSuchAStore) {
  static const struct {
    std::vector<std::string> command;
    const char* end;
  } rows[] = {
      {{"scan", "typo"}, "`datawal append typo` makes a store\n"},
      {{"stat", "typo"}, "`datawal append typo` makes a store\n"},
      {{"get", "typo", "--key", "a"}, "`datawal put typo --key KEY VALUE` makes a store\n"},
      {{"check", "typo"}, "`datawal put typo --key KEY VALUE` makes a store\n"},
      {{"export", "typo", "-"}, "`datawal put typo --key KEY VALUE` makes a store\n"},
      {{"delete", "typo", "--key", "a"}, "`ls -la .` shows what is there\n"},
      {{"compact", "typo"}, "`ls -la .` shows what is there\n"},
      {{"trim", "typo", "--keep-records", "1"}, "`ls -la .` shows what is there\n"},
      {{"repair", "typo"}, "`ls -la .` shows what is there\n"},
      {{"checkpoint", "typo", "copy"}, "`ls -la .` shows what is there\n"},
  };
  for (const auto& row : rows) {
    const Ended ended = run(row.command);
    EXPECT_EQ(ended.status, 1) << row.command.front();
    EXPECT_THAT(ended.err, EndsWith(row.end)) << row.command.front();
  }
  std::filesystem::create_directory(in_dir("empty"));
  EXPECT_THAT(run({"get", "empty", "--key", "a"}).err,
              EndsWith("; `datawal put empty --key KEY VALUE` makes a store\n"));
  EXPECT_THAT(run({"delete", "empty", "--key", "a"}).err, EndsWith("; `ls -la empty` shows what is there\n"));
}

TEST_F(Hints, AreAboutTheTargetWhereThatIsWhatFailed) {
  static const std::vector<std::vector<std::string>> commands = {
      {"export", "kv", "absent/below/file"},
      {"checkpoint", "kv", "absent/below/copy"},
  };
  for (const std::vector<std::string>& command : commands) {
    const Ended ended = run(command);
    EXPECT_NE(ended.status, 0) << command.front();
    EXPECT_THAT(ended.err, EndsWith("`ls -la .` shows what is there\n")) << command.front();
    EXPECT_THAT(ended.err, Not(HasSubstr("makes a store"))) << command.front();
  }
  EXPECT_THAT(run({"checkpoint", "kv", "log"}).err, EndsWith("`ls -la log` shows what is there\n"));
  EXPECT_THAT(run({"compact", "kv", "log"}).err, EndsWith("`ls -la log` shows what is there\n"));
  EXPECT_THAT(run({"repair", "kv", "--salvage", "log"}).err, EndsWith("`ls -la log` shows what is there\n"));
}

TEST_F(Hints, DoNotBlameTheDiskForAName) {
  static const std::string long_name(300, 'x');
  static const std::vector<std::vector<std::string>> commands = {
      {"scan", long_name},
      {"scan", "log/00000001.dwal"},
      {"append", long_name},
      {"put", long_name, "--key", "a", "1"},
      {"put", "kv", "--key", "a", "--value-file", "."},
      {"export", "kv", long_name},
      {"export", "kv", "."},
      {"checkpoint", "kv", long_name},
      {"compact", "kv", long_name},
      {"compact", "kv", "log/00000001.dwal"},
      {"repair", "kv", "--salvage", long_name},
      {"import", "kv", long_name},
      {"import", "kv", "."},
  };
  for (const std::vector<std::string>& command : commands) {
    const Ended ended = run(command, "x\n");
    EXPECT_EQ(ended.status, 1) << ended.err;
    EXPECT_THAT(ended.err, AllOf(Not(HasSubstr("the disk")), Not(HasSubstr("`ls -la " + long_name)),
                                 Not(HasSubstr("standard input'"))))
        << command.front();
  }
}

TEST_F(Hints, OfALockFitTheCommand) {
  const auto writer = start({"append", "kv", "--sync", "each", "--ack"});
  writer->send("x\n");
  EXPECT_EQ(writer->read_line(), "2");
  const std::string wait = "process " + std::to_string(writer->pid()) + " holds the lock on ";
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"put", "kv", "--key", "a", "1"}, {"delete", "kv", "--key", "a"}, {"import", "kv"}}) {
    const Ended ended = run(command);
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, HasSubstr(wait)) << command.front();
    EXPECT_THAT(ended.err, EndsWith("looking needs no lock: `datawal get kv --key KEY`\n")) << command.front();
  }
  EXPECT_THAT(run({"append", "kv"}).err, EndsWith("looking needs no lock: `datawal tail kv`\n"));
  EXPECT_EQ(writer->finish().status, 0);
}

TEST_F(Hints, OfPermissionsShowPermissions) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may do everything";
  std::filesystem::permissions(in_dir("kv"), std::filesystem::perms::none);
  const Ended ended = run({"get", "kv", "--key", "a"});
  std::filesystem::permissions(in_dir("kv"), std::filesystem::perms::owner_all);
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.err, HasSubstr("`namei -l kv` shows them"));
}

TEST_F(Hints, OfAReadOnlyFilesystemShowItsMount) {
  if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
  in_child([this] {
    must_leave_mount_namespace();
    std::filesystem::create_directory(in_dir("disk"));
    mount_tmpfs(in_dir("disk"), "size=256k,ro");
    const Ended ended = run({"put", "disk/kv", "--key", "a", "1"});
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.err, EndsWith("`findmnt -T disk` shows how it is mounted\n"));
    EXPECT_THAT(run({"export", "kv", "disk/file"}).err, EndsWith("`findmnt -T disk` shows how it is mounted\n"));
  });
}

TEST_F(Hints, OfAFullDiskAreAboutTheDiskThatIsFull) {
  if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
  write_file(in_dir("value"), std::string(400'000, 'x'));
  EXPECT_EQ(run({"put", "kv", "--key", "large", "--value-file", "value"}).status, 0);
  in_child([this] {
    must_leave_mount_namespace();
    std::filesystem::create_directory(in_dir("disk"));
    mount_tmpfs(in_dir("disk"), "size=64k");
    const Ended ended = run({"export", "kv", "disk/file"});
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.err, EndsWith("`df disk` shows the room there is\n"));
  });
}

TEST_F(Hints, AreTextWhateverTheName) {
  const std::string name = "a\x1b[2J\xff\nb";
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"scan", name}, {"get", name, "--key", "a"}, {"import", "kv", name}, {name}, {"put", "kv", "--" + name}}) {
    const Ended ended = run(command);
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.err, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\xff")))) << command.front();
    EXPECT_EQ(std::ranges::count(ended.err, '\n'), 1) << ended.err;
  }
  const Ended made = run({"checkpoint", "kv", name});
  EXPECT_EQ(made.status, 0);
  EXPECT_THAT(made.out, HasSubstr("target:                 $'a\\x1b[2J\\xff\\x0ab'\n"));
  const Ended counted = run({"stat", name, "--prometheus"});
  EXPECT_THAT(counted.out, HasSubstr("datawal_live_keys{store=\"a\\\\x1b[2J\\\\xff\\nb\"} 1\n"));
}

}  // namespace
}  // namespace datawal::test
