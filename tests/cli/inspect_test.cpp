// The looking commands on a small store: their transcripts, word by word.

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Inspect : public ProgramTest {
 protected:
  Inspect() {
    using namespace std::string_view_literals;
    EXPECT_EQ(run({"append", "log"}, "alpha\nbeta gamma\n\xFF\0x\n\n"sv).status, 0);
    EXPECT_EQ(run({"append", "log", "--key", "k"}, "last"sv).status, 0);
  }
};

TEST_F(Inspect, ScanPrintsALineARecord) {
  const Ended want{0,
                   "seg=00000001 off=         0 len=      33 type=RAW txid=         1 key= payload=alpha\n"
                   "seg=00000001 off=        33 len=      38 type=RAW txid=         2 key= payload=\"beta gamma\"\n"
                   "seg=00000001 off=        71 len=      31 type=RAW txid=         3 key= payload=b64:/wB4\n"
                   "seg=00000001 off=       102 len=      28 type=RAW txid=         4 key= payload=\n"
                   "seg=00000001 off=       130 len=      33 type=RAW txid=         5 key=k payload=last\n",
                   ""};
  EXPECT_EQ(run({"scan", "log"}), want);
  EXPECT_EQ(run({"tail", "log"}), want);
}

TEST_F(Inspect, ScanPrintsJson) {
  const std::string start = R"({"schema":"datawal.cli.v1","kind":"record","segment":1,)";
  const Ended want{
      0,
      start +
          R"("offset":0,"len":33,"record_type":"Raw","txid":1,"key_base64":"","payload_base64":"YWxwaGE=","ref":"1:0:33:1:f678e759"})" +
          "\n" + start +
          R"("offset":33,"len":38,"record_type":"Raw","txid":2,"key_base64":"","payload_base64":"YmV0YSBnYW1tYQ==","ref":"1:33:38:2:21cd8276"})" +
          "\n" + start +
          R"("offset":71,"len":31,"record_type":"Raw","txid":3,"key_base64":"","payload_base64":"/wB4","ref":"1:71:31:3:dc09d8a0"})" +
          "\n" + start +
          R"("offset":102,"len":28,"record_type":"Raw","txid":4,"key_base64":"","payload_base64":"","ref":"1:102:28:4:9bbaa633"})" +
          "\n" + start +
          R"("offset":130,"len":33,"record_type":"Raw","txid":5,"key_base64":"aw==","payload_base64":"bGFzdA==","ref":"1:130:33:5:d5828c2e"})" +
          "\n",
      ""};
  EXPECT_EQ(run({"--json", "scan", "log"}), want);
  EXPECT_EQ(run({"scan", "--json", "log"}), want);
  EXPECT_EQ(run({"scan", "log", "--json", "--bytes", "hex"}), want);
  EXPECT_EQ(run({"tail", "log", "--json"}), want);
}

TEST_F(Inspect, DumpPrintsLengthsForPayloads) {
  EXPECT_EQ(run({"dump", "log", "--limit", "2"}),
            (Ended{0,
                   "seg=00000001 off=         0 len=      33 type=RAW txid=         1 key= key_len=0 payload_len=5\n"
                   "seg=00000001 off=        33 len=      38 type=RAW txid=         2 key= key_len=0 payload_len=10\n",
                   ""}));
  EXPECT_EQ(
      run({"dump", "log", "--json", "--from-segment", "1", "--from-offset", "103"}),
      (Ended{
          0,
          R"({"schema":"datawal.cli.v1","kind":"frame","segment":1,"offset":130,"len":33,)"
          R"("record_type":"Raw","txid":5,"key_base64":"aw==","key_len":1,"payload_len":4,"ref":"1:130:33:5:d5828c2e"})"
          "\n",
          ""}));
}

TEST_F(Inspect, ScanShowsBytesAsAskedFor) {
  EXPECT_EQ(run({"scan", "log", "--bytes", "raw", "--from-segment", "1", "--from-offset", "71", "--limit", "1"}).out,
            "seg=00000001 off=        71 len=      31 type=RAW txid=         3 key= payload=\"\\xff\\x00x\"\n");
  EXPECT_THAT(run({"scan", "log", "--bytes", "hex", "--limit", "1"}).out, HasSubstr(" payload=hex:616c706861\n"));
  EXPECT_THAT(run({"scan", "log", "--bytes", "base64", "--limit", "1"}).out, HasSubstr(" payload=b64:YWxwaGE=\n"));
}

TEST_F(Inspect, ScanCutsLongPayloadsUnlessToldNotTo) {
  EXPECT_EQ(run({"append", "long"}, std::string(100, 'x')).status, 0);
  EXPECT_THAT(run({"scan", "long"}).out, HasSubstr(" payload=" + std::string(64, 'x') + "...\n"));
  EXPECT_THAT(run({"scan", "long", "--no-truncate"}).out, HasSubstr(" payload=" + std::string(100, 'x') + "\n"));
}

TEST_F(Inspect, ReportCounts) {
  EXPECT_EQ(run({"report", "log"}), (Ended{0,
                                           "files_scanned:          1\n"
                                           "records_replayed:       5\n"
                                           "tail_truncated:         no\n"
                                           "tail_bytes_discarded:   0\n"
                                           "mid_stream_errors:      0\n"
                                           "unsupported_versions:   0\n"
                                           "last_txid_seen:         5\n"
                                           "preallocated_bytes:     0\n"
                                           "txid_gaps:              0\n"
                                           "records_beyond_tear:    0\n"
                                           "quarantined_previously: 0\n",
                                           ""}));
  EXPECT_EQ(run({"--json", "report", "log"}),
            (Ended{0,
                   R"({"schema":"datawal.cli.v1","kind":"report","files_scanned":1,"records_replayed":5,)"
                   R"("tail_truncated":0,"tail_bytes_discarded":0,"mid_stream_errors":0,"unsupported_versions":0,)"
                   R"("last_txid_seen":5,"preallocated_bytes":0,"txid_gaps":0,"records_beyond_tear":0,)"
                   R"("quarantined_previously":0})"
                   "\n",
                   ""}));
}

TEST_F(Inspect, VerifyTellsThatAllIsThere) {
  EXPECT_EQ(run({"verify", "log"}), (Ended{0,
                                           "frames_checked:         5\n"
                                           "crc_failures:           0\n"
                                           "tail_truncated:         no\n"
                                           "tail_bytes_discarded:   0\n"
                                           "last_segment:           1\n"
                                           "last_offset:            163\n"
                                           "last_txid_seen:         5\n"
                                           "txid_gaps:              0\n"
                                           "out_of_order:           no\n"
                                           "watermark:              kept (everything that was synced is there)\n"
                                           "preallocated_bytes:     0\n"
                                           "records_beyond_tear:    0\n"
                                           "quarantined_previously: 0\n"
                                           "verdict:                clean\n",
                                           ""}));
  EXPECT_THAT(run({"--json", "verify", "log"}).out,
              StartsWith(R"({"schema":"datawal.cli.v1","kind":"verify","frames_checked":5,"crc_failures":0,)"
                         R"("tail_truncated":0,"tail_bytes_discarded":0,"last_segment":1,"last_offset":163,)"));
}

TEST_F(Inspect, SelectsBySegmentAndOffset) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run({"append", "many", "--segment-bytes", "30"}, "a\nb\n").status, 0);
  EXPECT_EQ(run({"scan", "many", "--from-segment", "3", "--limit", "2"}).out,
            "seg=00000003 off=         0 len=      29 type=RAW txid=         3 key= payload=a\n"
            "seg=00000004 off=         0 len=      29 type=RAW txid=         4 key= payload=b\n");
  EXPECT_EQ(run({"scan", "many", "--from-segment", "5", "--from-offset", "1"}).out,
            "seg=00000006 off=         0 len=      29 type=RAW txid=         6 key= payload=b\n");
  EXPECT_EQ(run({"scan", "many", "--limit", "0"}), (Ended{0, "", ""}));
  EXPECT_EQ(run({"scan", "many", "--from-segment", "7"}), (Ended{0, "", ""}));
  // Ids may have gaps; the offset belongs to the segment that was named.
  std::filesystem::remove(in_dir("many/00000003.dwal"));
  EXPECT_THAT(run({"scan", "many", "--from-segment", "3", "--from-offset", "20"}).out,
              StartsWith("seg=00000004 off=         0 len=      29 type=RAW txid=         4 "));
}

TEST_F(Inspect, TellsTxidGapsWithoutCallingThemDamage) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run({"append", "many", "--segment-bytes", "30"}, "a\n").status, 0);
  std::filesystem::remove(in_dir("many/00000002.dwal"));
  const Ended ended = run({"verify", "many"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("txid_gaps:              1\n"));
  EXPECT_THAT(ended.out, HasSubstr("gap:                    segment 3 offset 0: txids 2 to 2 are missing (1)\n"));
  EXPECT_THAT(ended.out, HasSubstr("verdict:                txid 2 is missing: only Raw records are there, and no "
                                   "compaction takes one; what is there is clean\n"));
  EXPECT_THAT(run({"--json", "verify", "many"}).out,
              HasSubstr(R"("txids_missing":1,"gaps":[{"segment":3,"offset":0,"first":2,"last":2}],"raw_only":true,)"
                        R"("verdict":"records_missing"})"));
  const Ended strict = run({"verify", "--strict", "many"});
  EXPECT_EQ(strict.status, 3);
  EXPECT_THAT(strict.err, HasSubstr("many: txid 2 is missing"));
}

TEST_F(Inspect, TellsThatGapsAmongKeysMayBeCompactions) {
  for (const char* value : {"1", "2", "3"}) {
    EXPECT_EQ(run({"put", "kv", "--key", "k", value, "--segment-bytes", "30"}).status, 0);
  }
  std::filesystem::remove(in_dir("kv/00000002.dwal"));
  const Ended ended = run({"verify", "kv"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("verdict:                clean; txid 2 is missing, as compaction and lost segments "
                                   "leave it\n"));
  EXPECT_THAT(run({"--json", "verify", "kv"}).out, HasSubstr(R"("raw_only":false,"verdict":"gaps"})"));
  EXPECT_EQ(run({"verify", "--strict", "kv"}).status, 3);
  EXPECT_EQ(run({"verify", "--strict", "log"}).status, 0);
}

TEST_F(Inspect, WhatIsNoStoreIsNoSuccess) {
  std::filesystem::create_directory(in_dir("empty"));
  for (const char* command : {"scan", "tail", "dump", "report", "verify"}) {
    const Ended absent = run({command, "nowhere"});
    EXPECT_EQ(absent.status, 1) << command;
    EXPECT_THAT(absent.err, HasSubstr("nowhere")) << command;
    EXPECT_THAT(absent.err, HasSubstr("`datawal append nowhere` makes a store")) << command;
    const Ended empty = run({command, "empty"});
    EXPECT_EQ(empty.status, 1) << command;
    EXPECT_THAT(empty.err, HasSubstr("empty holds no segment")) << command;
    const Ended file = run({command, "log/00000001.dwal"});
    EXPECT_EQ(file.status, 1) << command;
    EXPECT_EQ(absent.out + empty.out + file.out, "") << command;
  }
  EXPECT_TRUE(std::filesystem::is_empty(in_dir("empty")));
  EXPECT_FALSE(std::filesystem::exists(in_dir("nowhere")));
}

TEST_F(Inspect, ChangesNothing) {
  const auto before = image_of("log");
  for (const char* command : {"scan", "tail", "dump", "report", "verify"}) {
    EXPECT_EQ(run({command, "log"}).status, 0) << command;
    EXPECT_EQ(run({command, "log", "--json"}).status, 0) << command;
  }
  EXPECT_EQ(image_of("log"), before);
}

TEST_F(Inspect, WorksBesideALiveWriter) {
  const auto writer = start({"append", "log", "--sync", "each", "--ack"});
  writer->send("live\n");
  EXPECT_EQ(writer->read_line(), "6");
  for (const char* command : {"scan", "tail", "dump", "report", "verify"}) {
    EXPECT_EQ(run({command, "log"}).status, 0) << command;
  }
  EXPECT_THAT(run({"scan", "log"}).out, HasSubstr("txid=         6 key= payload=live\n"));
  const Ended locked = run({"append", "log"}, "no\n");
  EXPECT_EQ(locked.status, 1);
  EXPECT_THAT(locked.err, HasSubstr(std::to_string(writer->pid())));
  EXPECT_THAT(locked.err, HasSubstr("`datawal tail log`"));
  EXPECT_EQ(writer->finish().status, 0);
}

}  // namespace
}  // namespace datawal::test
