// The program where its descriptors are closed, full or not read, and where it is asked to end.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include <gtest/gtest.h>

#include "scratch_directory.hpp"
#include "ship/console.hpp"
#include "ship/fake_stream.hpp"
#include "ship/ship_fixture.hpp"

namespace datawal::ship {
namespace {

TEST(ShipConsole, StandardErrorThatTakesNothingEndsNothing) {
  const int saved = ::dup(STDERR_FILENO);
  const int full = ::open("/dev/full", O_WRONLY);
  ::dup2(full, STDERR_FILENO);
  EXPECT_NO_THROW(Console().trouble("no server is there"));
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(full);
}

class ShipProgram : public Ship {
 protected:
  // As a shell does it. @return the exit status
  int program(const std::string& command, const std::string& more) const {
    return Process({"sh", "-c",
                    std::string(DATAWAL_SHIP_PROGRAM) + ' ' + command + ' ' + at("log").string() + " --stream " +
                        stream_name_ + " --server " + server_->url() + ' ' + more})
        .wait();
  }
};

TEST_F(ShipProgram, SaysByItsStatusWhatItCannotPrint) {
  append(at("log"), 3);
  (void)must(ship(at("log")));
  EXPECT_EQ(program("verify", ""), exit_done);
  EXPECT_EQ(program("verify", ">/dev/full 2>/dev/null"), exit_local);
  EXPECT_EQ(program("status", ">&- 2>/dev/null"), exit_local);
  EXPECT_EQ(program("verify", "<&- 2>&-"), exit_done);
  EXPECT_EQ(program("verify", "--nkey /nothing 2>/dev/full"), exit_usage) << "no crash";
  EXPECT_EQ(program("verify", "--nkey /nothing 2>&-"), exit_usage);
}

// Ctrl-C while all of a long stream is read.
TEST(ShipWalk, EndsWhenItIsAsked) {
  class Asked final : public Stream {
   public:
    explicit Asked(test::Servers& servers) : stream_(servers) {}
    Outcome<void> make() override { return {}; }
    Outcome<End> end() override { return stream_.end(); }
    Outcome<std::optional<Message>> get(std::uint64_t sequence) override {
      ++gets;
      return stream_.get(sequence);
    }
    Answer publish(const Unit& unit, std::string_view body, std::uint64_t expected) override {
      return stream_.publish(unit, body, expected);
    }
    [[nodiscard]] std::uint64_t max_payload() const override { return stream_.max_payload(); }
    [[nodiscard]] bool is_asked_to_end() const override { return gets >= 3; }
    int gets = 0;

   private:
    test::FakeStream stream_;
  };
  const safeatomic::test::ScratchDirectory directory{safeatomic::test::memory_backed_parent()};
  test::Servers servers;
  for (std::uint64_t n = 1; n <= 100; ++n) servers.messages.push_back(Message{.sequence = n, .body = "hello"});
  Asked stream(servers);
  EXPECT_TRUE(fails_with(rebuild(stream, directory.path() / "out"), exit_usage));
  EXPECT_LT(stream.gets, 10);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace datawal::ship
