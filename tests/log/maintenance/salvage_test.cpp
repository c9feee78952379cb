// Salvage: every record that still decodes, and nothing else, in a new store; the damaged one stays as it is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/verify.hpp>

#include "log/directory/store_directory.hpp"
#include "log/maintenance/salvage_plan.hpp"
#include "log/store_support.hpp"

namespace datawal {

inline bool operator==(const TxidRange& a, const TxidRange& b) { return a.first == b.first && a.last == b.last; }
inline void PrintTo(const TxidRange& range, std::ostream* out) { *out << range.first << ".." << range.last; }

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Salvage : public testing::Test {
 protected:
  [[nodiscard]] static std::string frame(std::uint64_t txid) {
    return test::raw_frame(txid, "record " + std::to_string(txid));
  }

  SalvageReport run(const OpenOptions& options = {}) {
    const test::Image before = store_.image();
    const SalvageReport report = test::must(salvage(store_.path(), out(), options));
    EXPECT_TRUE(store_.image() == before) << "the source was changed";
    EXPECT_EQ(report.records_salvaged, txids().size());
    EXPECT_TRUE(test::must(verify(out())).is_clean());
    return report;
  }

  // Of the salvaged records; each must hold what was written under its txid.
  [[nodiscard]] std::vector<std::uint64_t> txids() const {
    std::vector<std::uint64_t> txids;
    const RecordLog log = test::must(RecordLog::open(out()));
    for (const Record& record : test::must(log.scan())) {
      EXPECT_EQ(record.payload, "record " + std::to_string(record.txid));
      txids.push_back(record.txid);
    }
    return txids;
  }

  [[nodiscard]] std::filesystem::path out() const { return store_.beside("salvaged"); }

  test::Store store_;
};

TEST_F(Salvage, OfASoundStoreIsACopy) {
  store_.put(1, frame(1) + frame(2));
  store_.put(2, frame(3));
  const SalvageReport report = run();
  EXPECT_THAT(txids(), ElementsAre(1, 2, 3));
  EXPECT_EQ(report.bytes_skipped, 0U);
  EXPECT_EQ(report.duplicates, 0U);
  EXPECT_EQ(report.conflicts, 0U);
  EXPECT_THAT(report.lost_txids, IsEmpty());
  EXPECT_EQ(test::read_file(out() / "00000001.dwal"), frame(1) + frame(2) + frame(3));
}

TEST_F(Salvage, MakesNoStoreWithinTheStore) {
  store_.put(1, frame(1));
  const test::Image before = store_.image();
  EXPECT_TRUE(test::refused(salvage(store_.path(), store_.path() / "salvaged"), Errc::invalid_argument));
  EXPECT_TRUE(store_.image() == before);
}

TEST_F(Salvage, LosesTheDamagedRecordOnly) {
  std::string damaged = frame(2);
  damaged[26] = '?';
  store_.put(1, frame(1) + damaged + frame(3));
  store_.put(2, frame(4));
  const SalvageReport report = run();
  EXPECT_THAT(txids(), ElementsAre(1, 3, 4));
  EXPECT_EQ(report.bytes_skipped, damaged.size());
  EXPECT_THAT(report.lost_txids, ElementsAre(TxidRange{2, 2}));
}

TEST_F(Salvage, TellsItsProgressUpToTheEndAndNoFurther) {
  std::string damaged = frame(2);
  damaged[26] = static_cast<char>(damaged[26] ^ 1);
  store_.put(1, frame(1) + damaged + frame(3) + frame(1));
  store_.put(2, frame(3) + frame(4) + std::string(5000, '\0'));
  std::vector<Progress> told;
  run({.on_progress = [&told](const Progress& progress) { told.push_back(progress); }});
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told.front().bytes_done, 0U);
  for (const Progress& progress : told) EXPECT_LE(progress.bytes_done, progress.bytes_total);
  EXPECT_EQ(told.back().bytes_done, told.back().bytes_total);
}

TEST_F(Salvage, LosesTheDamagedRecordsOnlyHoweverManyTheyAre) {
  std::string bytes;
  for (std::uint64_t txid = 1; txid <= 70'000; ++txid) {
    std::string one = frame(txid);
    if (txid % 2 == 1) one[26] = static_cast<char>(one[26] ^ 1);
    bytes += one;
  }
  store_.put(1, bytes);
  EXPECT_EQ(run().records_salvaged, 35'000U);
}

TEST_F(Salvage, LosesTheDamagedRecordOnlyWhicheverByteItIs) {
  const std::string whole = frame(1) + frame(2) + frame(3);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    SCOPED_TRACE(at);
    std::filesystem::remove_all(out());
    std::string bytes = whole;
    bytes[at] = static_cast<char>(~bytes[at]);
    store_.put(1, bytes);
    const std::uint64_t hit = at / frame(1).size() + 1;
    run();
    std::vector<std::uint64_t> wanted;
    for (std::uint64_t txid = 1; txid <= 3; ++txid) {
      if (txid != hit) wanted.push_back(txid);
    }
    EXPECT_EQ(txids(), wanted);
  }
}

TEST_F(Salvage, FindsWhatLiesBehindABlockOfZeros) {
  std::string bytes;
  std::vector<std::uint64_t> wanted;
  for (std::uint64_t txid = 1; txid <= 1000; ++txid) {
    const std::size_t begin = bytes.size();
    bytes += frame(txid);
    if (begin + frame(txid).size() <= 8192 || begin >= 8192 + 4096) wanted.push_back(txid);
  }
  std::fill_n(bytes.begin() + 8192, 4096, '\0');
  store_.put(1, bytes);
  const SalvageReport report = run();
  EXPECT_EQ(txids(), wanted);
  ASSERT_EQ(report.lost_txids.size(), 1U);
  EXPECT_EQ(report.lost_txids[0].last - report.lost_txids[0].first + 1, 1000 - wanted.size());
}

TEST_F(Salvage, PutsSwappedSegmentsInOrder) {
  store_.put(1, frame(3) + frame(4));
  store_.put(2, frame(1) + frame(2));
  const SalvageReport report = run();
  EXPECT_THAT(txids(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(report.lost_txids, IsEmpty());
}

TEST_F(Salvage, ReadsInterleavedSegmentsAPartAtATime) {
  constexpr std::uint32_t segments = 40;
  constexpr std::uint64_t records = 400;
  for (std::uint32_t id = 1; id <= segments; ++id) {
    std::string bytes;
    for (std::uint64_t txid = id; txid <= records; txid += segments) bytes += frame(txid);
    store_.put(id, bytes);
  }
  const SalvageReport report = run();
  std::vector<std::uint64_t> wanted(records);
  std::iota(wanted.begin(), wanted.end(), 1);
  EXPECT_EQ(txids(), wanted);
  EXPECT_THAT(report.lost_txids, IsEmpty());
}

// A bound of memory, not of what is found.
TEST_F(Salvage, FindsTheStrandsOfAStoreAPartAtATime) {
  std::vector<std::string> segments(3);
  for (std::uint64_t txid = 1; txid <= 300; ++txid) {
    std::string one = frame(txid);
    if (txid % 5 == 0) one[26] = static_cast<char>(one[26] ^ 1);
    segments[txid % 3] += one;
    if (txid % 7 == 0) segments[(txid + 1) % 3] += frame(txid);  // once more
  }
  for (std::uint32_t id = 1; id <= 3; ++id) store_.put(id, segments[id - 1]);
  const std::shared_ptr<const log::Snapshot> snapshot = test::must(log::take_snapshot(
      test::must(log::open_store_directory(safeatomic::posix_file_system(), store_.path())), nullptr));
  const auto places_with = [&](std::size_t max_strands) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> places;
    std::optional<std::uint64_t> first_txid = 0;
    for (std::uint64_t begin = 0; first_txid; begin = first_txid.value_or(0)) {
      log::StrandPart part = test::must(find_strands(*snapshot, begin, nullptr, max_strands));
      EXPECT_LE(part.strands.size(), 2 * max_strands);
      log::StrandMerge records(*snapshot, std::move(part.strands));
      log::StrandMerge::Record record;
      while (test::must(records.next(record)) && !(part.end && record.frame.txid >= *part.end)) {
        const std::uint64_t txid = record.frame.txid;
        EXPECT_GE(txid, begin);
        if (places.empty() || places.back().first != txid) places.emplace_back(txid, record.crc);
      }
      first_txid = part.end;
    }
    return places;
  };
  const auto all = places_with(1'000'000);
  EXPECT_GT(all.size(), 200U);
  for (const std::size_t max_strands : {1UL, 2UL, 3UL, 10UL, 50UL}) EXPECT_EQ(places_with(max_strands), all);
}

TEST_F(Salvage, TakesOneOfEachTxidAndCountsTheOthers) {
  store_.put(1, frame(1) + frame(2) + frame(1));
  store_.put(2, test::raw_frame(2, "another 2") + frame(3) + frame(2));
  const SalvageReport report = run();
  EXPECT_THAT(txids(), ElementsAre(1, 2, 3)) << "the first in the log wins";
  EXPECT_EQ(report.duplicates, 2U);
  EXPECT_EQ(report.conflicts, 1U);
}

TEST_F(Salvage, ListsTheHolesBetweenTheTxids) {
  store_.put(1, frame(5) + frame(6) + frame(9) + frame(20));
  const SalvageReport report = run();
  EXPECT_THAT(report.lost_txids, ElementsAre(TxidRange{7, 8}, TxidRange{10, 19}));
}

TEST_F(Salvage, ListsNoMoreThanAThousandHoles) {
  std::string bytes;
  for (std::uint64_t txid = 1; txid <= 3000; txid += 2) bytes += frame(txid);
  store_.put(1, bytes);
  const SalvageReport report = run();
  EXPECT_EQ(report.lost_txids.size(), 1000U);
  EXPECT_EQ(report.records_salvaged, 1500U);
}

TEST_F(Salvage, ReadsPastANewerFormatAndATornTail) {
  std::string newer = frame(2);
  newer[4] = 2;
  store_.put(1, frame(1) + newer + frame(3));
  store_.put(2, frame(4) + frame(5).substr(0, 20));
  run();
  EXPECT_THAT(txids(), ElementsAre(1, 3, 4));
}

TEST_F(Salvage, DoesNotCountZerosAtTheEndAsSkipped) {
  store_.put(1, frame(1) + std::string(4096, '\0'));
  EXPECT_EQ(run().bytes_skipped, 0U);
}

TEST_F(Salvage, CountsSkippedBytesExactlyAlsoBeforeAChecksumThatEndsInZero) {
  std::string payload;
  std::string last;
  for (int n = 0; last.empty() || last.back() != '\0'; ++n) {
    payload = std::to_string(n);
    last = test::raw_frame(2, payload);
  }
  store_.put(1, "ten bytes." + last + std::string(100, '\0'));
  const SalvageReport report = test::must(salvage(store_.path(), out()));
  EXPECT_EQ(report.records_salvaged, 1U);
  EXPECT_EQ(report.bytes_skipped, 10U);
}

TEST_F(Salvage, KeepsTypesKeysAndTheTxidsThatFollow) {
  store_.put(1, test::reference_encode(1, 7, "key", "value") + "damage" + test::reference_encode(2, 9, "key", ""));
  test::must(salvage(store_.path(), out()));
  RecordLog log = test::must(RecordLog::open(out()));
  EXPECT_EQ(test::listing_of(log), (std::vector<test::Listed>{{1, 0, 1, 7, "key", "value"}, {1, 36, 2, 9, "key", ""}}));
  EXPECT_EQ(test::must(log.append("next")).txid, 10U);
}

TEST_F(Salvage, FillsSegmentsOfTheSizeThatWasAskedFor) {
  std::string bytes;
  for (std::uint64_t txid = 1; txid <= 9; ++txid) bytes += frame(txid);
  store_.put(1, bytes);
  run({.max_segment_bytes = 3 * frame(1).size()});
  for (const char* name : {"00000001.dwal", "00000002.dwal", "00000003.dwal"}) {
    EXPECT_EQ(std::filesystem::file_size(out() / name), 3 * frame(1).size());
  }
  EXPECT_FALSE(std::filesystem::exists(out() / "00000004.dwal"));
}

TEST_F(Salvage, OfNothingButDamageIsAnEmptyStore) {
  store_.put(1, std::string(1000, '?'));
  EXPECT_EQ(run().bytes_skipped, 1000U);
  EXPECT_EQ(test::read_file(out() / "00000001.dwal"), "");
}

TEST_F(Salvage, RefusesATargetThatHoldsAnything) {
  store_.put(1, frame(1));
  std::filesystem::create_directory(out());
  test::write_file(out() / "notes.txt", "mine");
  EXPECT_TRUE(test::refused(salvage(store_.path(), out()), Errc::already_exists));
  EXPECT_THAT(test::names_in(out()), ElementsAre("notes.txt"));
  EXPECT_TRUE(test::refused(salvage(store_.path(), store_.path()), Errc::already_exists)) << "the source itself";
}

TEST_F(Salvage, TakesAnEmptyDirectoryAndMakesMissingOnes) {
  store_.put(1, frame(1));
  std::filesystem::create_directory(out());
  EXPECT_TRUE(test::ok(salvage(store_.path(), out())));
  EXPECT_TRUE(test::ok(salvage(store_.path(), store_.beside("a/b/c"))));
}

TEST_F(Salvage, OfAMissingStoreIsNotFoundAndMakesNothing) {
  EXPECT_TRUE(test::refused(salvage(store_ / "nowhere", out()), Errc::not_found));
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(Salvage, WorksBesideALiveWriter) {
  RecordLog log = store_.open();
  for (int n = 1; n <= 3; ++n) test::must(log.append("record " + std::to_string(n)));
  EXPECT_EQ(test::must(salvage(store_.path(), out())).records_salvaged, 3U);
  EXPECT_THAT(txids(), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace datawal
