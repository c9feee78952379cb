// A log's handle: closed, closed again, moved, and what outlives it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/store_support.hpp"

namespace datawal {
namespace {

using testing::ElementsAre;

class RecordLogHandle : public testing::Test {
 protected:
  static void expect_closed(RecordLog& log) {
    EXPECT_TRUE(test::refused(log.append("x"), Errc::closed));
    EXPECT_TRUE(test::refused(log.append("x", {.sync = true}), Errc::closed));
    EXPECT_TRUE(test::refused(log.append_record(RecordType::Put, "k", "v"), Errc::closed));
    EXPECT_TRUE(test::refused(log.fsync(), Errc::closed));
    EXPECT_TRUE(test::refused(log.rotate(), Errc::closed));
    EXPECT_TRUE(test::refused(log.scan(), Errc::closed));
    EXPECT_TRUE(test::refused(log.read({1, 0, 31, 1}), Errc::closed));
    RecordCursor cursor = log.records();
    for (int call = 0; call < 2; ++call) EXPECT_TRUE(test::refused(cursor.next(), Errc::closed));
  }

  test::Store store_;
};

TEST_F(RecordLogHandle, ThatIsClosedRefusesEverythingButBeingClosed) {
  RecordLog log = store_.open();
  test::must(log.append("one"));
  EXPECT_TRUE(test::ok(log.close()));
  expect_closed(log);
  EXPECT_TRUE(test::ok(log.close()));
  EXPECT_EQ(log.last_txid(), 1U);
  EXPECT_EQ(log.durable_txid(), 1U);
  EXPECT_FALSE(log.is_poisoned());
}

TEST_F(RecordLogHandle, ThatIsClosedHasGivenTheLockBack) {
  RecordLog log = store_.open();
  EXPECT_TRUE(test::refused(RecordLog::open(store_.path()), Errc::locked));
  test::must(log.close());
  EXPECT_TRUE(test::ok(RecordLog::open(store_.path())));
}

TEST_F(RecordLogHandle, ThatIsDestroyedClosesTheLog) {
  {
    RecordLog log = store_.open();
    test::must(log.append("one"));
  }
  EXPECT_EQ(test::read_file(store_ / ".watermark"), test::watermark_bytes(1, test::inode_of(store_.segment(1)), 31, 1));
  EXPECT_TRUE(test::ok(RecordLog::open(store_.path())));
}

TEST_F(RecordLogHandle, ThatWasMovedFromIsClosedAndTheOtherOneGoesOn) {
  RecordLog first = store_.open();
  test::must(first.append("one"));
  RecordLog second = std::move(first);
  expect_closed(first);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_TRUE(test::refused(first.close(), Errc::closed));
  EXPECT_EQ(first.last_txid(), 0U);
  EXPECT_EQ(first.durable_txid(), 0U);
  EXPECT_EQ(first.active_segment(), 0U);
  EXPECT_FALSE(first.is_poisoned());
  EXPECT_EQ(first.recovery_report().files_scanned, 0U);
  EXPECT_EQ(test::must(second.append("two")).txid, 2U);
}

TEST_F(RecordLogHandle, ThatIsAssignedToClosesWhatItHeld) {
  const test::Store other;
  RecordLog log = store_.open();
  test::must(log.append("one"));
  log = other.open();
  EXPECT_TRUE(test::ok(RecordLog::open(store_.path()))) << "its lock must be free";
  EXPECT_TRUE(test::refused(RecordLog::open(other.path()), Errc::locked));
  test::must(log.append("in the other one"));
}

TEST_F(RecordLogHandle, IsOutlivedByItsCursors) {
  std::optional<RecordLog> log = store_.open({.max_segment_bytes = 40});
  for (const char* payload : {"one", "two", "three"}) test::must(log->append(payload));
  RecordCursor cursor = log->records();
  EXPECT_EQ(test::must(cursor.next())->payload, "one");
  log.reset();
  EXPECT_EQ(test::must(cursor.next())->payload, "two");
  EXPECT_EQ(test::must(cursor.next())->payload, "three");
  EXPECT_FALSE(test::must(cursor.next()).has_value());
  EXPECT_EQ(cursor.report().records_replayed, 3U);
  EXPECT_EQ(cursor.report().files_scanned, 3U);
}

TEST_F(RecordLogHandle, GivesACursorThatCanBeMoved) {
  RecordLog log = store_.open();
  test::must(log.append("one"));
  RecordCursor first = log.records();
  RecordCursor second = std::move(first);
  EXPECT_TRUE(test::refused(first.next(), Errc::closed));  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(first.report().records_replayed, 0U);
  EXPECT_EQ(test::must(second.next())->payload, "one");
}

}  // namespace
}  // namespace datawal
