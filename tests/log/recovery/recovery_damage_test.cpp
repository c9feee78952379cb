// A segment of five records: each byte flipped, each length tried. What must come of it is worked out from the damaged bytes by
// the reference decoder and the table.

#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/recovery_table.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

using test::Outcome;

// Where the watermark stands in a case.
enum class Mark { none, at_third_record };

class RecoveryOfFive : public testing::Test {
 protected:
  RecoveryOfFive() {
    frames_ = {test::raw_frame(1, "one"), test::reference_encode(1, 2, "a key", "a value that is a bit longer"),
               test::reference_encode(2, 3, "a key", ""), test::raw_frame(4, ""),
               test::raw_frame(5, std::string("zeros\0\0\0\0 and more", 18))};
    for (const std::string& frame : frames_) whole_ += frame;
    third_end_ = frames_[0].size() + frames_[1].size() + frames_[2].size();
  }

  void expect_as_active(const std::string& bytes, Mark mark) {
    store_.clear();
    store_.put(1, bytes);
    if (mark == Mark::at_third_record) store_.put_watermark(1, third_end_, 3);
    const test::ReferenceWalk walk = test::reference_walk(1, bytes);
    const test::TableRow& row = test::row_of(walk.stop);
    Outcome wanted = mark == Mark::none ? row.active : row.active_at_watermark;
    if (mark == Mark::at_third_record && walk.end < third_end_) {
      wanted = walk.stop == format::Stop::unknown_version ? Outcome::unsupported : Outcome::corrupt;
    }
    expect(wanted, walk, bytes);
  }

  void expect_as_sealed(const std::string& bytes) {
    store_.clear();
    store_.put(1, bytes);
    const std::string next = test::raw_frame(6, "next");
    store_.put(2, next);
    store_.put_watermark(2, next.size(), 6);
    test::ReferenceWalk walk = test::reference_walk(1, bytes);
    const Outcome wanted = test::row_of(walk.stop).sealed;
    if (wanted == Outcome::clean) walk.records.push_back({2, 0, 0, 6, "", "next"});
    expect(wanted, walk, bytes);
  }

  std::vector<std::string> frames_;
  std::string whole_;
  std::size_t third_end_ = 0;

 private:
  void expect(Outcome wanted, const test::ReferenceWalk& walk, const std::string& bytes) {
    const test::Image before = store_.image();
    Result<RecordLog> log = RecordLog::open(store_.path());
    if (wanted == Outcome::corrupt || wanted == Outcome::unsupported) {
      const Errc code = wanted == Outcome::corrupt ? Errc::corruption : Errc::unsupported_version;
      ASSERT_TRUE(test::refused(log, code));
      EXPECT_EQ(log.error().segment, 1U);
      EXPECT_EQ(log.error().offset, walk.end);
      EXPECT_TRUE(store_.image() == before);
      return;
    }
    ASSERT_TRUE(test::ok(log));
    EXPECT_EQ(test::listing_of(*log), walk.records);
    EXPECT_EQ(log->recovery_report().tail_truncated, wanted == Outcome::torn);
    ASSERT_TRUE(test::ok(log->close()));
    EXPECT_EQ(store_.get(1), bytes.substr(0, walk.end));
    if (wanted == Outcome::torn) {
      std::string cut = bytes.substr(walk.end);
      while (cut.ends_with('\0')) cut.pop_back();
      EXPECT_EQ(test::read_file(store_ / ("00000001.dwal.torn-" + std::to_string(walk.end))), cut);
    }
  }

  test::Store store_;
};

TEST_F(RecoveryOfFive, FlippingAnyByteIsFoundInTheActiveSegment) {
  for (const char mask : {'\x01', '\x80', '\xFF'}) {
    for (std::size_t at = 0; at < whole_.size(); ++at) {
      SCOPED_TRACE("byte " + std::to_string(at) + " ^ " + test::to_hex({&mask, 1}));
      std::string bytes = whole_;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      ASSERT_LT(test::reference_walk(1, bytes).records.size(), 5U) << "the flip must be seen at all";
      expect_as_active(bytes, Mark::none);
      expect_as_active(bytes, Mark::at_third_record);
    }
  }
}

TEST_F(RecoveryOfFive, ZeroingAnyByteIsFoundInTheActiveSegment) {
  for (std::size_t at = 0; at < whole_.size(); ++at) {
    if (whole_[at] == '\0') continue;
    SCOPED_TRACE("byte " + std::to_string(at));
    std::string bytes = whole_;
    bytes[at] = '\0';
    expect_as_active(bytes, Mark::none);
    expect_as_active(bytes, Mark::at_third_record);
  }
}

TEST_F(RecoveryOfFive, FlippingAnyByteIsFoundInASealedSegment) {
  for (const char mask : {'\x01', '\x80', '\xFF'}) {
    for (std::size_t at = 0; at < whole_.size(); ++at) {
      SCOPED_TRACE("byte " + std::to_string(at) + " ^ " + test::to_hex({&mask, 1}));
      std::string bytes = whole_;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      expect_as_sealed(bytes);
    }
  }
}

TEST_F(RecoveryOfFive, AnyLengthOfTheActiveSegmentIsItsWholeRecords) {
  for (std::size_t len = 0; len <= whole_.size(); ++len) {
    SCOPED_TRACE("length " + std::to_string(len));
    expect_as_active(whole_.substr(0, len), Mark::none);
  }
}

TEST_F(RecoveryOfFive, AnyLengthBelowTheWatermarkIsRefusedAtARecordsEndToo) {
  for (std::size_t len = 0; len <= whole_.size(); ++len) {
    SCOPED_TRACE("length " + std::to_string(len));
    expect_as_active(whole_.substr(0, len), Mark::at_third_record);
  }
}

TEST_F(RecoveryOfFive, AnyLengthOfASealedSegmentIsItsWholeRecordsOrRefused) {
  for (std::size_t len = 0; len <= whole_.size(); ++len) {
    SCOPED_TRACE("length " + std::to_string(len));
    expect_as_sealed(whole_.substr(0, len));
  }
}

TEST_F(RecoveryOfFive, AnyLengthFilledUpWithZerosIsItsWholeRecords) {
  for (std::size_t len = 0; len <= whole_.size(); ++len) {
    SCOPED_TRACE("length " + std::to_string(len));
    const std::string bytes = whole_.substr(0, len) + std::string(5000 - len, '\0');
    expect_as_active(bytes, Mark::none);
    expect_as_active(bytes, Mark::at_third_record);
    expect_as_sealed(bytes);
  }
}

}  // namespace
}  // namespace datawal
