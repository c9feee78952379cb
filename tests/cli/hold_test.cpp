// `datawal hold`: what consumers still need, set and shown; and what compact, trim and stat make of it.

#include "cli/program_test.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class HoldCommand : public ProgramTest {
 protected:
  // One key after the other, each in a segment of its own.
  void put_rounds(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      EXPECT_EQ(
          run({"put", "kv", "--key", "a", std::to_string(i) + std::string(90, 'v'), "--segment-bytes", "100"}).status,
          0);
    }
  }
};

TEST_F(HoldCommand, SetsListsAndDrops) {
  put_rounds(3);
  EXPECT_EQ(run({"hold", "kv"}), (Ended{0, "", ""}));
  EXPECT_EQ(run({"hold", "kv", "mirror", "2"}),
            (Ended{0, "name:                   mirror\ntxid:                   2\n", ""}));
  EXPECT_EQ(run({"hold", "kv", "backup", "0"}).status, 0);
  EXPECT_EQ(run({"hold", "kv"}), (Ended{0, "backup 0\nmirror 2\n", ""}));
  EXPECT_EQ(run({"--json", "hold", "kv"}).out,
            "{\"schema\":\"datawal.cli.v1\",\"kind\":\"hold\",\"name\":\"backup\",\"txid\":0}\n"
            "{\"schema\":\"datawal.cli.v1\",\"kind\":\"hold\",\"name\":\"mirror\",\"txid\":2}\n");
  EXPECT_EQ(run({"hold", "kv", "mirror", "--drop"}),
            (Ended{0, "name:                   mirror\ndropped:                yes\n", ""}));
  EXPECT_THAT(run({"hold", "kv", "mirror", "--drop"}).out, HasSubstr("dropped:                no\n"));
  EXPECT_EQ(run({"hold", "kv"}).out, "backup 0\n");
}

TEST_F(HoldCommand, WithoutATxidHoldsWhatComesFromNowOn) {
  put_rounds(3);
  EXPECT_THAT(run({"hold", "kv", "backup"}).out, HasSubstr("txid:                   3\n"));
}

TEST_F(HoldCommand, IsGoneByAndShownByCompactAndStat) {
  put_rounds(6);
  EXPECT_EQ(run({"hold", "kv", "mirror", "2"}).status, 0);
  EXPECT_THAT(run({"compact", "kv", "--dry-run"}).out, HasSubstr("segments_held:          3\n"));
  const Ended compacted = run({"compact", "kv"});
  EXPECT_EQ(compacted.status, 0);
  EXPECT_THAT(compacted.out, HasSubstr("segments_removed:       2\n"));
  EXPECT_THAT(compacted.out, HasSubstr("segments_held:          3\n"));
  EXPECT_THAT(compacted.err, HasSubstr("`datawal hold kv` shows whose"));
  EXPECT_THAT(run({"stat", "kv"}).out,
              HasSubstr("hold mirror:            txid 2; keeps 3 sealed segments, 360 bytes, of these 360 garbage\n"));
  EXPECT_THAT(run({"--json", "stat", "kv"}).out,
              HasSubstr(R"("holds":[{"name":"mirror","txid":2,"segments":3,"bytes":360,"garbage_bytes":360}])"));
  EXPECT_EQ(run({"hold", "kv", "mirror", "--drop"}).status, 0);
  EXPECT_THAT(run({"stat", "kv"}).out, Not(HasSubstr("hold")));
  EXPECT_THAT(run({"compact", "kv"}).out, HasSubstr("segments_removed:       3\n"));
}

TEST_F(HoldCommand, IsGoneByTrimWhichSaysSo) {
  EXPECT_EQ(run({"append", "log", "--segment-bytes", "40"}, "one\ntwo\nthree\nfour\nfive\n").status, 0);
  EXPECT_EQ(run({"hold", "log", "mirror", "2"}).status, 0);
  const Ended trimmed = run({"trim", "log", "--keep-segments", "1"});
  EXPECT_EQ(trimmed.status, 0);
  EXPECT_THAT(trimmed.out, HasSubstr("segments_removed:       2\nrecords_removed:        2\n"));
  EXPECT_THAT(trimmed.out, HasSubstr("first_segment:          3\nsegments_held:          2\n"));
  EXPECT_THAT(trimmed.err, HasSubstr("a hold keeps 2 segments more"));
}

TEST_F(HoldCommand, RefusesWhatItCannotDo) {
  put_rounds(1);
  EXPECT_EQ(run({"hold", "nowhere"}).status, 1);
  EXPECT_EQ(run({"hold", "nowhere", "mirror"}).status, 1);
  EXPECT_EQ(run({"hold", "kv", "mirror", "2"}).status, 1) << "there is no such record yet";
  EXPECT_EQ(run({"hold", "kv", "a b", "1"}).status, 1);
  EXPECT_EQ(run({"hold", "kv", "mirror", "-1"}).status, 1);
  EXPECT_EQ(run({"hold", "kv", "mirror", "one"}).status, 1);
  EXPECT_EQ(run({"hold", "kv", "--drop"}).status, 1);
  EXPECT_EQ(run({"hold", "kv", "mirror", "1", "--drop"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(in_dir("nowhere")));
  EXPECT_FALSE(std::filesystem::exists(in_dir("kv") / ".holds"));
}

TEST_F(HoldCommand, ThatCannotBeReadIsSaidWithTheWayOut) {
  put_rounds(3);
  write_file(in_dir("kv") / ".holds", "no holds");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"hold", "kv"}, {"hold", "kv", "mirror"}, {"compact", "kv"}}) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.err, HasSubstr("remove it, then let each consumer set its hold again"));
  }
  EXPECT_EQ(run({"stat", "kv"}).status, 0);
  EXPECT_THAT(run({"stat", "kv"}).out, HasSubstr("holds:                  cannot read holds"));
  EXPECT_EQ(run({"get", "kv", "--key", "a"}).status, 0);
  EXPECT_EQ(run({"put", "kv", "--key", "b", "goes on"}).status, 0);
}

}  // namespace
}  // namespace datawal::test
