// What a page shows of a store is counted while the survey goes by: nothing of it is lost, and memory stays bounded.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "cli/page/newest_records.hpp"
#include "cli/page/summary.hpp"
#include "cli/page/summary_json.hpp"
#include "cli/verdict.hpp"

namespace datawal::cli {
namespace {

using testing::ElementsAre;

constexpr std::uint32_t len = 100;

SurveyedRecord record(std::uint64_t txid, std::string_view key, RecordState state = RecordState::live) {
  return {.record = {.type = RecordType::Put,
                     .txid = txid,
                     .key = key,
                     .payload = {},
                     .ref = {.segment = 1, .offset = (txid - 1) * len, .len = len, .txid = txid, .crc = 0}},
          .state = state};
}

// By the next record.
SupersededRecord superseded(std::uint64_t txid, std::string_view key) {
  return {.segment = 1, .offset = (txid - 1) * len, .len = len, .by_segment = 1, .by_offset = txid * len, .key = key};
}

std::uint64_t total(const Summary& summary, RecordState state) {
  std::uint64_t bytes = 0;
  for (const SegmentSummary& segment : summary.segments()) {
    for (const Column& column : segment.columns) bytes += column[static_cast<std::size_t>(state)];
  }
  return bytes;
}

TEST(PageSummary, ColoursEveryByteOnceWhateverTheColumnsAre) {
  for (const std::size_t columns : {1U, 3U, 7U, 64U, 2000U}) {
    Summary summary({.columns = columns});
    summary.set_total(50 * len);
    summary.add(SurveyedSegment{.id = 1, .bytes = 50 * len, .is_active = true});
    for (std::uint64_t txid = 1; txid <= 50; ++txid) summary.add(record(txid, "key"));
    for (std::uint64_t txid = 1; txid <= 20; ++txid) summary.supersede(superseded(txid, "key"));
    EXPECT_EQ(total(summary, RecordState::live), 30U * len) << columns;
    EXPECT_EQ(total(summary, RecordState::dead), 20U * len) << columns;
    EXPECT_EQ(summary.segments()[0].columns.size(), columns);
  }
}

TEST(PageSummary, GivesEachOfManySegmentsAColumn) {
  Summary summary({.columns = 10});
  summary.set_total(1000 * len);
  for (std::uint32_t id = 1; id <= 1000; ++id) summary.add(SurveyedSegment{.id = id, .bytes = len, .is_active = false});
  for (const SegmentSummary& segment : summary.segments()) EXPECT_EQ(segment.columns.size(), 1U);
}

TEST(PageSummary, CountsPrefixesAndWhatIsBeyondTheirLimit) {
  Summary summary({.prefixes = 3, .prefixes_shown = 2});
  summary.add(SurveyedSegment{.id = 1, .bytes = 10 * len, .is_active = true});
  std::uint64_t txid = 0;
  for (const char* key : {"a:1", "a:2", "a:3", "b/1", "b/2", "c.1", "d|1", "none"}) summary.add(record(++txid, key));
  summary.supersede(superseded(1, "a:1"));
  PrefixSummary rest;
  const auto prefixes = summary.prefixes(rest);
  ASSERT_EQ(prefixes.size(), 2U);
  EXPECT_EQ(prefixes[0].first, "a:");
  EXPECT_EQ(prefixes[0].second.records, 3U);
  EXPECT_EQ(prefixes[0].second.live_records, 2U);
  EXPECT_EQ(prefixes[1].first, "b/");
  EXPECT_EQ(rest.records, 3U);
}

TEST(PageSummary, KeepsAFewPointsOfGrowthAndEndsWhereTheStoreEnds) {
  Summary summary({.points = 16});
  summary.add(SurveyedSegment{.id = 1, .bytes = 10'000 * len, .is_active = true});
  for (std::uint64_t txid = 1; txid <= 10'000; ++txid) {
    summary.add(record(txid, "key"));
    if (txid > 1) summary.supersede(superseded(txid - 1, "key"));
    EXPECT_LT(summary.growth().size(), 16U);
    EXPECT_EQ(summary.growth().back().txid, txid);
  }
  EXPECT_EQ(summary.growth().back().bytes, 10'000U * len);
  EXPECT_EQ(summary.growth().back().live_bytes, len);
}

TEST(PageSummary, KnowsWhenRecordsWereSupersededThoughThatIsToldLater) {
  Summary summary({.points = 16});
  summary.add(SurveyedSegment{.id = 1, .bytes = 1'000 * len, .is_active = true});
  for (std::uint64_t txid = 1; txid <= 1'000; ++txid) summary.add(record(txid, "key"));
  for (std::uint64_t txid = 1; txid < 1'000; ++txid) summary.supersede(superseded(txid, "key"));
  for (const GrowthPoint& point : summary.growth()) {
    EXPECT_EQ(point.bytes, point.txid * len);
    EXPECT_EQ(point.live_bytes, len) << "up to " << point.txid;
  }
}

TEST(PageSummary, CountsRecordsBehindDamageAmongSizesAlone) {
  Summary summary({});
  summary.add(SurveyedSegment{.id = 1, .bytes = len, .is_active = true});
  summary.add(record(1, "key", RecordState::behind_damage));
  EXPECT_EQ(summary.sizes()[6][static_cast<std::size_t>(RecordState::behind_damage)], 1U);
  EXPECT_TRUE(summary.growth().empty());
  PrefixSummary rest;
  EXPECT_TRUE(summary.prefixes(rest).empty());
}

TEST(PageSummary, KeepsTheNewestRecordsAndWhatBecameOfThem) {
  NewestRecords newest(3);
  for (std::uint64_t txid = 1; txid <= 5; ++txid) {
    newest.add(record(txid, "key"));
    if (txid > 1) newest.supersede(superseded(txid - 1, "key"));
  }
  std::vector<RecordState> states;
  for (const NewestRecords::Record& one : newest.all()) states.push_back(one.state);
  EXPECT_THAT(states, ElementsAre(RecordState::dead, RecordState::dead, RecordState::live));
}

TEST(PageSummary, WritesJsonThatEndsNoElementOfAPage) {
  EXPECT_EQ(json_text("</script>\"\\\n"), R"("\u003c/script>\u0022\u005c\u005cx0a")");
}

TEST(Verdict, NamesATornTailAndWhatToDo) {
  VerifyReport report;
  report.recovery.tail_truncated = true;
  report.recovery.tail_bytes_discarded = 7;
  report.last_segment = 2;
  report.last_offset = 90;
  EXPECT_EQ(verdict_of(report).code, "torn_tail");
  const std::optional<Trouble> trouble = trouble_of(report, "kv", "verify");
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->status, exit_recoverable);
  EXPECT_THAT(trouble->message.text,
              testing::HasSubstr("kv/00000002.dwal ends at offset 90 in a torn record of 7 bytes"));
  EXPECT_FALSE(trouble_of(VerifyReport{}, "kv", "verify"));
}

}  // namespace
}  // namespace datawal::cli
