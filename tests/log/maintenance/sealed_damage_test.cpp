// A store damaged in a sealed segment: what verify, repair and salvage say of it, and what they leave.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/verify.hpp>

#include "log/store_support.hpp"

namespace datawal {

inline bool operator==(const DamagedRange& a, const DamagedRange& b) {
  return a.segment == b.segment && a.begin == b.begin && a.end == b.end && a.stop == b.stop;
}
inline void PrintTo(const DamagedRange& range, std::ostream* out) {
  *out << range.segment << ": " << range.begin << ".." << range.end << ' ' << format::describe(range.stop);
}

namespace {

using format::Stop;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t records_each = 40;  // in each of four segments
constexpr std::uint64_t frame_len = 328;
constexpr std::uint64_t segment_len = records_each * frame_len;

std::string payload_of(std::uint64_t txid) { return std::string(300, static_cast<char>('a' + txid % 26)); }

std::string segment_bytes(std::uint32_t id) {
  std::string bytes;
  for (std::uint64_t n = 1; n <= records_each; ++n) {
    const std::uint64_t txid = (id - 1) * records_each + n;
    bytes += test::raw_frame(txid, payload_of(txid));
  }
  return bytes;
}

class SealedDamage : public testing::Test {
 protected:
  SealedDamage() {
    for (std::uint32_t id = 1; id <= 4; ++id) store_.put(id, segment_bytes(id));
  }

  void put_damaged(std::uint32_t id, const std::function<void(std::string& bytes)>& damage) {
    std::string bytes = segment_bytes(id);
    damage(bytes);
    store_.put(id, bytes);
  }
  static std::function<void(std::string&)> flip(std::size_t at) {
    return [at](std::string& bytes) { bytes[at] = static_cast<char>(bytes[at] ^ 1); };
  }

  [[nodiscard]] VerifyReport verify_it() const {
    const test::Image before = store_.image();
    VerifyReport report = test::must(verify(store_.path()));
    EXPECT_TRUE(store_.image() == before);
    return report;
  }

  // All records but those with the txids in `lost` come out, in order.
  void expect_salvaged_but(std::uint64_t first_lost, std::uint64_t last_lost, std::uint64_t bytes_skipped) const {
    const test::Image before = store_.image();
    const SalvageReport report = test::must(salvage(store_.path(), store_.beside("out")));
    EXPECT_TRUE(store_.image() == before);
    EXPECT_TRUE(test::must(verify(store_.beside("out"))).is_clean());
    std::vector<std::uint64_t> wanted;
    for (std::uint64_t txid = 1; txid <= 4 * records_each; ++txid) {
      if (txid < first_lost || txid > last_lost) wanted.push_back(txid);
    }
    std::vector<std::uint64_t> found;
    for (const Record& record : test::must(test::must(RecordLog::open(store_.beside("out"))).scan())) {
      found.push_back(record.txid);
      EXPECT_EQ(record.payload, payload_of(record.txid));
    }
    EXPECT_EQ(found, wanted);
    EXPECT_EQ(report.bytes_skipped, bytes_skipped);
    EXPECT_EQ(report.duplicates + report.conflicts, 0U);
    if (first_lost > last_lost) {
      EXPECT_THAT(report.lost_txids, IsEmpty());
    } else {
      ASSERT_EQ(report.lost_txids.size(), 1U);
      EXPECT_EQ(report.lost_txids[0].first, first_lost);
      EXPECT_EQ(report.lost_txids[0].last, last_lost);
    }
  }

  // Cut there, all that still decodes behind it kept and counted, and clean.
  void expect_cut(std::uint32_t segment, std::uint64_t offset, std::uint64_t records_quarantined) const {
    const RepairReport report = test::must(repair(store_.path()));
    EXPECT_EQ(report.action, RepairAction::cut);
    EXPECT_EQ(report.segment, segment);
    EXPECT_EQ(report.offset, offset);
    EXPECT_EQ(report.records_quarantined, records_quarantined);
    std::uint64_t kept = 0;
    for (const auto& path : report.quarantine_paths) kept += std::filesystem::file_size(path);
    EXPECT_EQ(kept, report.bytes_quarantined);
    EXPECT_EQ(kept, 4 * segment_len - (segment - 1) * segment_len - offset);
    EXPECT_TRUE(test::must(verify(store_.path())).is_clean());
    RecordLog log = store_.open();
    EXPECT_EQ(test::must(log.append("next")).txid, 4 * records_each + 1) << "no txid is given out twice";
  }

  test::Store store_;
};

TEST_F(SealedDamage, OfABitIsOneRecord) {
  put_damaged(2, flip(4 * frame_len + 100));
  const VerifyReport report = verify_it();
  ASSERT_TRUE(report.damage);
  EXPECT_EQ(report.damage->segment, 2U);
  EXPECT_EQ(report.damage->offset, 4 * frame_len);
  EXPECT_THAT(report.damaged_ranges, ElementsAre(DamagedRange{2, 4 * frame_len, 5 * frame_len, Stop::crc_mismatch}));
  EXPECT_EQ(report.records_behind_damage, 35 + 2 * records_each);
  EXPECT_THAT(report.missing_segments, IsEmpty());
  expect_salvaged_but(45, 45, frame_len);
  expect_cut(2, 4 * frame_len, 35 + 2 * records_each);
}

TEST_F(SealedDamage, IsListedInAllPlaces) {
  put_damaged(2, flip(4 * frame_len + 20));  // a length
  put_damaged(3, [](std::string& bytes) {
    flip(0)(bytes);                   // a magic
    flip(10 * frame_len + 6)(bytes);  // a type
    bytes.resize(bytes.size() - 5);   // the end of a record
  });
  put_damaged(4, flip(39 * frame_len + 200));  // the newest record
  const VerifyReport report = verify_it();
  EXPECT_THAT(report.damaged_ranges, ElementsAre(DamagedRange{2, 4 * frame_len, 5 * frame_len, Stop::crc_mismatch},
                                                 DamagedRange{3, 0, frame_len, Stop::bad_magic},
                                                 DamagedRange{3, 10 * frame_len, 11 * frame_len, Stop::crc_mismatch},
                                                 DamagedRange{3, 39 * frame_len, segment_len - 5, Stop::body_cut},
                                                 DamagedRange{4, 39 * frame_len, segment_len, Stop::crc_mismatch}));
  EXPECT_EQ(report.damaged_ranges_found, 5U);
  EXPECT_EQ(report.damaged_bytes, 5 * frame_len - 5);
  EXPECT_EQ(report.records_behind_damage, 35 + 37 + 39U);
}

TEST_F(SealedDamage, OfAZeroedBlockIsTheRecordsThatItTouches) {
  put_damaged(2, [](std::string& bytes) { bytes.replace(4096, 4096, 4096, '\0'); });
  const VerifyReport report = verify_it();
  EXPECT_THAT(report.damaged_ranges, ElementsAre(DamagedRange{2, 12 * frame_len, 25 * frame_len, Stop::crc_mismatch}));
  EXPECT_EQ(report.records_behind_damage, 15 + 2 * records_each);
  expect_salvaged_but(40 + 13, 40 + 25, 13 * frame_len);
  expect_cut(2, 12 * frame_len, 15 + 2 * records_each);
}

TEST_F(SealedDamage, OfWholeRecordsZeroedIsSaidToBeZeros) {
  put_damaged(2, [](std::string& bytes) { bytes.replace(5 * frame_len, 2 * frame_len, 2 * frame_len, '\0'); });
  EXPECT_THAT(verify_it().damaged_ranges, ElementsAre(DamagedRange{2, 5 * frame_len, 7 * frame_len, Stop::zeros}));
}

TEST_F(SealedDamage, AMissingSegmentIsASuspicion) {
  std::filesystem::remove(store_.segment(2));
  const VerifyReport report = verify_it();
  EXPECT_TRUE(report.is_clean()) << "compaction leaves such gaps too";
  ASSERT_EQ(report.missing_segments.size(), 1U);
  EXPECT_EQ(report.missing_segments[0].first, 2U);
  EXPECT_EQ(report.missing_segments[0].last, 2U);
  ASSERT_EQ(report.gaps.size(), 1U);
  EXPECT_EQ(report.gaps[0].expected, 41U);
  EXPECT_EQ(report.gaps[0].found, 81U);
  expect_salvaged_but(41, 80, 0);
  const test::Image before = store_.image();
  EXPECT_EQ(test::must(repair(store_.path())).action, RepairAction::none);
  EXPECT_TRUE(store_.image() == before);
}

TEST_F(SealedDamage, TheNewestSegmentIsMissedWhereItWasSynced) {
  store_.put_watermark(4, segment_len, 160);
  std::filesystem::remove(store_.segment(4));
  std::filesystem::remove(store_.segment(1));
  const VerifyReport report = verify_it();
  EXPECT_TRUE(report.damage);
  EXPECT_THAT(report.damaged_ranges, IsEmpty());
  ASSERT_EQ(report.missing_segments.size(), 2U);
  EXPECT_EQ(report.missing_segments[0].last, 1U);
  EXPECT_EQ(report.missing_segments[1].first, 4U);
}

TEST_F(SealedDamage, SwappedSegmentsAreOutOfOrderAndComeOutInOrder) {
  store_.put(2, segment_bytes(3));
  store_.put(3, segment_bytes(2));
  const VerifyReport report = verify_it();
  EXPECT_TRUE(report.out_of_order);
  EXPECT_FALSE(report.is_clean());
  EXPECT_TRUE(report.damage);
  expect_salvaged_but(1, 0, 0);
}

}  // namespace
}  // namespace datawal
