// What repair cuts, what it keeps of it, and what it leaves alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/dir_lock.hpp>
#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/verify.hpp>

#include "log/store_support.hpp"

namespace datawal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string one = test::raw_frame(1, "one");
const std::string two = test::raw_frame(2, "two");
const std::string three = test::raw_frame(3, "three");
const std::string four = test::raw_frame(4, "four");
const std::string five = test::raw_frame(5, "five");

std::string flipped(std::string bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  return bytes;
}

class Repair : public testing::Test {
 protected:
  void expect_nothing_to_do() {
    const test::Image before = store_.image();
    const RepairReport report = test::must(repair(store_.path()));
    EXPECT_EQ(report.action, RepairAction::none);
    EXPECT_EQ(report.segment, 0U);
    EXPECT_EQ(report.bytes_quarantined, 0U);
    EXPECT_THAT(report.quarantine_paths, IsEmpty());
    EXPECT_TRUE(store_.image() == before);
  }

  // Cuts at the place, leaves these payloads and a sound store whose next txid is `next_txid`.
  RepairReport expect_cut(std::uint32_t segment, std::uint64_t offset, const std::vector<std::string>& payloads,
                          std::uint64_t next_txid) {
    const RepairReport report = test::must(repair(store_.path()));
    EXPECT_EQ(report.action, RepairAction::cut);
    EXPECT_EQ(report.segment, segment);
    EXPECT_EQ(report.offset, offset);
    EXPECT_TRUE(test::must(verify(store_.path())).is_clean());
    EXPECT_EQ(test::must(repair(store_.path())).action, RepairAction::none) << "it must be sound now";
    RecordLog log = store_.open();
    std::vector<std::string> found;
    for (const Record& record : test::must(log.scan())) found.push_back(record.payload);
    EXPECT_EQ(found, payloads);
    EXPECT_FALSE(log.recovery_report().tail_truncated);
    EXPECT_EQ(test::must(log.append("after the repair", {.sync = true})).txid, next_txid);
    test::must(log.close());
    EXPECT_EQ(test::must(store_.open().scan()).size(), payloads.size() + 1);
    return report;
  }

  [[nodiscard]] std::string quarantined(const std::string& name) const { return test::read_file(store_ / name); }

  test::Store store_;
};

TEST_F(Repair, OfASoundStoreChangesNothing) {
  store_.put(1, one + two);
  store_.put(2, three);
  store_.put_watermark(2, three.size(), 3);
  expect_nothing_to_do();
  store_.remove_watermark();
  expect_nothing_to_do();
}

TEST_F(Repair, OfAnEmptyDirectoryChangesNothing) { expect_nothing_to_do(); }

TEST_F(Repair, TakesReservedZerosForSound) {
  store_.put(1, one + std::string(4096, '\0'));
  expect_nothing_to_do();
}

TEST_F(Repair, TakesAMissingMiddleSegmentForAGap) {
  store_.put(1, one);
  store_.put(3, three);
  expect_nothing_to_do();
}

TEST_F(Repair, CutsATornTail) {
  store_.put(1, one + two + three.substr(0, 30) + std::string(100, '\0'));
  const RepairReport report = expect_cut(1, 62, {"one", "two"}, 3);
  EXPECT_EQ(report.bytes_quarantined, 30U);
  EXPECT_EQ(report.records_quarantined, 0U);
  EXPECT_THAT(report.quarantine_paths, ElementsAre(store_ / "00000001.dwal.torn-62"));
  EXPECT_EQ(quarantined("00000001.dwal.torn-62"), three.substr(0, 30));
}

TEST_F(Repair, CutsAtAFlippedByteInTheActiveSegment) {
  store_.put(1, one + flipped(two, 0) + three);
  ASSERT_TRUE(test::refused(RecordLog::open(store_.path()), Errc::corruption));
  const RepairReport report = expect_cut(1, 31, {"one"}, 4);
  EXPECT_EQ(report.records_quarantined, 1U);
  EXPECT_EQ(report.bytes_quarantined, two.size() + three.size());
  EXPECT_EQ(quarantined("00000001.dwal.torn-31"), flipped(two, 0) + three);
}

TEST_F(Repair, CutsAtAFlippedByteBelowTheWatermark) {
  store_.put(1, one + flipped(two, 25) + three);
  store_.put_watermark(1, 31 + 31 + 33, 3);
  expect_cut(1, 31, {"one"}, 4);
  EXPECT_EQ(quarantined("00000001.dwal.torn-31"), flipped(two, 25) + three);
}

TEST_F(Repair, CutsAtAFlippedByteInASealedSegmentAndKeepsAllThatFollows) {
  store_.put(1, one);
  store_.put(2, two + flipped(three, 26));
  store_.put(4, four);
  store_.put(7, five + "torn");
  const RepairReport report = expect_cut(2, 31, {"one", "two"}, 6);
  EXPECT_EQ(report.records_quarantined, 2U);
  EXPECT_EQ(report.bytes_quarantined, three.size() + four.size() + five.size() + 4);
  EXPECT_THAT(report.quarantine_paths, ElementsAre(store_ / "00000002.dwal.torn-31", store_ / "00000004.dwal.torn-0",
                                                   store_ / "00000007.dwal.torn-0"));
  EXPECT_EQ(quarantined("00000002.dwal.torn-31"), flipped(three, 26));
  EXPECT_EQ(quarantined("00000004.dwal.torn-0"), four);
  EXPECT_EQ(quarantined("00000007.dwal.torn-0"), five + "torn");
}

TEST_F(Repair, CutsATornSealedSegment) {
  store_.put(1, one + two.substr(0, 10));
  store_.put(2, three);
  expect_cut(1, 31, {"one"}, 4);
}

TEST_F(Repair, CutsZerosOffASealedSegmentAndDoesNotKeepThem) {
  store_.put(1, one + std::string(64, '\0'));
  store_.put(2, "");
  const RepairReport report = expect_cut(1, 31, {"one"}, 2);
  EXPECT_EQ(report.bytes_quarantined, 0U);
}

TEST_F(Repair, CutsAtTheVeryBeginning) {
  store_.put(1, "text, and nothing but text");
  store_.put(2, two);
  expect_cut(1, 0, {}, 3);
  EXPECT_EQ(quarantined("00000001.dwal.torn-0"), "text, and nothing but text");
  EXPECT_EQ(quarantined("00000002.dwal.torn-0"), two);
}

TEST_F(Repair, GoesOnAboveTheWatermarksTxid) {
  store_.put(1, one);
  store_.put_watermark(1, 1000, 41);
  expect_cut(1, 31, {"one"}, 42);
}

TEST_F(Repair, GoesOnAboveTheWatermarksTxidWhereTheLastSegmentIsMissing) {
  store_.put(1, one);
  store_.put(2, two);
  store_.put_watermark(2, 31, 17);
  std::filesystem::remove(store_.segment(2));
  expect_cut(1, 31, {"one"}, 18);
}

TEST_F(Repair, GoesOnAboveTheWatermarksTxidWhereAllSegmentsAreMissing) {
  store_.put(3, one);
  store_.put_watermark(3, 31, 17);
  std::filesystem::remove(store_.segment(3));
  const RepairReport report = test::must(repair(store_.path()));
  EXPECT_EQ(report.action, RepairAction::cut);
  RecordLog log = store_.open();
  EXPECT_EQ(test::must(log.append("after the repair")).txid, 18U);
}

TEST_F(Repair, GoesOnAboveTheTxidsBehindATear) {
  store_.put(1, one + two.substr(0, 12) + std::string(19, '\0') + three);
  expect_cut(1, 31, {"one"}, 4);
}

TEST_F(Repair, RemembersTheTxidOverOpeningsThatAppendNothing) {
  store_.put(1, one + flipped(two, 0) + three);
  test::must(repair(store_.path()));
  for (int opening = 0; opening < 3; ++opening) EXPECT_EQ(store_.open().last_txid(), 3U);
}

TEST_F(Repair, TellsWhichSyncedTxidsAreCut) {
  store_.put(1, one + flipped(two, 25));
  store_.put(2, three);
  store_.put_watermark(2, 33, 3);
  RepairReport report = test::must(repair(store_.path()));
  EXPECT_EQ(report.synced_txids_cut.first, 2U);
  EXPECT_EQ(report.synced_txids_cut.last, 3U);
  EXPECT_FALSE(report.keys_may_return);

  store_.clear();
  store_.put(1, test::reference_encode(1, 1, "key", "old") + two.substr(0, 10));
  report = test::must(repair(store_.path()));
  EXPECT_EQ(report.synced_txids_cut.first, 0U) << "a tear costs nothing that was synced";
  EXPECT_TRUE(report.keys_may_return);
}

TEST_F(Repair, RefusesANewerFormatAndChangesNothing) {
  std::string newer = two;
  newer[4] = 2;
  for (const auto& [first, second] : {std::pair{one + newer, three}, {one, newer}, {newer, std::string()}}) {
    store_.put(1, first);
    store_.put(2, second);
    const test::Image before = store_.image();
    const Result<RepairReport> report = repair(store_.path());
    EXPECT_TRUE(test::refused(report, Errc::unsupported_version));
    EXPECT_TRUE(store_.image() == before);
  }
}

TEST_F(Repair, RefusesAStoreThatIsOpen) {
  const RecordLog log = store_.open();
  EXPECT_TRUE(test::refused(repair(store_.path()), Errc::locked));
}

TEST_F(Repair, GivesTheLockBack) {
  for (const std::string& content : {one, one + two.substr(0, 5), one + "\x44\x57\x41\x4c\x02" + two}) {
    store_.clear();
    store_.put(1, content);
    (void)repair(store_.path());
    EXPECT_TRUE(test::ok(DirLock::acquire(store_.path())));
  }
}

TEST_F(Repair, OfAMissingDirectoryIsNotFoundAndMakesNone) {
  EXPECT_TRUE(test::refused(repair(store_ / "nowhere"), Errc::not_found));
  EXPECT_FALSE(std::filesystem::exists(store_ / "nowhere"));
}

TEST_F(Repair, OverwritesNoEarlierQuarantine) {
  test::write_file(store_ / "00000001.dwal.torn-31", "earlier");
  test::write_file(store_ / "00000002.dwal.torn-0", "earlier");
  test::write_file(store_ / "00000002.dwal.torn-0-2", "earlier");
  store_.put(1, one + "text");
  store_.put(2, two);
  const RepairReport report = expect_cut(1, 31, {"one"}, 3);
  EXPECT_THAT(report.quarantine_paths,
              ElementsAre(store_ / "00000001.dwal.torn-31-2", store_ / "00000002.dwal.torn-0-3"));
  for (const char* name : {"00000001.dwal.torn-31", "00000002.dwal.torn-0", "00000002.dwal.torn-0-2"}) {
    EXPECT_EQ(quarantined(name), "earlier") << name;
  }
}

TEST_F(Repair, ChangesNoFileThatHasASecondName) {
  store_.put(1, one + "text");
  std::filesystem::create_hard_link(store_.segment(1), store_.beside("backup"));
  expect_cut(1, 31, {"one"}, 2);
  EXPECT_EQ(test::read_file(store_.beside("backup")), one + "text");
}

TEST_F(Repair, NeedsARoomInTheIds) {
  store_.put(99'999'999, one + flipped(two, 0) + three);
  const test::Image before = store_.image();
  EXPECT_TRUE(test::refused(repair(store_.path()), Errc::invalid_argument));
  EXPECT_TRUE(store_.image() == before) << "no copy of what was to be cut either";
}

TEST_F(Repair, MakesTheStoreOpenThatWasRefused) {
  // Each byte of three segments flipped in turn: whatever is refused opens after a repair, with the records before the flip.
  const std::vector<std::string> whole = {one + two, three, four + five};
  for (std::uint32_t id = 1; id <= 3; ++id) {
    for (std::size_t at = 0; at < whole[id - 1].size(); ++at) {
      SCOPED_TRACE("segment " + std::to_string(id) + ", byte " + std::to_string(at));
      store_.clear();
      for (std::uint32_t other = 1; other <= 3; ++other) store_.put(other, whole[other - 1]);
      store_.put(id, flipped(whole[id - 1], at));
      const Result<RepairReport> report = repair(store_.path());
      if (!report) {
        EXPECT_TRUE(test::refused(report, Errc::unsupported_version));
        continue;
      }
      std::size_t expected = 0;
      for (std::uint32_t other = 1; other < id; ++other)
        expected += test::reference_walk(1, whole[other - 1]).records.size();
      expected += test::reference_walk(1, flipped(whole[id - 1], at)).records.size();
      RecordLog log = store_.open();
      EXPECT_EQ(test::must(log.scan()).size(), expected);
      EXPECT_GE(test::must(log.append("next")).txid, expected + 1);
    }
  }
}

}  // namespace
}  // namespace datawal
