// Torn and damaged stores: what is printed, the exit status, and the ways out.

#include <sstream>

#include "cli/program_test.hpp"
#include "support/hex.hpp"
#include "support/sha256.hpp"

namespace datawal::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Damage : public ProgramTest {};

TEST_F(Damage, OfTheCorpusIsAsItsNamesSay) {
  static const struct {
    const char* name;
    int status;
    const char* payloads;
    const char* code;
  } rows[] = {
      {"valid_log", 0, "alpha\nbeta\ngamma\n", ""}, {"compact_to_output", 0, "final\nvalue\n", ""},
      {"delete_tombstone", 0, "1\n2\n3\n\n", ""},   {"truncated_tail", 2, "one\ntwo\n", "torn_tail"},
      {"bad_crc", 3, "good\n", "corruption"},       {"unknown_version", 3, "", "unsupported_version"},
  };
  for (const auto& row : rows) {
    copy_fixture(std::string("corpus/") + row.name, row.name);
    const auto before = image_of(row.name);
    EXPECT_EQ(payloads(row.name), row.payloads) << row.name;
    for (const char* command : {"scan", "tail", "dump", "report", "verify"}) {
      const Ended human = run({command, row.name});
      EXPECT_EQ(human.status, row.status) << row.name << ' ' << command;
      EXPECT_EQ(human.err.empty(), row.status == 0) << row.name << ' ' << command;
      const Ended json = run({"--json", command, row.name});
      EXPECT_EQ(json.status, row.status) << row.name << ' ' << command;
      if (row.status == 0) continue;
      EXPECT_THAT(human.err, HasSubstr(row.name)) << "the file is named";
      EXPECT_THAT(json.err, AllOf(HasSubstr(R"({"schema":"datawal.cli.v1","kind":"error","command":")"),
                                  HasSubstr(std::string(R"("code":")") + row.code + '"')));
    }
    EXPECT_EQ(image_of(row.name), before) << row.name;
  }
}

// The value of a field of an object that JsonLine wrote, without quotes.
std::string field(std::string_view json, const std::string& name) {
  const std::size_t start = json.find("\"" + name + "\":") + name.size() + 3;
  const bool quoted = json.at(start) == '"';
  const std::size_t end = json.find_first_of(quoted ? "\"" : ",}", start + 1);
  return std::string(json.substr(start + (quoted ? 1 : 0), end - start - (quoted ? 1 : 0)));
}

std::string from_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(alphabet.find(c));
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return bytes;
}

TEST_F(Damage, IsTheNextCommandsMatterAndVerifyDoesNotNameItself) {
  copy_fixture("corpus/bad_crc", "log");
  EXPECT_THAT(run({"scan", "log"}).err, HasSubstr("run `datawal verify log`, then `datawal repair log --salvage OUT`"));
  EXPECT_THAT(run({"verify", "log"}).err, HasSubstr("nothing was changed: run `datawal repair log --salvage OUT`"));
}

TEST_F(Damage, IsAbsentFromTheMixedStoreOfTheReference) {
  copy_fixture("mixed/store", "mixed");
  const Ended scan = run({"--json", "scan", "mixed"});
  EXPECT_EQ(scan.status, 0);
  std::ostringstream listing;
  listing << "segment offset len type txid key_len key_sha256_16 payload_len payload_sha256_16\n";
  std::istringstream lines(scan.out);
  for (std::string line; std::getline(lines, line);) {
    const std::string key = from_base64(field(line, "key_base64"));
    const std::string payload = from_base64(field(line, "payload_base64"));
    listing << field(line, "segment") << ' ' << field(line, "offset") << ' ' << field(line, "len") << ' '
            << field(line, "record_type") << ' ' << field(line, "txid") << ' ' << key.size() << ' '
            << Sha256::hex(key).substr(0, 16) << ' ' << payload.size() << ' ' << Sha256::hex(payload).substr(0, 16)
            << '\n';
  }
  EXPECT_EQ(listing.str(), read_file(std::filesystem::path(DATAWAL_FIXTURES) / "mixed/scan.txt"));

  const std::string report = run({"--json", "report", "mixed"}).out;
  std::istringstream wanted(read_file(std::filesystem::path(DATAWAL_FIXTURES) / "mixed/report.txt"));
  for (std::string line; std::getline(wanted, line);) {
    const std::size_t equals = line.find('=');
    EXPECT_EQ(field(report, line.substr(0, equals)), line.substr(equals + 1)) << line;
  }
}

TEST_F(Damage, OfATailIsCutByTheNextAppendAndItsBytesAreKept) {
  copy_fixture("corpus/truncated_tail", "log");
  EXPECT_THAT(
      run({"scan", "log"}).err,
      HasSubstr("log/00000001.dwal ends at offset 62 in a torn record of 28 bytes, as a crash leaves it; every record "
                "before it is whole: `datawal append log` or `datawal repair log` sets it aside and goes on"));
  const std::string torn = read_file(in_dir("log/00000001.dwal")).substr(62);
  const Ended append = run({"append", "log"}, "three\n");
  EXPECT_EQ(append.status, 0);
  EXPECT_THAT(append.err, HasSubstr("28 bytes were moved to log/00000001.dwal.torn-62"));
  EXPECT_EQ(read_file(in_dir("log/00000001.dwal.torn-62")), torn);
  EXPECT_EQ(payloads("log"), "one\ntwo\nthree\n");
  EXPECT_EQ(run({"verify", "log"}).status, 0);
  EXPECT_THAT(run({"report", "log"}).out, HasSubstr("quarantined_previously: 1\n"));
}

TEST_F(Damage, MakesAppendRefuseAndChangesNothing) {
  copy_fixture("corpus/bad_crc", "log");
  const std::string segment = read_file(in_dir("log/00000002.dwal"));
  const Ended append = run({"append", "log"}, "more\n");
  EXPECT_EQ(append.status, 3);
  EXPECT_EQ(append.out, "");
  EXPECT_THAT(append.err,
              AllOf(HasSubstr("segment 2, offset 0"), HasSubstr("`datawal repair log`"), HasSubstr("--salvage OUT")));
  EXPECT_EQ(read_file(in_dir("log/00000002.dwal")), segment);
}

TEST_F(Damage, IsCutByRepairAndKept) {
  copy_fixture("corpus/bad_crc", "log");
  const Ended repair = run({"repair", "log"});
  EXPECT_EQ(repair.status, 0) << repair.err;
  EXPECT_THAT(repair.out, HasSubstr("action:                 cut"));
  EXPECT_THAT(repair.out, HasSubstr("bytes_quarantined:      83\n"));
  EXPECT_THAT(repair.err, Not(HasSubstr("shows its older value again"))) << "there are no keys";
  EXPECT_EQ(payloads("log"), "good\n");
  EXPECT_EQ(run({"verify", "log"}).status, 0);
  EXPECT_EQ(run({"append", "log"}, "next\n").status, 0);
  EXPECT_EQ(payloads("log"), "good\nnext\n");
  EXPECT_THAT(run({"repair", "log"}).out, HasSubstr("action:                 none"));
}

TEST_F(Damage, RepairPrintsJson) {
  copy_fixture("corpus/truncated_tail", "log");
  const Ended repair = run({"--json", "repair", "log"});
  EXPECT_EQ(repair.status, 0);
  EXPECT_EQ(
      repair.out,
      R"({"schema":"datawal.cli.v1","kind":"repair","action":"cut","segment":1,"offset":62,"bytes_quarantined":28,)"
      R"("quarantine_path":"log/00000001.dwal.torn-62","records_salvaged":0,)"
      R"("quarantine_paths":["log/00000001.dwal.torn-62"],"records_quarantined":0,"records_apart":0,)"
      R"("synced_txids_cut":null,"keys_may_return":false})"
      "\n");
  EXPECT_EQ(
      run({"--json", "repair", "log"}).out,
      R"({"schema":"datawal.cli.v1","kind":"repair","action":"none","segment":0,"offset":0,"bytes_quarantined":0,)"
      R"("quarantine_path":null,"records_salvaged":0,"quarantine_paths":[],"records_quarantined":0,"records_apart":0,)"
      R"("synced_txids_cut":null,"keys_may_return":false})"
      "\n");
}

TEST_F(Damage, RepairRefusesANewerFormat) {
  copy_fixture("corpus/unknown_version", "log");
  const std::string segment = read_file(in_dir("log/00000001.dwal"));
  const Ended repair = run({"repair", "log"});
  EXPECT_EQ(repair.status, 3);
  EXPECT_THAT(repair.err, HasSubstr("newer datawal"));
  EXPECT_EQ(read_file(in_dir("log/00000001.dwal")), segment);
}

TEST_F(Damage, SalvageCopiesWhatDecodesAndTouchesNothing) {
  copy_fixture("corpus/bad_crc", "log");
  const auto before = image_of("log");
  const Ended salvage = run({"repair", "log", "--salvage", "out"});
  EXPECT_EQ(salvage.status, 2) << "what was lost is told";
  EXPECT_THAT(salvage.out, AllOf(HasSubstr("records_salvaged:       2\n"), HasSubstr("bytes_skipped:          50\n"),
                                 HasSubstr("lost_txids:             2 to 2\n")));
  EXPECT_THAT(salvage.err, HasSubstr("out is sound, but not complete: 50 bytes of log are in no whole record"));
  EXPECT_EQ(image_of("log"), before);
  EXPECT_EQ(payloads("out"), "good\nafter\n");
  EXPECT_EQ(run({"verify", "out"}).status, 0);
  const Ended again = run({"repair", "log", "--salvage", "out"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("`ls -la out`"));
}

TEST_F(Damage, SalvageOfASoundStoreIsAWholeCopy) {
  copy_fixture("corpus/valid_log", "log");
  const Ended salvage = run({"--json", "repair", "log", "--salvage", "out"});
  EXPECT_EQ(salvage, (Ended{0,
                            R"({"schema":"datawal.cli.v1","kind":"repair","action":"salvage","segment":0,"offset":0,)"
                            R"("bytes_quarantined":0,"quarantine_path":null,"records_salvaged":3,"target":"out",)"
                            R"("bytes_skipped":0,"duplicates":0,"conflicts":0,"records_apart":0,"lost_txids":[]})"
                            "\n",
                            ""}));
  EXPECT_EQ(read_file(in_dir("out/00000001.dwal")), read_file(in_dir("log/00000001.dwal")));
}

TEST_F(Damage, SalvageTellsThatASyncedSegmentIsMissing) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(run({"append", "log", "--segment-bytes", "30"}, "a\n").status, 0);
  std::filesystem::remove(in_dir("log/00000002.dwal"));
  const Ended salvage = run({"repair", "log", "--salvage", "out"});
  EXPECT_EQ(salvage.status, 2);
  EXPECT_THAT(salvage.err, HasSubstr("something that was synced is not in log any more"));
  EXPECT_EQ(run({"repair", "log"}).status, 0);
  EXPECT_EQ(payloads("log"), "a\n");
}

TEST_F(Damage, InFrontOfTheNewestSegmentsEndsTheTailToo) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(run({"append", "log", "--segment-bytes", "58"}, "a\nb\n").status, 0);
  flip_byte("log/00000003.dwal", 29 + 25);
  const Ended tail = run({"tail", "log", "-n", "3"});
  EXPECT_EQ(tail.status, 3);
  EXPECT_THAT(tail.out, Not(HasSubstr("seg=00000004")));
  EXPECT_THAT(tail.err, HasSubstr("segment 3, offset 29"));
}

TEST_F(Damage, SwappedSegmentsAreOutOfOrder) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run({"append", "log", "--segment-bytes", "30"}, "a\n").status, 0);
  std::filesystem::remove(in_dir("log/.watermark"));
  std::filesystem::rename(in_dir("log/00000001.dwal"), in_dir("log/x"));
  std::filesystem::rename(in_dir("log/00000002.dwal"), in_dir("log/00000001.dwal"));
  std::filesystem::rename(in_dir("log/x"), in_dir("log/00000002.dwal"));
  const Ended verify = run({"verify", "log"});
  EXPECT_EQ(verify.status, 3);
  EXPECT_THAT(verify.out,
              AllOf(HasSubstr("out_of_order:           yes\n"), HasSubstr("verdict:                OUT OF ORDER\n")));
  EXPECT_THAT(verify.err, AllOf(HasSubstr("log/00000002.dwal"), HasSubstr("--salvage OUT")));
  EXPECT_EQ(run({"get", "log", "--key", "a"}).status, 3) << "no old value is shown";
  const Ended salvage = run({"repair", "log", "--salvage", "rescued"});
  EXPECT_EQ(salvage.status, 0) << "nothing was lost: " << salvage.err;
  EXPECT_EQ(run({"verify", "--strict", "rescued"}).status, 0);
}

TEST_F(Damage, IsToldWithWhatBothWaysOutCost) {
  EXPECT_EQ(run({"append", "log", "--segment-bytes", "100"}, "a\nb\nc\nd\ne\nf\ng\n").status, 0);
  flip_byte("log/00000001.dwal", 29 + 24);
  EXPECT_THAT(
      run({"verify", "log"}).err,
      HasSubstr("here --salvage loses 1 damaged place (29 bytes), and without it 5 whole records would be set aside"));
}

TEST_F(Damage, OfSyncedRecordsIsToldByTxidWhenItIsCut) {
  EXPECT_EQ(run({"append", "log", "--sync", "each"}, "a\nb\nc\n").status, 0);
  truncate_by("log/00000001.dwal", 5);
  const Ended repair = run({"repair", "log"});
  EXPECT_EQ(repair.status, 0);
  EXPECT_THAT(repair.err, HasSubstr("txid 3, which had been synced, is lost"));
  EXPECT_THAT(repair.err, Not(HasSubstr("key")));
}

TEST_F(Damage, OfAnotherKindThanAChecksumIsNoZeroWithoutAWord) {
  EXPECT_EQ(run({"append", "log"}, "a\nb\n").status, 0);
  flip_byte("log/00000001.dwal", 0);
  EXPECT_THAT(run({"verify", "log"}).out, HasSubstr("crc_failures:           0 (the damage is of another kind)\n"));
  EXPECT_THAT(run({"--json", "verify", "log"}).out, HasSubstr(R"("verdict":"damaged")"));
}

// Issue "Shown by" 3: a cut below the watermark is damage, above it a tear.
TEST_F(Damage, BelowTheWatermarkIsRefusedAndWithoutOneItIsATear) {
  EXPECT_EQ(run({"append", "log", "--sync", "each"}, "rec-1\nrec-2\nrec-3\n").status, 0);
  truncate_by("log/00000001.dwal", 5);
  const std::string cut_bytes = read_file(in_dir("log/00000001.dwal")).substr(66);
  for (const char* command : {"verify", "append"}) {
    const Ended refused = run({command, "log"});
    EXPECT_EQ(refused.status, 3) << command;
    EXPECT_THAT(refused.err, HasSubstr("`datawal repair log`")) << command;
  }
  EXPECT_THAT(run({"verify", "log"}).out, HasSubstr("watermark:              broken"));

  std::filesystem::remove(in_dir("log/.watermark"));
  EXPECT_EQ(run({"verify", "log"}).status, 2);
  const Ended append = run({"append", "log"}, "rec-4\nrec-5\n");
  EXPECT_EQ(append.status, 0);
  EXPECT_EQ(append.out, "appended 2 records, 66 bytes; last txid 4, segment 1; all durable\n");
  EXPECT_EQ(payloads("log"), "rec-1\nrec-2\nrec-4\nrec-5\n");
  EXPECT_EQ(run({"append", "log"}).status, 0);
  EXPECT_EQ(payloads("log"), "rec-1\nrec-2\nrec-4\nrec-5\n");
  EXPECT_EQ(cut_bytes.size(), 28U);
  EXPECT_EQ(read_file(in_dir("log/00000001.dwal.torn-66")), cut_bytes);
  EXPECT_EQ(run({"verify", "log"}).status, 0);
}

}  // namespace
}  // namespace datawal::test
