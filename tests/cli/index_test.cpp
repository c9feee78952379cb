// `datawal index`: written, looked at, checked, removed; and what `stat` and `verify` say of it.

#include <fstream>

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class IndexCommand : public ProgramTest {
 protected:
  static constexpr std::size_t first_page = 4096;  // of an index of a single segment: docs/FORMAT.md

  IndexCommand() {
    EXPECT_EQ(run({"put", "kv", "--key", "a", "one"}).status, 0);
    EXPECT_EQ(run({"put", "kv", "--key", "b", "two"}).status, 0);
  }
};

TEST_F(IndexCommand, SaysThatThereIsNone) {
  EXPECT_EQ(run({"index", "kv"}), (Ended{0,
                                         "index_state:            absent\nindex_bytes:            0\nkeys:             "
                                         "      0\nrecords_covered:        0\nlast_txid:              0\n",
                                         ""}));
  EXPECT_THAT(run({"stat", "kv"}).out, Not(HasSubstr("index_state")));
}

TEST_F(IndexCommand, BuildsChecksAndDropsIt) {
  const Ended built = run({"index", "kv", "--build"});
  EXPECT_EQ(built.status, 0);
  EXPECT_THAT(built.out, HasSubstr("index_state:            used\n"));
  EXPECT_THAT(built.out,
              HasSubstr("keys:                   2\nrecords_covered:        2\nlast_txid:              2\n"));
  EXPECT_EQ(run({"put", "kv", "--key", "c", "three"}).status, 0);
  EXPECT_THAT(run({"--json", "index", "kv", "--check"}).out, HasSubstr(R"("index_state":"used")"));
  EXPECT_THAT(run({"stat", "kv"}).out, HasSubstr("index_state:            used\n"));
  EXPECT_THAT(run({"verify", "kv"}).out, HasSubstr("index_state:            used\n"));
  EXPECT_EQ(run({"index", "kv", "--drop"}).status, 0);
  EXPECT_THAT(run({"index", "kv"}).out, HasSubstr("index_state:            absent"));
}

TEST_F(IndexCommand, IsWhatGetReads) {
  ASSERT_EQ(run({"index", "kv", "--build"}).status, 0);
  ASSERT_EQ(run({"put", "kv", "--key", "c", "three"}).status, 0);
  EXPECT_EQ(run({"get", "kv", "--key", "b"}).out, "two");
  EXPECT_EQ(run({"get", "kv", "--key", "c"}).out, "three");
  ASSERT_EQ(run({"index", "kv", "--build"}).status, 0)
      << "so nothing lies behind it, for which a page would be read at open";
  std::fstream file(in_dir("kv") / ".index", std::ios::in | std::ios::out | std::ios::binary);
  const std::string pages(read_file(in_dir("kv") / ".index").size() - first_page, 'x');
  file.seekp(first_page);
  file.write(pages.data(), static_cast<std::streamsize>(pages.size()));
  file.close();
  EXPECT_EQ(run({"get", "kv", "--key", "a"}).status, 3);
  EXPECT_EQ(run({"get", "kv", "--key", "c"}).status, 3);
  ASSERT_EQ(run({"index", "kv", "--drop"}).status, 0);
  EXPECT_EQ(run({"get", "kv", "--key", "a"}).out + run({"get", "kv", "--key", "b"}).out, "onetwo");
}

TEST_F(IndexCommand, TellsAStaleOneFromADamagedOne) {
  EXPECT_EQ(run({"index", "kv", "--build"}).status, 0);
  EXPECT_EQ(run({"compact", "kv", "kv2"}).status, 0);
  std::filesystem::copy_file(in_dir("kv") / ".index", in_dir("kv2") / ".index");
  const Ended stale = run({"index", "kv2"});
  EXPECT_EQ(stale.status, 0);
  EXPECT_THAT(stale.out, HasSubstr("index_state:            stale"));
  EXPECT_THAT(run({"--json", "index", "kv2"}).out, HasSubstr(R"("index_reason":"segment 1 )")) << "for programs too";
  EXPECT_THAT(run({"--json", "index", "kv"}).out, HasSubstr(R"("index_reason":null)"));
  std::fstream file(in_dir("kv") / ".index", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-100, std::ios::end);
  file.put('x');
  file.close();
  EXPECT_EQ(run({"index", "kv"}).status, 0) << "its pages are not looked at";
  EXPECT_EQ(run({"index", "kv", "--check"}).status, 3);
  EXPECT_EQ(run({"verify", "kv"}).status, 3);
  EXPECT_TRUE(std::filesystem::exists(in_dir("kv") / ".index")) << "who looks changes nothing";
}

TEST_F(IndexCommand, RefusesWhatItCannotDo) {
  EXPECT_EQ(run({"index", "kv", "--build", "--drop"}).status, 1);
  EXPECT_EQ(run({"index", "nowhere"}).status, 1);
  EXPECT_EQ(run({"index", "nowhere", "--build"}).status, 1);
}

// The same for a log: `.state`.
class LogStateCommand : public ProgramTest {
 protected:
  LogStateCommand() {
    for (const char* record : {"one", "two", "three"}) EXPECT_EQ(run({"append", "log"}, record).status, 0);
  }
};

TEST_F(LogStateCommand, SaysThatThereIsNone) {
  EXPECT_EQ(run({"index", "log", "--log"}),
            (Ended{0,
                   "log_state:              absent\nlog_state_bytes:        0\nsegments_covered:       0\n"
                   "records_covered:        0\nlast_txid:              0\n",
                   ""}));
  EXPECT_THAT(run({"stat", "log"}).out, Not(HasSubstr("log_state")));
  EXPECT_THAT(run({"verify", "log"}).out, Not(HasSubstr("log_state")));
}

TEST_F(LogStateCommand, BuildsChecksAndDropsIt) {
  const Ended built = run({"index", "log", "--log", "--build"});
  EXPECT_EQ(built.status, 0);
  EXPECT_THAT(built.out,
              HasSubstr("log_state:              used\nlog_state_bytes:        4096\n"
                        "segments_covered:       1\nrecords_covered:        3\nlast_txid:              3\n"));
  EXPECT_TRUE(std::filesystem::exists(in_dir("log") / ".state"));
  EXPECT_FALSE(std::filesystem::exists(in_dir("log") / ".index"));
  EXPECT_EQ(run({"append", "log"}, "four").status, 0);
  EXPECT_THAT(run({"--json", "index", "log", "--log", "--check"}).out,
              HasSubstr(R"("kind":"log_state","log_state":"used","log_state_bytes":4096)"));
  EXPECT_THAT(run({"stat", "log"}).out, HasSubstr("log_state:              used\n"));
  EXPECT_THAT(run({"verify", "log"}).out, HasSubstr("log_state:              used\n"));
  EXPECT_EQ(run({"index", "log", "--log", "--drop"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(in_dir("log") / ".state"));
  EXPECT_THAT(run({"index", "log", "--log"}).out, HasSubstr("absent"));
}

TEST_F(LogStateCommand, TellsAStaleOneFromADamagedOne) {
  EXPECT_EQ(run({"index", "log", "--log", "--build"}).status, 0);
  std::filesystem::copy(in_dir("log"), in_dir("copy"));
  EXPECT_THAT(run({"index", "copy", "--log"}).out, HasSubstr("log_state:              stale"));
  EXPECT_EQ(run({"verify", "copy"}).status, 0);
  std::fstream file(in_dir("log") / ".state", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-100, std::ios::end);
  file.put('x');
  file.close();
  EXPECT_EQ(run({"index", "log", "--log"}).status, 3);
  EXPECT_EQ(run({"verify", "log"}).status, 3);
  EXPECT_TRUE(std::filesystem::exists(in_dir("log") / ".state")) << "who looks changes nothing";
}

TEST_F(LogStateCommand, IsRemovedByARepair) {
  EXPECT_EQ(run({"index", "log", "--log", "--build"}).status, 0);
  EXPECT_EQ(run({"repair", "log"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(in_dir("log") / ".state"));
}

TEST_F(LogStateCommand, RefusesWhatItCannotDo) {
  EXPECT_EQ(run({"index", "log", "--log", "--build", "--drop"}).status, 1);
  EXPECT_EQ(run({"index", "nowhere", "--log"}).status, 1);
  EXPECT_EQ(run({"index", "nowhere", "--log", "--build"}).status, 1);
}

}  // namespace
}  // namespace datawal::test
