// What lies in a store's directory besides segments in unbroken order.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/store_support.hpp"

namespace datawal {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class RecoveryOfADirectory : public testing::Test {
 protected:
  void put_records(std::initializer_list<std::uint32_t> ids) {
    std::uint64_t txid = 0;
    for (const std::uint32_t id : ids) store_.put(id, test::raw_frame(++txid, "in " + std::to_string(id)));
  }

  test::Store store_;
};

TEST_F(RecoveryOfADirectory, RemovesTemporariesAndNothingThatLooksLikeOne) {
  const std::vector<std::string> kept = {".tmp-0123456789abcde.dwal-tmp",    // fifteen digits
                                         ".tmp-0123456789abcdef0.dwal-tmp",  // seventeen
                                         ".tmp-0123456789ABCDEF.dwal-tmp",   // upper case
                                         ".tmp-0123456789abcdeg.dwal-tmp",   // no digit
                                         "tmp-0123456789abcdef.dwal-tmp",   ".tmp-0123456789abcdef.dwal-tmp~",
                                         ".tmp-0123456789abcdef.dwal",      "data.tmp"};
  for (const std::string& name : kept) test::write_file(store_ / name, "kept");
  test::write_file(store_ / ".tmp-0123456789abcdef.dwal-tmp", "goes");
  test::write_file(store_ / ".tmp-ffffffffffffffff.dwal-tmp", "goes");
  put_records({1});
  const RecordLog log = store_.open();
  for (const std::string& name : kept) EXPECT_EQ(test::read_file(store_ / name), "kept") << name;
  EXPECT_THAT(store_.names(), Not(Contains(".tmp-0123456789abcdef.dwal-tmp")));
  EXPECT_THAT(store_.names(), Not(Contains(".tmp-ffffffffffffffff.dwal-tmp")));
}

TEST_F(RecoveryOfADirectory, RemovesTemporariesWhereThereIsNoSegmentYet) {
  test::write_file(store_ / ".tmp-0123456789abcdef.dwal-tmp", "goes");
  const RecordLog log = store_.open();
  EXPECT_THAT(store_.names(), ElementsAre(".watermark", "00000001.dwal"));
}

TEST_F(RecoveryOfADirectory, KeepsTheTemporariesOfAStoreThatItRefuses) {
  test::write_file(store_ / ".tmp-0123456789abcdef.dwal-tmp", "stays");
  store_.put(1, "no record at all, but text");
  EXPECT_TRUE(test::refused(RecordLog::open(store_.path()), Errc::corruption));
  EXPECT_THAT(store_.names(), Contains(".tmp-0123456789abcdef.dwal-tmp"));
}

TEST_F(RecoveryOfADirectory, TakesIdsWithGapsInTheirOrder) {
  put_records({2, 3, 9, 10, 400});
  RecordLog log = store_.open();
  EXPECT_EQ(log.active_segment(), 400U);
  std::vector<std::uint32_t> segments;
  for (const Record& record : test::must(log.scan())) segments.push_back(record.ref.segment);
  EXPECT_THAT(segments, ElementsAre(2U, 3U, 9U, 10U, 400U));
  EXPECT_EQ(log.recovery_report().txid_gaps, 0U);
  EXPECT_EQ(log.recovery_report().files_scanned, 5U);
  test::must(log.rotate());
  EXPECT_EQ(log.active_segment(), 401U);
}

TEST_F(RecoveryOfADirectory, CountsTheGapsInTheTxids) {
  store_.put(1, test::raw_frame(3, "a") + test::raw_frame(4, "b") + test::raw_frame(6, "c"));
  store_.put(2, test::raw_frame(8, "d") + test::raw_frame(9, "e") + test::raw_frame(12, "f"));
  RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().txid_gaps, 3U);
  EXPECT_EQ(log.recovery_report().last_txid_seen, 12U);
  EXPECT_EQ(test::must(log.append("next")).txid, 13U) << "above every txid seen";
}

TEST_F(RecoveryOfADirectory, IgnoresEverythingThatIsNoSegment) {
  put_records({1});
  for (const char* name : {"00000000.dwal", "000000002.dwal", "2.dwal", "00000002.dwal.bak", "00000002.DWAL",
                           "100000000.dwal", "notes.txt"}) {
    test::write_file(store_ / name, "not a segment");
  }
  std::filesystem::create_directory(store_ / "00000000");
  const RecordLog log = store_.open();
  EXPECT_EQ(log.active_segment(), 1U);
  EXPECT_EQ(test::must(log.scan()).size(), 1U);
}

TEST_F(RecoveryOfADirectory, CountsWhatWasQuarantinedBefore) {
  put_records({1});
  for (const char* name : {"00000001.dwal.torn-5", "00000001.dwal.torn-5-2", "00000007.dwal.torn-0"}) {
    test::write_file(store_ / name, "torn");
  }
  const RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().quarantined_previously, 3U);
  EXPECT_FALSE(log.recovery_report().tail_truncated);
}

TEST_F(RecoveryOfADirectory, UsesTheHighestIdThereIsAndNoneBeyond) {
  put_records({99'999'998});
  RecordLog log = store_.open({.max_segment_bytes = 100});
  test::must(log.rotate());
  EXPECT_EQ(log.active_segment(), 99'999'999U);
  const RecordRef last = test::must(log.append(std::string(60, 'x')));
  EXPECT_EQ(last.segment, 99'999'999U);
  EXPECT_TRUE(test::refused(log.rotate(), Errc::invalid_argument));
  EXPECT_TRUE(test::refused(log.append(std::string(60, 'y')), Errc::invalid_argument)) << "it would have to rotate";
  EXPECT_FALSE(log.is_poisoned());
  EXPECT_EQ(test::must(log.read(last)).payload, std::string(60, 'x'));
  test::must(log.close());
  EXPECT_THAT(store_.names(), ElementsAre(".watermark", "99999998.dwal", "99999999.dwal"));
  EXPECT_EQ(test::must(store_.open().scan()).size(), 2U);
}

TEST_F(RecoveryOfADirectory, AppendsToTheHighestIdWithoutALimit) {
  put_records({99'999'999});
  RecordLog log = store_.open({.max_segment_bytes = 0});
  EXPECT_EQ(test::must(log.append(std::string(1000, 'y'))).segment, 99'999'999U);
}

TEST_F(RecoveryOfADirectory, MakesMissingDirectories) {
  const std::filesystem::path deep = store_ / "a/b/c";
  {
    RecordLog log = test::must(RecordLog::open(deep / ""));
    test::must(log.append("one"));
  }
  EXPECT_EQ(safeatomic::test::mode_of(store_ / "a"), 0700U);
  EXPECT_EQ(safeatomic::test::mode_of(deep), 0700U);
  EXPECT_EQ(safeatomic::test::mode_of(deep / "00000001.dwal"), 0600U);
  EXPECT_EQ(test::must(test::must(RecordLog::open(deep)).scan()).size(), 1U);
}

TEST_F(RecoveryOfADirectory, TakesTheModesThatWereAskedFor) {
  const std::filesystem::path dir = store_ / "shared";
  RecordLog log = test::must(RecordLog::open(dir, {.file_mode = 0640, .directory_mode = 0750}));
  test::must(log.append("one"));
  test::must(log.rotate());
  EXPECT_EQ(safeatomic::test::mode_of(dir), 0750U);
  for (const char* name : {"00000001.dwal", "00000002.dwal", ".watermark", ".lock"}) {
    EXPECT_EQ(safeatomic::test::mode_of(dir / name), 0640U) << name;
  }
}

TEST_F(RecoveryOfADirectory, RefusesAnEmptyPathAndAFile) {
  EXPECT_TRUE(test::refused(RecordLog::open(""), Errc::invalid_argument));
  test::write_file(store_ / "file", "content");
  EXPECT_FALSE(RecordLog::open(store_ / "file"));
  EXPECT_FALSE(RecordLog::open(store_ / "file/below"));
  EXPECT_EQ(test::read_file(store_ / "file"), "content");
}

TEST_F(RecoveryOfADirectory, WorksInAnEmptyDirectoryAgainAndAgain) {
  for (int opening = 0; opening < 3; ++opening) {
    const RecordLog log = store_.open();
    EXPECT_EQ(log.recovery_report().files_scanned, 1U);
    EXPECT_EQ(log.recovery_report().records_replayed, 0U);
    EXPECT_EQ(log.last_txid(), 0U);
    EXPECT_EQ(log.durable_txid(), 0U);
  }
}

TEST_F(RecoveryOfADirectory, TellsHowFarItHasCome) {
  {
    RecordLog log = store_.open();
    for (int n = 0; n < 40; ++n) test::must(log.append(std::string(1 << 20, 'x')));
    test::must(log.rotate());
    test::must(log.append("last"));
  }
  std::vector<Progress> steps;
  const RecordLog log = store_.open({.on_progress = [&](const Progress& progress) { steps.push_back(progress); }});
  ASSERT_GE(steps.size(), 4U);
  EXPECT_EQ(steps.front().bytes_done, 0U);
  EXPECT_EQ(steps.back().bytes_done, steps.back().bytes_total);
  EXPECT_EQ(steps.back().bytes_total, 40U * ((1 << 20) + 28) + 32);
  EXPECT_TRUE(std::ranges::is_sorted(steps, {}, &Progress::bytes_done));
}

}  // namespace
}  // namespace datawal
