// The end of a log, and following one that is written, rotated, killed, torn, and replaced.

#include <initializer_list>
#include <thread>
#include <utility>

#include <datawal/follower.hpp>
#include <datawal/record_log.hpp>

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

// "payload=NAME" of a line that scan and tail print.
std::string payload_of(const std::string& line) { return line.substr(line.find(" payload=") + 9); }

class Tail : public ProgramTest {
 protected:
  std::string lines(int first, int last) const {
    std::string text;
    for (int i = first; i <= last; ++i) text += "r" + std::to_string(i) + "\n";
    return text;
  }

  std::string tail_payloads(std::vector<std::string> options) const {
    options.insert(options.begin(), {"tail", "log"});
    std::string text;
    std::string out = run(options).out;
    while (!out.empty()) {
      const std::size_t end = out.find('\n');
      text += payload_of(out.substr(0, end)) + "\n";
      out.erase(0, end + 1);
    }
    return text;
  }

  // The next records that `running` prints are r<first> to r<last>.
  static void expect_records(Running& running, int first, int last) {
    for (int i = first; i <= last; ++i) ASSERT_EQ(payload_of(running.read_line()), "r" + std::to_string(i));
  }
};

TEST_F(Tail, PrintsTheLastRecordsAcrossSegments) {
  EXPECT_EQ(run({"append", "log", "--segment-bytes", "100"}, lines(1, 25)).status, 0);
  EXPECT_EQ(tail_payloads({}), lines(16, 25));
  EXPECT_EQ(tail_payloads({"-n", "0"}), "");
  EXPECT_EQ(tail_payloads({"-n", "1"}), lines(25, 25));
  EXPECT_EQ(tail_payloads({"-n4"}), lines(22, 25));
  EXPECT_EQ(tail_payloads({"--records", "24"}), lines(2, 25));
  EXPECT_EQ(tail_payloads({"-n", "25"}), lines(1, 25));
  EXPECT_EQ(tail_payloads({"-n", "18446744073709551615"}), lines(1, 25));
}

TEST_F(Tail, OfAnEmptyLogIsEmpty) {
  EXPECT_EQ(run({"append", "log"}).status, 0);
  EXPECT_EQ(run({"tail", "log"}), (Ended{0, "", ""}));
}

TEST_F(Tail, FollowsAWriterAcrossRotations) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  const auto tail = start({"tail", "log", "-f", "-n", "2", "--interval", "1"});
  expect_records(*tail, 2, 3);
  const auto writer = start({"append", "log", "--segment-bytes", "150"});
  for (int i = 4; i <= 400; i += 4) {
    writer->send(lines(i, i + 3));
    expect_records(*tail, i, i + 3);
  }
  EXPECT_EQ(tail->unread(), "");
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
  EXPECT_EQ(writer->finish().status, 0);
}

TEST_F(Tail, GoesOnWhereItsCursorFileSays) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 20)).status, 0);
  const std::vector<std::string> command = {"tail", "log", "-f", "--cursor-file", "seen", "--interval", "1"};
  {
    const auto tail = start(command);
    expect_records(*tail, 1, 20);
    while (!std::filesystem::exists(in_dir("seen"))) std::this_thread::yield();
    tail->signal(SIGTERM);
    EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
  }
  EXPECT_EQ(run({"append", "log"}, lines(21, 25)).status, 0);
  const auto tail = start(command);
  expect_records(*tail, 21, 25);
  tail->signal(SIGTERM);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, PrintsAllOfTheStoreThatTookThePlaceOfThatOfItsCursorFile) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 20)).status, 0);
  {
    const auto tail = start({"tail", "log", "-f", "--cursor-file", "seen", "--interval", "1"});
    expect_records(*tail, 1, 20);
    while (!std::filesystem::exists(in_dir("seen"))) std::this_thread::yield();
    tail->signal(SIGTERM);
    EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
  }
  std::filesystem::remove_all(in_dir("log"));
  EXPECT_EQ(run({"append", "log"}, lines(101, 105)).status, 0);
  const auto tail = start({"tail", "log", "-f", "--cursor-file", "seen", "--interval", "1"});
  EXPECT_EQ(tail->read_error_line(),
            "datawal tail: of what was printed as seen notes it, the records with txids 1 to 20 are gone from log, or "
            "are others now: what stands there follows");
  expect_records(*tail, 101, 105);
  tail->signal(SIGTERM);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, PrintsAllOfTheStoreThatTookThePlaceWhileItNotedHowFarItHasCome) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 20)).status, 0);
  EXPECT_EQ(run({"append", "other"}, lines(101, 105)).status, 0);
  const auto tail = start({"tail", "log", "-f", "--cursor-file", "seen", "--interval", "1"});
  expect_records(*tail, 1, 20);
  std::filesystem::rename(in_dir("log"), in_dir("old"));
  EXPECT_THAT(tail->read_error_line(), HasSubstr("is another directory now"));
  std::filesystem::rename(in_dir("other"), in_dir("log"));
  expect_records(*tail, 101, 105);
  tail->signal(SIGTERM);
  EXPECT_EQ(tail->wait().status, 0);
}

TEST_F(Tail, BeginsWhereItsCursorFileSaysWhateverElseIsSaid) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 20)).status, 0);
  {
    Result<Follower> follower = Follower::open(in_dir("log"), {.cursor_file = in_dir("seen")});
    for (int i = 1; i <= 5; ++i) ASSERT_TRUE(follower && follower->next());
    ASSERT_TRUE(follower->save());
  }
  const auto tail = start({"tail", "log", "-f", "--cursor-file", "seen", "-n", "1", "--interval", "1"});
  expect_records(*tail, 6, 20);
  tail->signal(SIGTERM);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, WritesItsCursorFileOnlyWhenItHasComeFurther) {
  EXPECT_EQ(run({"append", "log"}).status, 0);
  const auto tail = start({"tail", "log", "-f", "--cursor-file", "seen", "--interval", "1"});
  while (!std::filesystem::exists(in_dir("seen"))) std::this_thread::yield();
  const auto written = std::filesystem::last_write_time(in_dir("seen"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(std::filesystem::last_write_time(in_dir("seen")), written);
  EXPECT_EQ(run({"append", "log"}, lines(1, 1)).status, 0);
  expect_records(*tail, 1, 1);
  while (std::filesystem::last_write_time(in_dir("seen")) == written) std::this_thread::yield();
  tail->signal(SIGTERM);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, NotesWhatItPrintedBeforeAnError) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  flip_byte("log/00000001.dwal", 2 * 30 + 25);
  const Ended ended = start({"tail", "log", "-f", "--cursor-file", "seen", "--interval", "1"})->wait();
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.out, HasSubstr("payload=r2\n"));
  const Result<Follower> follower = Follower::open(in_dir("log"), {.cursor_file = in_dir("seen")});
  ASSERT_TRUE(follower && follower->position());
  EXPECT_EQ(follower->position()->txid, 2U);
}

TEST_F(Tail, BeginsBehindATransactionId) {
  EXPECT_EQ(run({"append", "log", "--segment-bytes", "100"}, lines(1, 20)).status, 0);
  for (const auto& [txid, first] :
       std::initializer_list<std::pair<const char*, int>>{{"0", 1}, {"17", 18}, {"19", 20}}) {
    const auto tail = start({"tail", "log", "-f", "--after-txid", txid, "--interval", "1"});
    expect_records(*tail, first, 20);
    tail->signal(SIGTERM);
    EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
  }
  EXPECT_EQ(run({"tail", "log", "--after-txid", "3"}).status, 1);
  EXPECT_EQ(run({"tail", "log", "-f", "-n", "1", "--after-txid", "3"}).status, 1);
  EXPECT_EQ(run({"tail", "log", "--cursor-file", "seen"}).status, 1);
}

TEST_F(Tail, FollowsInJson) {
  EXPECT_EQ(run({"append", "log"}, "a\n").status, 0);
  const auto tail = start({"--json", "tail", "log", "-fn1", "--interval", "1"});
  EXPECT_THAT(tail->read_line(), testing::HasSubstr(R"("txid":1,)"));  // so it is there before the next one is appended
  EXPECT_EQ(run({"append", "log"}, "b\n").status, 0);
  EXPECT_EQ(tail->read_line(),
            R"({"schema":"datawal.cli.v1","kind":"record","segment":1,"offset":29,"len":29,"record_type":"Raw",)"
            R"("txid":2,"key_base64":"","payload_base64":"Yg==","ref":"1:29:29:2:0c0f60b8"})");
  tail->signal(SIGTERM);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, PrintsWithDurableOnlyWhatWasSynced) {
  Result<RecordLog> log = RecordLog::open(in_dir("log"));
  ASSERT_TRUE(log && log->append("first", {.sync = true}) && log->append("second"));
  const auto tail = start({"tail", "log", "-f", "--durable", "--interval", "1"});
  EXPECT_EQ(payload_of(tail->read_line()), "first");
  ASSERT_TRUE(log->append("third") && log->fsync());
  EXPECT_EQ(payload_of(tail->read_line()), "second");
  EXPECT_EQ(payload_of(tail->read_line()), "third");
  tail->signal(SIGTERM);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, TakesDurableOnlyWhereItFollows) {
  EXPECT_EQ(run({"append", "log"}, "a\n").status, 0);
  EXPECT_EQ(run({"tail", "log", "--durable"}).status, 1);
}

TEST_F(Tail, SurvivesThatTheWriterIsKilledAndComesBack) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 1)).status, 0);
  const auto tail = start({"tail", "log", "-f", "--interval", "1"});
  expect_records(*tail, 1, 1);
  int next = 2;
  for (int round = 0; round < 10; ++round) {
    const auto writer = start({"append", "log", "--segment-bytes", "400", "--sync", "each", "--ack"});
    for (int i = 0; i < 5; ++i, ++next) {
      writer->send(lines(next, next));
      writer->read_line();
    }
    writer->signal(SIGKILL);
    writer->wait();
    expect_records(*tail, next - 5, next - 1);
  }
  EXPECT_EQ(tail->unread(), "");
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, PrintsNoTornRecordAndGoesOnBehindTheCut) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  truncate_by("log/00000001.dwal", 3);
  std::filesystem::remove(in_dir("log/.watermark"));
  const auto tail = start({"tail", "log", "-f", "--interval", "1"});
  expect_records(*tail, 1, 2);
  EXPECT_EQ(run({"append", "log"}, "r3\nr4\n").status, 0);
  expect_records(*tail, 3, 4);
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, TellsWhenARecordThatItPrintedWasTakenBack) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  const auto tail = start({"tail", "log", "-f", "--interval", "1"});
  expect_records(*tail, 1, 3);
  // As if the writer had taken the last record back and appended another one, of another length, in its place.
  std::filesystem::remove(in_dir("log/.watermark"));
  truncate_by("log/00000001.dwal", 30);
  EXPECT_EQ(run({"append", "log"}, "other\nr4\n").status, 0);
  EXPECT_EQ(payload_of(tail->read_line()), "other");
  EXPECT_EQ(payload_of(tail->read_line()), "r4");
  tail->signal(SIGINT);
  const Ended ended = tail->wait();
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr("took the record with txid 3 back"));
}

TEST_F(Tail, WaitsForAStoreAndPrintsAllOfIt) {
  const auto tail = start({"tail", "log", "-f", "-n", "1", "--interval", "1"});
  EXPECT_EQ(tail->read_error_line(),
            "datawal tail: log holds no store yet: waiting for one; `datawal append log` makes it");
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  expect_records(*tail, 1, 3);
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait(), (Ended{0, "", ""}));
}

TEST_F(Tail, GoesOnWithTheStoreThatTakesThePlace) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  EXPECT_EQ(run({"append", "other"}, lines(7, 8)).status, 0);
  const auto tail = start({"tail", "log", "-f", "--interval", "1"});
  expect_records(*tail, 1, 3);
  std::filesystem::rename(in_dir("log"), in_dir("old"));
  EXPECT_THAT(tail->read_error_line(), HasSubstr("log was removed, or is another directory now"));
  std::filesystem::rename(in_dir("other"), in_dir("log"));
  expect_records(*tail, 7, 8);
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait().status, 0);
}

TEST_F(Tail, EndsWithStatus3AtDamage) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  flip_byte("log/00000001.dwal", 30 + 25);
  const Ended ended = start({"tail", "log", "-f", "--interval", "1"})->wait();
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.out, HasSubstr("payload=r1\n"));
  EXPECT_THAT(ended.err, HasSubstr("segment 1, offset 30"));
}

TEST_F(Tail, EndsWhenNobodyReadsItThoughNothingComes) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 1)).status, 0);
  const auto tail = start({"tail", "log", "-f", "--interval", "1"});
  expect_records(*tail, 1, 1);
  tail->close_output();
  EXPECT_EQ(tail->wait(), (Ended{1, "", ""}));
}

TEST_F(Tail, EndsAtASignalThoughNobodyTakesWhatItPrints) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 10'000)).status, 0);
  const auto tail = start({"tail", "log", "-f", "-n", "10000"});
  tail->wait_until_it_stalls();
  tail->signal(SIGTERM);
  EXPECT_TRUE(tail->ends_unread());
  const Ended ended = tail->wait();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("stopped by a signal while nobody took the output"));
}

TEST_F(Tail, TellsWhatWasDroppedBeforeItCouldBePrinted) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 1)).status, 0);
  const auto tail = start({"tail", "log", "-f", "--interval", "1"});
  expect_records(*tail, 1, 1);
  tail->signal(SIGSTOP);
  Result<RecordLog> log = RecordLog::open(in_dir("log"));
  ASSERT_TRUE(log && log->rotate() && log->append("r2") && log->rotate() && log->append("r3", {.sync = true}));
  ASSERT_TRUE(log->drop_segments_before(3));
  tail->signal(SIGCONT);
  EXPECT_EQ(tail->read_error_line(), "datawal tail: 1 txids, 2 to 2, were dropped before they could be printed");
  expect_records(*tail, 3, 3);
  tail->signal(SIGINT);
  EXPECT_EQ(tail->wait().status, 0);
}

TEST_F(Tail, SaysHowFarAFollowerIsBehind) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  Result<Follower> follower = Follower::open(in_dir("log"), {.cursor_file = in_dir("cursor")});
  ASSERT_TRUE(follower && follower->next() && follower->save());
  EXPECT_EQ(run({"tail", "log", "--lag", "cursor"}).out,
            "records:                2\nbytes:                  60\ntxids:                  2\n");
  EXPECT_EQ(run({"--json", "tail", "log", "--lag", "cursor"}).out,
            "{\"schema\":\"datawal.cli.v1\",\"kind\":\"lag\",\"records\":2,\"bytes\":60,\"txids\":2}\n");
  EXPECT_EQ(run({"tail", "log", "--lag", "no_such_file"}).status, 1);
}

TEST_F(Tail, SaysThatAFollowerIsBehindAllOfAStoreThatTookThePlace) {
  EXPECT_EQ(run({"append", "log"}, lines(1, 3)).status, 0);
  Result<Follower> follower = Follower::open(in_dir("log"), {.cursor_file = in_dir("cursor")});
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(follower && follower->next());
  ASSERT_TRUE(follower->save());
  std::filesystem::remove_all(in_dir("log"));
  EXPECT_EQ(run({"append", "log"}, lines(7, 8)).status, 0);
  EXPECT_THAT(run({"tail", "log", "--lag", "cursor"}).out, HasSubstr("records:                2\n"));
}

}  // namespace
}  // namespace datawal::test
