// When a segment is full, and what is in the next one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/write_paths.hpp"

namespace datawal {
namespace {

using testing::ElementsAre;

constexpr std::size_t frame = 100;  // bytes of each record in these tests
const std::string payload(frame - 28, 'x');

class RecordLogRotation : public test::OnBothWritePaths {
 protected:
  // Appends `count` records and says which segments they went to.
  std::vector<std::uint32_t> append(RecordLog& log, int count) {
    std::vector<std::uint32_t> segments;
    for (int n = 0; n < count; ++n) segments.push_back(test::must(log.append(payload)).segment);
    return segments;
  }
};

INSTANTIATE_TEST_SUITE_P(, RecordLogRotation, test::both_write_paths, test::name_of_path);

TEST_P(RecordLogRotation, ComesBeforeTheRecordThatDoesNotFit) {
  RecordLog log = store_.open({.max_segment_bytes = 2 * frame + frame / 2});
  EXPECT_THAT(append(log, 5), ElementsAre(1U, 1U, 2U, 2U, 3U));
}

TEST_P(RecordLogRotation, LetsASegmentBeFilledToTheLastByte) {
  RecordLog log = store_.open({.max_segment_bytes = 3 * frame});
  EXPECT_THAT(append(log, 7), ElementsAre(1U, 1U, 1U, 2U, 2U, 2U, 3U));
  EXPECT_EQ(std::filesystem::file_size(store_.segment(1)), 3 * frame);
}

TEST_P(RecordLogRotation, ComesOneByteEarlierWhereItMust) {
  RecordLog log = store_.open({.max_segment_bytes = 3 * frame - 1});
  EXPECT_THAT(append(log, 3), ElementsAre(1U, 1U, 2U));
}

TEST_P(RecordLogRotation, GivesALargerRecordASegmentOfItsOwn) {
  RecordLog log = store_.open({.max_segment_bytes = 2 * frame});
  append(log, 1);
  EXPECT_EQ(test::must(log.append(std::string(1000, 'y'))).segment, 2U);
  EXPECT_EQ(test::must(log.append("small")).segment, 3U);
  EXPECT_EQ(test::must(log.append(std::string(1000, 'z'))).segment, 4U);
  EXPECT_EQ(test::must(log.append(std::string(1000, 'z'))).segment, 5U);
}

TEST_P(RecordLogRotation, GivesTheVeryFirstRecordTheFirstSegmentHoweverLarge) {
  RecordLog log = store_.open({.max_segment_bytes = 1});
  EXPECT_THAT(append(log, 3), ElementsAre(1U, 2U, 3U));
}

TEST_P(RecordLogRotation, NeverComesByItselfWithoutALimit) {
  RecordLog log = store_.open({.max_segment_bytes = 0});
  EXPECT_THAT(append(log, 3), ElementsAre(1U, 1U, 1U));
  test::must(log.rotate());
  EXPECT_THAT(append(log, 2), ElementsAre(2U, 2U));
}

TEST_P(RecordLogRotation, CountsWhatWasThereBeforeOpening) {
  {
    RecordLog log = store_.open();
    append(log, 3);
  }
  RecordLog log = store_.open({.max_segment_bytes = 2 * frame});
  EXPECT_THAT(append(log, 1), ElementsAre(2U));
}

TEST_P(RecordLogRotation, OfAnEmptySegmentDoesNothing) {
  RecordLog log = store_.open();
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(test::ok(log.rotate()));
  EXPECT_EQ(log.active_segment(), 1U);
  append(log, 1);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(test::ok(log.rotate()));
  EXPECT_EQ(log.active_segment(), 2U);
  EXPECT_THAT(store_.names(), ElementsAre(".watermark", "00000001.dwal", "00000002.dwal"));
}

TEST_P(RecordLogRotation, LeavesSegmentsThatTogetherAreTheLog) {
  std::vector<test::Listed> wanted;
  {
    RecordLog log = store_.open({.max_segment_bytes = 250});
    for (std::uint64_t txid = 1; txid <= 40; ++txid) {
      const std::string content(static_cast<std::size_t>(txid * 7 % 90), 'a');
      const RecordRef ref = test::must(log.append_record(RecordType::Put, "k", content));
      wanted.push_back({ref.segment, ref.offset, 1, txid, "k", content});
    }
    EXPECT_EQ(test::listing_of(log), wanted);
  }
  std::vector<test::Listed> found;
  for (const auto& [name, content] : store_.image()) {
    if (!name.ends_with(".dwal")) continue;
    EXPECT_LE(content.size(), 250U);
    const auto walk = test::reference_walk(static_cast<std::uint32_t>(std::stoul(name)), content);
    EXPECT_EQ(walk.stop, format::Stop::end_of_input);
    found.insert(found.end(), walk.records.begin(), walk.records.end());
  }
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(test::listing_of(store_.open()), wanted);
}

TEST_P(RecordLogRotation, DoesNotTakeAFileThatIsThere) {
  RecordLog log = store_.open();
  append(log, 1);
  store_.put(2, "somebody else's");
  EXPECT_FALSE(log.rotate());
  EXPECT_EQ(store_.get(2), "somebody else's");
  // That file is the active segment at the next opening: nothing may be appended behind its back.
  EXPECT_TRUE(test::refused(log.append("x"), Errc::poisoned));
}

}  // namespace
}  // namespace datawal
