// Every line of the recovery table on real directories: what is refused is not touched, what is cut is kept beside it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>
#include <datawal/verify.hpp>

#include "log/recovery_table.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

using format::Stop;
using test::Outcome;
using test::Tail;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string first = test::raw_frame(1, "first");
const std::string second = test::reference_encode(1, 2, "key", "second");
const std::string prefix = first + second;

// The offset behind the last byte that is not zero, `from` if there is none.
std::size_t data_end(std::string_view bytes, std::size_t from) {
  std::size_t end = bytes.size();
  while (end > from && bytes[end - 1] == '\0') --end;
  return end;
}

class RecoveryTable : public testing::Test {
 protected:
  // The outcome of opening segment 1 = `prefix` + `tail` while it is the highest one.
  void expect_active(const Tail& tail, Outcome wanted) {
    switch (wanted) {
      case Outcome::clean: return expect_clean(tail);
      case Outcome::torn: return expect_torn(tail);
      case Outcome::corrupt: return expect_refused(Errc::corruption);
      case Outcome::unsupported: return expect_refused(Errc::unsupported_version);
    }
  }

  void expect_refused(Errc code) {
    const test::Image before = store_.image();
    const Result<RecordLog> log = RecordLog::open(store_.path());
    ASSERT_TRUE(test::refused(log, code));
    EXPECT_EQ(log.error().segment, 1U);
    EXPECT_EQ(log.error().offset, prefix.size());
    EXPECT_EQ(log.error().path, store_.segment(1));
    EXPECT_TRUE(store_.image() == before) << "open changed what it refused";

    const VerifyReport report = test::must(verify(store_.path()));
    ASSERT_TRUE(report.damage);
    EXPECT_EQ(report.damage->code, code);
    EXPECT_EQ(report.recovery.records_replayed, 2U);
    EXPECT_EQ(report.recovery.mid_stream_errors, code == Errc::corruption ? 1U : 0U);
    EXPECT_EQ(report.recovery.unsupported_versions, code == Errc::unsupported_version ? 1U : 0U);
    EXPECT_FALSE(report.recovery.tail_truncated);
    EXPECT_EQ(report.last_segment, 1U);
    EXPECT_EQ(report.last_offset, prefix.size());
    EXPECT_TRUE(store_.image() == before) << "verify changed something";
  }

  void expect_clean(const Tail& tail) {
    RecordLog log = store_.open();
    const RecoveryReport& report = log.recovery_report();
    expect_counts(report);
    EXPECT_FALSE(report.tail_truncated);
    EXPECT_EQ(report.tail_bytes_discarded, 0U);
    EXPECT_EQ(report.preallocated_bytes, tail.bytes.size());
    EXPECT_EQ(report.records_beyond_tear, 0U);
    EXPECT_TRUE(report.quarantine_path.empty());
    EXPECT_EQ(store_.get(1), prefix);
    EXPECT_THAT(store_.names(), ElementsAre(".watermark", "00000001.dwal"));
    expect_goes_on(std::move(log));
  }

  void expect_torn(const Tail& tail) {
    const std::size_t kept = data_end(tail.bytes, 0);
    RecordLog log = store_.open();
    const RecoveryReport& report = log.recovery_report();
    expect_counts(report);
    EXPECT_TRUE(report.tail_truncated);
    EXPECT_EQ(report.tail_bytes_discarded, kept);
    EXPECT_EQ(report.preallocated_bytes, tail.bytes.size() - kept);
    EXPECT_EQ(report.records_beyond_tear, whole_records_in(tail.bytes));
    const std::string quarantine = "00000001.dwal.torn-" + std::to_string(prefix.size());
    EXPECT_EQ(report.quarantine_path, store_ / quarantine);
    EXPECT_EQ(store_.get(1), prefix);
    EXPECT_THAT(store_.names(), ElementsAre(".watermark", "00000001.dwal", quarantine));
    EXPECT_EQ(test::read_file(store_ / quarantine), tail.bytes.substr(0, kept));
    expect_goes_on(std::move(log));
  }

  void expect_counts(const RecoveryReport& report) {
    EXPECT_EQ(report.files_scanned, 1U);
    EXPECT_EQ(report.records_replayed, 2U);
    EXPECT_EQ(report.last_txid_seen, 2U);
    EXPECT_EQ(report.mid_stream_errors, 0U);
    EXPECT_EQ(report.unsupported_versions, 0U);
    EXPECT_EQ(report.txid_gaps, 0U);
    EXPECT_EQ(report.quarantined_previously, 0U);
  }

  // What is appended now is whole after the next opening, and nothing else is.
  void expect_goes_on(RecordLog log) {
    ASSERT_TRUE(test::ok(log.append("appended later")));
    ASSERT_TRUE(test::ok(log.close()));
    EXPECT_EQ(store_.get(1), prefix + test::raw_frame(3, "appended later"));
    RecordLog again = store_.open();
    EXPECT_EQ(again.recovery_report().records_replayed, 3U);
    EXPECT_FALSE(again.recovery_report().tail_truncated);
    EXPECT_EQ(again.recovery_report().preallocated_bytes, 0U);
  }

  // By looking at every offset, each byte of a record found counted once.
  static std::uint64_t whole_records_in(std::string_view bytes) {
    std::uint64_t count = 0;
    for (std::size_t at = 0; at < bytes.size();) {
      const test::ReferenceOutcome outcome = test::reference_decode(bytes.substr(at));
      const bool whole = outcome.stop == Stop::none;
      count += whole ? 1 : 0;
      at += whole ? outcome.len : 1;
    }
    return count;
  }

  test::Store store_;
};

TEST_F(RecoveryTable, HasATailForEachLine) {
  for (const test::TableRow& row : test::recovery_table()) {
    EXPECT_TRUE(std::ranges::any_of(test::tails(), [&](const Tail& tail) { return tail.stop == row.stop; }))
        << format::describe(row.stop);
  }
  for (const Tail& tail : test::tails()) {
    // The order of the txids is nothing that one record shows.
    const Stop alone = tail.stop == Stop::txid_order ? Stop::none : tail.stop;
    EXPECT_EQ(test::reference_stop(tail.bytes), alone) << tail.name;
  }
}

TEST_F(RecoveryTable, HoldsInAnActiveSegmentWithoutAWatermark) {
  for (const Tail& tail : test::tails()) {
    SCOPED_TRACE(tail.name);
    store_.clear();
    store_.put(1, prefix + tail.bytes);
    expect_active(tail, test::row_of(tail.stop).active);
  }
}

TEST_F(RecoveryTable, HoldsInAnActiveSegmentAtItsWatermark) {
  for (const Tail& tail : test::tails()) {
    SCOPED_TRACE(tail.name);
    store_.clear();
    store_.put(1, prefix + tail.bytes);
    store_.put_watermark(1, prefix.size(), 2);
    expect_active(tail, test::row_of(tail.stop).active_at_watermark);
  }
}

TEST_F(RecoveryTable, HoldsInAnActiveSegmentAboveItsWatermark) {
  for (const Tail& tail : test::tails()) {
    SCOPED_TRACE(tail.name);
    store_.clear();
    store_.put(1, prefix + tail.bytes);
    store_.put_watermark(1, first.size(), 1);
    expect_active(tail, test::row_of(tail.stop).active_at_watermark);
  }
}

TEST_F(RecoveryTable, HoldsInAnActiveSegmentOfWhichTheWatermarkKnowsTheNameOnly) {
  for (const Tail& tail : test::tails()) {
    SCOPED_TRACE(tail.name);
    store_.clear();
    store_.put(1, prefix + tail.bytes);
    store_.put_watermark(1, 0, 0);
    expect_active(tail, test::row_of(tail.stop).active_at_watermark);
  }
}

TEST_F(RecoveryTable, IsRefusalBelowAWatermarkWhateverTheTail) {
  for (const Tail& tail : test::tails()) {
    SCOPED_TRACE(tail.name);
    for (const std::size_t beyond : {1UL, 28UL, 1'000'000UL}) {
      store_.clear();
      store_.put(1, prefix + tail.bytes);
      store_.put_watermark(1, prefix.size() + beyond, 3);
      expect_refused(tail.stop == Stop::unknown_version ? Errc::unsupported_version : Errc::corruption);
      EXPECT_EQ(test::must(verify(store_.path())).watermark, WatermarkState::broken);
    }
  }
}

TEST_F(RecoveryTable, HoldsInASealedSegment) {
  const std::string next = test::raw_frame(3, "in the next segment");
  for (const Tail& tail : test::tails()) {
    SCOPED_TRACE(tail.name);
    for (const bool marked : {false, true}) {
      store_.clear();
      store_.put(1, prefix + tail.bytes);
      store_.put(2, next);
      if (marked) store_.put_watermark(2, next.size(), 3);
      const Outcome wanted = test::row_of(tail.stop).sealed;
      if (wanted == Outcome::unsupported) {
        expect_refused(Errc::unsupported_version);
      } else if (wanted == Outcome::corrupt) {
        expect_refused(Errc::corruption);
      } else {
        RecordLog log = store_.open();
        EXPECT_EQ(log.recovery_report().records_replayed, 3U);
        EXPECT_EQ(log.recovery_report().files_scanned, 2U);
        EXPECT_FALSE(log.recovery_report().tail_truncated);
        ASSERT_TRUE(test::ok(log.close()));
        EXPECT_EQ(store_.get(1), prefix + tail.bytes);
        EXPECT_EQ(store_.get(2), next);
      }
    }
  }
}

TEST_F(RecoveryTable, HoldsInASealedSegmentThatTheWatermarkStillSpeaksOf) {
  // A crash between the next segment's name and the watermark's update leaves it like this.
  for (const Tail& tail : test::tails()) {
    if (test::row_of(tail.stop).sealed != Outcome::corrupt) continue;
    SCOPED_TRACE(tail.name);
    store_.clear();
    store_.put(1, prefix + tail.bytes);
    store_.put(2, "");
    store_.put_watermark(1, first.size(), 1);
    expect_refused(Errc::corruption);
  }
}

TEST_F(RecoveryTable, HoldsAtTheVeryBeginningOfTheLog) {
  for (const Tail& tail : test::tails()) {
    SCOPED_TRACE(tail.name);
    if (tail.stop == Stop::txid_order) continue;  // any txid but 0 may be the first: TxidOrder
    store_.clear();
    store_.put(1, tail.bytes);
    const test::Image before = store_.image();
    Result<RecordLog> log = RecordLog::open(store_.path());
    switch (test::row_of(tail.stop).active) {
      case Outcome::corrupt: EXPECT_TRUE(test::refused(log, Errc::corruption)); break;
      case Outcome::unsupported: EXPECT_TRUE(test::refused(log, Errc::unsupported_version)); break;
      case Outcome::clean:
      case Outcome::torn:
        ASSERT_TRUE(test::ok(log));
        EXPECT_EQ(log->recovery_report().records_replayed, 0U);
        EXPECT_EQ(test::must(log->append("the first one")).txid, 1U);
        ASSERT_TRUE(test::ok(log->close()));
        EXPECT_EQ(store_.get(1), test::raw_frame(1, "the first one"));
        continue;
    }
    EXPECT_EQ(log.error().offset, 0U);
    EXPECT_TRUE(store_.image() == before);
  }
}

TEST_F(RecoveryTable, StopsAtTheFirstDamageOfMany) {
  store_.put(1, first + "damage");
  store_.put(2, second + "more damage");
  store_.put(3, "");
  const Result<RecordLog> log = RecordLog::open(store_.path());
  ASSERT_TRUE(test::refused(log, Errc::corruption));
  EXPECT_EQ(log.error().segment, 1U);
  EXPECT_EQ(log.error().offset, first.size());
}

TEST_F(RecoveryTable, RefusalSaysWhatIsWrong) {
  store_.put(1, prefix + std::string("text"));
  store_.put(2, "");
  const Result<RecordLog> log = RecordLog::open(store_.path());
  ASSERT_TRUE(test::refused(log, Errc::corruption));
  EXPECT_THAT(log.error().message(), testing::HasSubstr("00000001.dwal"));
  EXPECT_THAT(log.error().message(), testing::HasSubstr(std::to_string(prefix.size())));
  EXPECT_THAT(log.error().message(), testing::HasSubstr(format::describe(Stop::header_cut)));
  EXPECT_THAT(log.error().message(), testing::HasSubstr("repair"));
}

}  // namespace
}  // namespace datawal
