// What a survey's visitor may do, and what may happen to the store meanwhile.

#include <gmock/gmock.h>

#include <limits>
#include <stdexcept>

#include <datawal/survey.hpp>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

struct Stopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class SurveyVisitors : public testing::Test {
 protected:
  // Every kind of thing that a survey tells: three segments, one missing, damage, records behind it, a torn tail's worth of bytes.
  void make_all_kinds() {
    store_.put(1, raw_frame(1, "event") + put(2, "a") + put(3, "b") + put(4, "a"));
    std::string flipped = put(7, "c");
    flipped[30] = static_cast<char>(~flipped[30]);
    store_.put(3, put(5, "b") + reference_encode(2, 6, "a", {}) + flipped + put(8, "d") + put(9, "e"));
    store_.put(4, put(10, "f") + std::string(40, '\0'));
  }
  static constexpr std::size_t all_records = 9;

  static std::string put(std::uint64_t txid, std::string_view key, std::string_view value = "value") {
    return reference_encode(1, txid, key, value);
  }

  Store store_;
};

TEST_F(SurveyVisitors, MayEndItAtAnyRecordAndAreToldNothingMore) {
  make_all_kinds();
  for (std::size_t most = 1; most <= all_records; ++most) {
    SCOPED_TRACE(most);
    std::size_t seen = 0;
    std::size_t told_after = 0;
    const auto late = [&](const auto&) { told_after += seen == most ? 1 : 0; };
    const SurveyReport report = must(
        survey(store_.path(), {.on_segment = late,
                               .on_record = [&](const SurveyedRecord&) { return ++seen < most; },
                               .on_superseded = late,
                               .on_stretch = late,
                               .on_missing = late}));
    EXPECT_EQ(seen, most);
    EXPECT_EQ(told_after, 0U);
    EXPECT_FALSE(report.is_complete);
    const StoreStats& stats = report.stats;
    EXPECT_EQ(stats.raw_records + stats.put_records + stats.delete_records, std::min<std::size_t>(most, 6))
        << "of what was shown before the damage";
    EXPECT_NE(report.verify.watermark, WatermarkState::broken);
  }
}

TEST_F(SurveyVisitors, MayThrowFromAnyOfTheirFunctions) {
  make_all_kinds();
  const auto throws = [](const auto&) { throw Stopped("enough"); };
  const auto no_record = [](const SurveyedRecord&) -> bool { throw Stopped("enough"); };
  EXPECT_THROW((void)survey(store_.path(), {.on_segment = throws}), Stopped);
  EXPECT_THROW((void)survey(store_.path(), {.on_record = no_record}), Stopped);
  EXPECT_THROW((void)survey(store_.path(), {.on_superseded = throws}), Stopped);
  EXPECT_THROW((void)survey(store_.path(), {.on_stretch = throws}), Stopped);
  EXPECT_THROW((void)survey(store_.path(), {.on_missing = throws}), Stopped);
  std::size_t seen = 0;
  const auto behind_damage = [&](const SurveyedRecord& record) {
    if (record.state == RecordState::behind_damage) throw Stopped("enough");
    return ++seen > 0;
  };
  EXPECT_THROW((void)survey(store_.path(), {.on_record = behind_damage}), Stopped);
  EXPECT_EQ(must(survey(store_.path(), {})).verify.frames_checked, 6U) << "nothing of it is left behind";
}

TEST_F(SurveyVisitors, MayLookAtTheSameStoreAndWriteToIt) {
  fill(store_.path(), {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  DataWal kv = open_kv(store_.path());
  std::size_t seen = 0;
  const auto on_record = [&](const SurveyedRecord&) {
    EXPECT_EQ(must(survey(store_.path(), {})).verify.frames_checked, 3 + seen);
    EXPECT_TRUE(must(verify(store_.path())).is_clean());
    EXPECT_TRUE(has(kv, "a", "1"));
    must(kv.put("new" + std::to_string(seen), "x"));
    ++seen;
    return true;
  };
  const SurveyReport report = must(survey(store_.path(), {.on_record = on_record}));
  EXPECT_EQ(seen, 3U) << "what was there when it began";
  EXPECT_EQ(report.stats.live_keys, 3U);
  EXPECT_TRUE(report.verify.is_clean());
}

TEST_F(SurveyVisitors, MayCompactWhatIsSurveyed) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 300});
  for (int i = 0; i < 60; ++i) must(kv.put("key" + std::to_string(i % 5), std::string(20, 'v')));
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    std::size_t seen = 0;
    const auto on_record = [&](const SurveyedRecord&) {
      if (++seen == 10) must(kv.compact());
      return true;
    };
    const Result<SurveyReport> report = survey(store_.path(), {.on_record = on_record}, {.read_path = path});
    if (report) {
      EXPECT_TRUE(report->verify.is_clean());
    } else {
      EXPECT_EQ(report.error().code, Errc::snapshot_expired) << report.error().message();
    }
    EXPECT_EQ(must(survey(store_.path(), {})).stats.live_keys, 5U);
    for (int i = 0; i < 30; ++i) must(kv.put("key" + std::to_string(i % 5), std::string(20, 'w')));
  }
}

TEST_F(SurveyVisitors, SeeWhatWasThereOrAnErrorWhereTheDirectoryVanishes) {
  for (std::uint32_t id = 1; id <= 5; ++id) store_.put(id, put(2 * id, "a") + put(2 * id + 1, "b"));
  std::size_t seen = 0;
  const auto on_record = [&](const SurveyedRecord&) {
    if (++seen == 1) std::filesystem::remove_all(store_.path());
    return true;
  };
  const Result<SurveyReport> report = survey(store_.path(), {.on_record = on_record});
  if (report) {
    EXPECT_EQ(seen, 10U);
    EXPECT_FALSE(report->verify.damage) << report->verify.damage->message();
  } else {
    EXPECT_THAT(report.error().code, testing::AnyOf(Errc::snapshot_expired, Errc::not_found))
        << report.error().message();
  }
  EXPECT_EQ(survey(store_.path(), {}).error().code, Errc::not_found);
}

TEST_F(SurveyVisitors, SeeAnErrorOrDamageWhereASegmentIsCutMeanwhile) {
  for (const std::uint32_t cut : {1U, 2U, 3U}) {
    for (const std::uintmax_t len : {0U, 1U, 30U, 60U}) {
      SCOPED_TRACE(testing::Message() << "segment " << cut << " to " << len << " bytes");
      for (std::uint32_t id = 1; id <= 3; ++id) {
        store_.put(id, put(3 * id, "a") + put(3 * id + 1, "b") + put(3 * id + 2, "a", std::string(10'000, 'v')));
      }
      std::size_t seen = 0;
      const auto on_record = [&](const SurveyedRecord&) {
        if (++seen == 1) std::filesystem::resize_file(store_ / ("0000000" + std::to_string(cut) + ".dwal"), len);
        return true;
      };
      const Result<SurveyReport> report = survey(store_.path(), {.on_record = on_record},
                                                 {.read_path = ReadPath::pread});
      if (!report) {
        EXPECT_THAT(report.error().code, testing::AnyOf(Errc::io, Errc::snapshot_expired)) << report.error().message();
      }
    }
  }
}

TEST_F(SurveyVisitors, SeeTheHighestTxid) {
  constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
  store_.put(1, put(1, "a") + put(highest, "a") + put(2, "b"));
  std::vector<std::uint64_t> txids;
  const SurveyReport report = must(survey(store_.path(), {.on_record = [&](const SurveyedRecord& seen) {
                                            txids.push_back(seen.record.txid);
                                            return true;
                                          }}));
  EXPECT_THAT(txids, testing::ElementsAre(1, highest, 2));
  EXPECT_TRUE(report.verify.out_of_order);
  EXPECT_EQ(report.verify.txids_missing, highest - 2);
  EXPECT_EQ(report.stats.last_txid, highest);
}

TEST_F(SurveyVisitors, AreToldHowMuchTheIndexMayTakeAtAnyLimit) {
  std::string records;
  for (std::uint64_t txid = 1; txid <= 3000; ++txid) records += put(txid, "key" + std::to_string(txid % 1500));
  store_.put(1, records);
  const std::uint64_t needed = must(survey(store_.path(), {})).stats.key_directory_bytes;
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{1}, needed / 2, needed - 1, needed, needed + 1}) {
    std::size_t live = 0;
    std::size_t superseded = 0;
    const SurveyReport report = must(survey(store_.path(),
                                            {.on_record =
                                                 [&](const SurveyedRecord& seen) {
                                                   live += seen.state == RecordState::live ? 1 : 0;
                                                   return true;
                                                 },
                                             .on_superseded = [&](const SupersededRecord&) { ++superseded; }},
                                            {.max_index_bytes = limit}));
    EXPECT_EQ(report.knows_keys, limit >= needed) << limit;
    if (report.knows_keys) {
      EXPECT_EQ(live - superseded, 1500U);
    }
    EXPECT_EQ(report.stats.put_records, 3000U) << limit;
  }
}

TEST_F(SurveyVisitors, OfAnUnknownReadPathAreRefusedOrServedButDoNotCrash) {
  make_all_kinds();
  EXPECT_EQ(must(survey(store_.path(), {}, {.read_path = static_cast<ReadPath>(77)})).verify.frames_checked, 6U);
}

}  // namespace
}  // namespace datawal::test
