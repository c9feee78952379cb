// Two readers of one log, one of which asks for what is durable, and a loss of power that takes back what was not.

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class BobAndEve : public ProgramTest {
 protected:
  // The disk holds what was synced, and nothing else.
  void lose_power(std::uint64_t synced_bytes) const {
    std::filesystem::resize_file(in_dir("log/00000001.dwal"), synced_bytes);
  }
};

TEST_F(BobAndEve, AreNeverTakenForEachOther) {
  EXPECT_EQ(run({"append", "log"}, "hello\n").status, 0);
  const std::uint64_t synced_bytes = std::filesystem::file_size(in_dir("log/00000001.dwal"));
  const auto eager = start({"tail", "log", "-f", "--interval", "1"});
  const auto careful = start({"tail", "log", "-f", "--durable", "--interval", "1"});
  EXPECT_THAT(eager->read_line(), EndsWith("hello"));
  EXPECT_THAT(careful->read_line(), EndsWith("hello"));

  EXPECT_EQ(run({"append", "log", "--sync", "never"}, "pay Bob\n").status, 0);
  EXPECT_THAT(eager->read_line(), HasSubstr("pay Bob"));
  const std::string seen = run({"--json", "tail", "log", "-n1"}).out;
  lose_power(synced_bytes);
  EXPECT_EQ(run({"append", "log"}, "pay Eve\n").status, 0);

  EXPECT_THAT(eager->read_error_line(),
              HasSubstr("took the record with txid 2 back and gave its number to another one"));
  EXPECT_THAT(eager->read_line(), HasSubstr("pay Eve"));
  EXPECT_THAT(careful->read_line(), HasSubstr("pay Eve"));
  EXPECT_NE(run({"--json", "tail", "log", "-n1"}).out, seen) << "same place and txid, another reference";
  for (const auto& tail : {&eager, &careful}) {
    (*tail)->signal(SIGINT);
    EXPECT_EQ((*tail)->wait().status, 0);
  }
}

}  // namespace
}  // namespace datawal::test
