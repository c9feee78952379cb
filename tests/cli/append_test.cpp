// Feeding a log: how input becomes records, when they are acknowledged, and how it ends.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/program_test.hpp"
#include "support/hex.hpp"
#include "support/mounts.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class Append : public ProgramTest {};

TEST_F(Append, SaysWhatItDid) {
  EXPECT_EQ(run({"append", "log"}, "one\ntwo"),
            (Ended{0, "appended 2 records, 62 bytes; last txid 2, segment 1; all durable\n", ""}));
  EXPECT_EQ(run({"append", "log", "--json"}, "three\n"),
            (Ended{0,
                   R"({"schema":"datawal.cli.v1","kind":"append","records_appended":1,"bytes_appended":33,)"
                   R"("last_txid":3,"last_segment":1,"durable":true})"
                   "\n",
                   ""}));
  EXPECT_EQ(run({"append", "log"}),
            (Ended{0, "appended 0 records, 0 bytes; last txid 3, segment 1; all durable\n", ""}));
  EXPECT_EQ(payloads("log"), "one\ntwo\nthree\n");
}

TEST_F(Append, ReadsItsFilesInOrderAndStandardInputWhereItIsNamed) {
  write_file(in_dir("a"), "a1\na2");
  write_file(in_dir("b"), "b1\n");
  EXPECT_EQ(run({"append", "log", "a", "-", "b"}, "in\n").status, 0);
  EXPECT_EQ(payloads("log"), "a1\na2\nin\nb1\n");
  EXPECT_EQ(run({"append", "whole", "--whole", "a", "b"}).status, 0);
  EXPECT_THAT(run({"scan", "whole", "--bytes", "raw"}).out, HasSubstr("payload=\"a1\\na2\"\n"));
  EXPECT_EQ(run({"append", "prefixed", "--length-prefixed"}, from_hex("01000000 61 02000000 6263")).status, 0);
  EXPECT_EQ(payloads("prefixed"), "a\nbc\n");
  EXPECT_EQ(run({"append", "null", "--null"}, std::string_view("a\0b", 3)).status, 0);
  EXPECT_EQ(payloads("null"), "a\nb\n");
}

TEST_F(Append, PutsTheKeyOnEveryRecord) {
  EXPECT_EQ(run({"append", "log", "--key", "the key"}, "a\nb\n").status, 0);
  EXPECT_EQ(run({"scan", "log"}).out,
            "seg=00000001 off=         0 len=      36 type=RAW txid=         1 key=\"the key\" payload=a\n"
            "seg=00000001 off=        36 len=      36 type=RAW txid=         2 key=\"the key\" payload=b\n");
}

TEST_F(Append, RotatesAtTheSizeAskedFor) {
  EXPECT_EQ(run({"append", "log", "--segment-bytes", "60"}, "a\nb\nc\n").status, 0);
  EXPECT_THAT(run({"scan", "log"}).out, HasSubstr("seg=00000002 off=         0 len=      29 type=RAW txid=         3"));
}

TEST_F(Append, LeavesTheSameBytesByEachWritePath) {
  const std::string input = std::string(5000, 'x') + "\nsmall\n" + std::string(100'000, 'y') + "\n";
  for (const char* path : {"auto", "mapped", "append"}) {
    EXPECT_EQ(run({"append", path, "--write-path", path, "--segment-bytes", "100K"}, input).status, 0) << path;
    EXPECT_EQ(run({"put", path, "--key", "k", "v", "--write-path", path}).status, 0) << path;
    EXPECT_EQ(run({"import", path, "--write-path", path}, R"({"key_b64":"Yg==","value_b64":"Yg=="})").status, 0)
        << path;
    EXPECT_EQ(run({"delete", path, "--key", "k", "--write-path", path}).status, 0) << path;
    for (const char* segment : {"00000001.dwal", "00000002.dwal"}) {
      EXPECT_TRUE(read_file(in_dir(path) / segment) == read_file(in_dir("auto") / segment)) << path << '/' << segment;
    }
  }
  const Ended wrong = run({"append", "log", "--write-path", "fast"}, "x\n");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("'fast' is none of auto, mapped, append"));
}

TEST_F(Append, MakesNoStoreForAFileThatCannotBeRead) {
  write_file(in_dir("good"), "a\n");
  const Ended ended = run({"append", "log", "good", "typo"});
  EXPECT_EQ(ended,
            (Ended{1, "", "datawal append: cannot read typo: No such file or directory; nothing was appended\n"}));
  EXPECT_EQ(run({"append", "log", "."}).err, "datawal append: cannot read .: Is a directory; nothing was appended\n");
  EXPECT_FALSE(std::filesystem::exists(in_dir("log")));
}

TEST_F(Append, MakesNoStoreWhereOtherThingsLie) {
  std::filesystem::create_directory(in_dir("home"));
  write_file(in_dir("home/letter"), "");
  const auto before = image_of("home");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"append", "home"}, {"put", "home", "--key", "a", "b"}, {"import", "home", "-"}}) {
    const Ended refused = run(command, "");
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.err, testing::HasSubstr("home is no store, and holds other things (letter)"));
    EXPECT_THAT(refused.err, testing::HasSubstr("`datawal " + command.front() + " home/store`"));
    EXPECT_EQ(image_of("home"), before);
  }
  EXPECT_EQ(run({"append", "home/store"}, "a\n").status, 0);
}

TEST_F(Append, MakesAStoreInAFreshFilesystemAndBesideALockFile) {
  std::filesystem::create_directories(in_dir("mounted/lost+found"));
  write_file(in_dir("mounted/.lock"), "");
  EXPECT_EQ(run({"append", "mounted"}, "a\n").status, 0);
}

TEST_F(Append, RefusesToFeedALogWithItsOwnSegment) {
  EXPECT_EQ(run({"append", "log"}, "a\n").status, 0);
  EXPECT_THAT(run({"append", "log", "log/00000001.dwal"}).err,
              HasSubstr("is a segment of the store that is to be fed"));
  EXPECT_EQ(payloads("log"), "a\n");
}

TEST_F(Append, RefusesARecordOverTheLimitAndKeepsWhatWasBeforeIt) {
  const std::string too_long(67'108'865, 'x');
  const Ended line = run({"append", "log"}, "one\ntwo\n" + too_long + "\nfour\n");
  EXPECT_EQ(line.status, 1);
  EXPECT_EQ(line.out, "appended 2 records, 62 bytes; last txid 2, segment 1; all durable\n");
  EXPECT_EQ(
      line.err,
      "datawal append: standard input, line 3 is longer than the 67108864 bytes that a record may hold; the records "
      "before it were appended, nothing after it was\n");
  const Ended prefixed = run({"append", "log", "--length-prefixed"}, from_hex("05000000 7468726565 ffffffff 78"));
  EXPECT_EQ(prefixed.status, 1);
  EXPECT_THAT(prefixed.err, HasSubstr("standard input, record 2 announces 4294967295 bytes"));
  EXPECT_EQ(payloads("log"), "one\ntwo\nthree\n");
}

TEST_F(Append, EndsAtAnEndlessLineWithoutWaitingForItsEnd) {
  const auto running = start({"append", "log"});
  running->send("one\n");
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 66; ++i) running->send(piece);  // what it no longer takes is lost
  const Ended ended = running->wait();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("line 2 is longer than"));
  EXPECT_EQ(payloads("log"), "one\n");
}

TEST_F(Append, KeepsWhatWasBeforeACutRecord) {
  const Ended ended = run({"append", "log", "--length-prefixed"}, from_hex("01000000 61 05000000 6263"));
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("record 2 is cut: the input ends after 2 of its 5 bytes"));
  EXPECT_EQ(payloads("log"), "a\n");
}

TEST_F(Append, AcknowledgesEachRecordBeforeItReadsTheNext) {
  const auto running = start({"append", "log", "--sync", "each", "--ack"});
  for (int i = 1; i <= 20; ++i) {
    running->send("record\n");
    EXPECT_EQ(running->read_line(), std::to_string(i));
    EXPECT_EQ(running->unread(), "");
  }
  EXPECT_EQ(running->finish(),
            (Ended{0, "", "datawal append: appended 20 records, 680 bytes; last txid 20, segment 1; all durable\n"}));
}

TEST_F(Append, AcknowledgesAllAtTheEnd) {
  EXPECT_EQ(run({"append", "log"}, "old\n").status, 0);
  EXPECT_EQ(run({"append", "log", "--ack"}, "a\nb\nc\n").out, "2\n3\n4\n");
}

TEST_F(Append, AcknowledgesWhileTheInputStalls) {
  const auto running = start({"append", "log", "--sync", "every=5", "--ack"});
  running->send("a\nb\n");
  EXPECT_EQ(running->read_line(), "1");
  EXPECT_EQ(running->read_line(), "2");
  running->send("c\n");
  EXPECT_EQ(running->read_line(), "3");
  running->send("d");
  EXPECT_EQ(running->finish().out, "4\n");
}

TEST_F(Append, AcknowledgesInJson) {
  EXPECT_EQ(run({"append", "log", "--ack", "--sync", "each", "--json"}, "a\n"),
            (Ended{0,
                   R"({"schema":"datawal.cli.v1","kind":"ack","txid":1})"
                   "\n"
                   R"({"schema":"datawal.cli.v1","kind":"append","records_appended":1,"bytes_appended":29,)"
                   R"("last_txid":1,"last_segment":1,"durable":true})"
                   "\n",
                   ""}));
}

TEST_F(Append, WhatWasAcknowledgedSurvivesSigkill) {
  for (const char* sync : {"each", "every=1"}) {
    const std::string store = std::string("log-") + sync;
    const auto running = start({"append", store, "--sync", sync, "--ack"});
    std::string last;
    for (int i = 0; i < 50; ++i) {
      running->send("record-" + std::to_string(i) + "\n");
      last = running->read_line();
    }
    running->signal(SIGKILL);
    EXPECT_EQ(running->wait().status, 1000 + SIGKILL);
    EXPECT_EQ(last, "50");
    EXPECT_THAT(payloads(store), HasSubstr("record-49\n"));
    EXPECT_EQ(run({"append", store}, "next\n").status, 0);
    EXPECT_THAT(payloads(store), testing::EndsWith("record-49\nnext\n"));
  }
}

TEST_F(Append, NeverSyncsWhenToldSoAndTheNextOneMakesUpForIt) {
  const Ended never = run({"append", "log", "--sync", "never", "--json"}, "a\nb\n");
  EXPECT_EQ(never.status, 0);
  EXPECT_THAT(never.out, HasSubstr("\"last_txid\":2,\"last_segment\":1,\"durable\":false}"));
  EXPECT_EQ(payloads("log"), "a\nb\n");
  EXPECT_EQ(run({"append", "log"}, "c\n").out, "appended 1 record, 29 bytes; last txid 3, segment 1; all durable\n");
  EXPECT_EQ(payloads("log"), "a\nb\nc\n");
}

TEST_F(Append, EndsInGoodOrderAtASignal) {
  static const struct {
    int signal, status;
  } rows[] = {{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}};
  for (const auto& row : rows) {
    const std::string store = "log-" + std::to_string(row.signal);
    const auto running = start({"append", store, "--ack", "--sync", "every=5"});
    running->send("whole\nhalf");
    EXPECT_EQ(running->read_line(), "1");
    running->signal(row.signal);
    const Ended ended = running->wait();
    EXPECT_EQ(ended.status, row.status);
    EXPECT_THAT(ended.err, HasSubstr("appended 1 record, 33 bytes; last txid 1, segment 1; all durable\n"));
    EXPECT_THAT(ended.err, HasSubstr("stopped by signal " + std::to_string(row.signal)));
    EXPECT_EQ(payloads(store), "whole\n");
    EXPECT_EQ(run({"verify", store}).status, 0);
  }
}

TEST_F(Append, GoesOnAtASignalThatItsCallerIgnores) {
  for (const int ignored : {SIGINT, SIGTERM, SIGHUP}) {
    const std::string store = "log-" + std::to_string(ignored);
    const auto before = std::signal(ignored, SIG_IGN);
    const auto running = start({"append", store, "--ack", "--sync", "each"});
    std::signal(ignored, before);
    running->send("a\n");
    EXPECT_EQ(running->read_line(), "1");
    running->signal(ignored);
    running->send("b\n");
    EXPECT_EQ(running->read_line(), "2") << ignored;
    EXPECT_EQ(running->finish().status, 0) << ignored;
  }
}

TEST_F(Append, StopsWhenNobodyReadsItsAcknowledgements) {
  for (const char* sync : {"each", "every=1"}) {
    const std::string store = std::string("log-") + sync;
    const auto running = start({"append", store, "--ack", "--sync", sync});
    running->send("a\n");
    EXPECT_EQ(running->read_line(), "1");
    running->close_output();
    running->send("b\n");
    const Ended ended = running->wait();  // though its input stays open
    EXPECT_EQ(ended.status, 1) << sync;
    EXPECT_THAT(ended.err, HasSubstr("standard output takes no more"));
    EXPECT_EQ(payloads(store), "a\nb\n");
  }
}

TEST_F(Append, OnAFullDiskKeepsWhatFitsAndGoesOnWhenThereIsRoom) {
  if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
  in_child([this] {
    must_leave_mount_namespace();
    std::filesystem::create_directory(in_dir("disk"));
    mount_tmpfs(in_dir("disk"), "size=256k");
    write_file(in_dir("disk/ballast"), std::string(100'000, 'x'));
    const Ended full = run({"append", "disk/log", "--json"}, std::string(300'000, '\n'));
    EXPECT_EQ(full.status, 3);
    EXPECT_THAT(full.out, HasSubstr("\"durable\":true}"));
    EXPECT_THAT(full.err, HasSubstr("No space left on device"));
    EXPECT_THAT(full.err, HasSubstr("`df disk/log`"));
    EXPECT_THAT(full.err, HasSubstr("stopped at standard input, line "));
    EXPECT_EQ(run({"verify", "disk/log"}).status, 0);
    std::filesystem::remove(in_dir("disk/ballast"));
    EXPECT_EQ(run({"append", "disk/log"}, "more\n").status, 0);
    EXPECT_EQ(run({"verify", "disk/log"}).status, 0);
  });
}

TEST_F(Append, ReadsAFifo) {
  ASSERT_EQ(::mkfifo(in_dir("fifo").c_str(), 0600), 0);
  const auto running = start({"append", "log", "fifo"});
  const int fifo = ::open(in_dir("fifo").c_str(), O_WRONLY);
  EXPECT_EQ(::write(fifo, "through\n", 8), 8);
  ::close(fifo);
  EXPECT_EQ(running->finish().status, 0);
  EXPECT_EQ(payloads("log"), "through\n");
}

}  // namespace
}  // namespace datawal::test
