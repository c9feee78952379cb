// Commands that change single keys, and where their values come from.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <utility>

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

class Keys : public ProgramTest {};

// A pipe into the program's standard input whose reading end does not block, as some parents leave it.
class NonBlockingInput {
 public:
  NonBlockingInput() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  NonBlockingInput(const NonBlockingInput&) = delete;
  NonBlockingInput& operator=(const NonBlockingInput&) = delete;
  ~NonBlockingInput() {
    ::close(ends_[0]);
    end();
  }

  [[nodiscard]] int read_end() const noexcept { return ends_[0]; }
  [[nodiscard]] bool is_empty() const {
    int unread = 0;
    if (::ioctl(ends_[0], FIONREAD, &unread) != 0) throw std::runtime_error("no pipe");
    return unread == 0;
  }
  void send(std::string_view bytes) const {
    if (::write(ends_[1], bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("no pipe");
  }
  void end() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

 private:
  std::array<int, 2> ends_{};
};

// Asleep in a system call, or ended.
bool is_waiting(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const char state = stat.at(stat.rfind(')') + 2);
  return state == 'S' || state == 'Z';
}

TEST_F(Keys, AreNotDeletedFromAStoreThatIsNotThere) {
  std::filesystem::create_directory(in_dir("empty"));
  for (const char* store : {"typo", "empty"}) {
    const Ended ended = run({"delete", store, "--key", "x"});
    EXPECT_EQ(ended.status, 1) << store;
    EXPECT_EQ(ended.out, "") << store;
  }
  EXPECT_FALSE(std::filesystem::exists(in_dir("typo")));
  EXPECT_TRUE(std::filesystem::is_empty(in_dir("empty")));
}

TEST_F(Keys, AreWrittenOnlyWhereTheStoreIsAsTheCallerSays) {
  write_file(in_dir("lines"), R"({"key_b64":"YQ==","value_b64":"MQ=="})");
  static const std::vector<std::vector<std::string>> commands = {
      {"put", "kv", "--key", "a", "1"}, {"import", "kv", "lines"}, {"append", "kv", "lines"}};
  for (std::vector<std::string> command : commands) {
    command.emplace_back("--must-exist");
    EXPECT_EQ(run(command).status, 1) << command.front();
    EXPECT_FALSE(std::filesystem::exists(in_dir("kv"))) << command.front();
    command.back() = "--must-be-new";
    EXPECT_EQ(run(command).status, 0) << command.front();
    const auto before = image_of("kv");
    const Ended again = run(command);
    EXPECT_EQ(again.status, 1) << command.front();
    EXPECT_THAT(again.err, testing::HasSubstr("it holds a store")) << command.front();
    EXPECT_EQ(image_of("kv"), before) << command.front();
    command.back() = "--must-exist";
    EXPECT_EQ(run(command).status, 0) << command.front();
    command.emplace_back("--must-be-new");
    EXPECT_EQ(run(command).status, 1) << "not both";
    std::filesystem::remove_all(in_dir("kv"));
  }
}

TEST_F(Keys, AreImportedFromAPipeThatDoesNotBlock) {
  NonBlockingInput input;
  const auto running = start({"import", "kv"}, {}, input.read_end());
  input.send(R"({"key_b64":"YQ==",)");
  // It has read that, and so it waits for the rest of the line, or has failed.
  while (!input.is_empty() || !is_waiting(running->pid())) std::this_thread::yield();
  input.send("\"value_b64\":\"MQ==\"}\n");
  input.end();
  const Ended ended = running->finish();
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(run({"get", "kv", "--key", "a"}).out, "1");
}

TEST_F(Keys, AreNotImportedFromWhatCannotBeReadAndNoStoreIsMade) {
  EXPECT_EQ(run({"import", "kv", "."}),
            (Ended{1, "", "datawal import: cannot read .: Is a directory; nothing was imported\n"}));
  EXPECT_EQ(run({"import", "kv", "typo"}),
            (Ended{1, "", "datawal import: cannot read typo: No such file or directory; nothing was imported\n"}));
  EXPECT_FALSE(std::filesystem::exists(in_dir("kv")));
}

TEST_F(Keys, OfAnInputThatFailsAreNotSaidToBeOfTheStore) {
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);  // nothing is mapped at its start
  const Ended ended = start({"import", "kv"}, {}, memory)->finish();
  ::close(memory);
  EXPECT_EQ(ended,
            (Ended{1, "",
                   "datawal import: imported before that, and kept: 0 records\n"
                   "datawal import: cannot read standard input: Input/output error; what was behind that was not "
                   "imported\n"}));
}

}  // namespace
}  // namespace datawal::test
