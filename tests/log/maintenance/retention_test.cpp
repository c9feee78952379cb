// RecordLog::drop_segments_before(): the oldest part goes, the newest record never.

#include "log/operation_trace.hpp"
#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

class Retention : public testing::Test {
 protected:
  RecordLog open() { return must(RecordLog::open(store_.path(), {.file_system = &files_})); }
  // Segments of two records each.
  static void append_segments(RecordLog& log, int count) {
    for (int i = 0; i < count; ++i) {
      must(log.append("first"));
      must(log.append("second"));
      must(log.rotate());
    }
  }
  [[nodiscard]] std::vector<std::uint64_t> txids() const { return read(store_.path()).txids(); }

  const Store store_;
  FaultyFileSystem files_;
};

TEST_F(Retention, RemovesSegmentsBelowTheIdAndNoOther) {
  RecordLog log = open();
  append_segments(log, 4);
  must(log.append("newest"));
  must(log.drop_segments_before(3));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{5, 6, 7, 8, 9}));
  EXPECT_EQ(must(log.scan()).size(), 5U);
  must(log.close());
  RecordLog again = open();
  EXPECT_EQ(again.last_txid(), 9U);
  EXPECT_EQ(must(again.append("next")).txid, 10U);
}

TEST_F(Retention, NeverRemovesTheNewestRecord) {
  RecordLog log = open();
  append_segments(log, 3);  // the active segment is empty
  must(log.drop_segments_before(99));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{5, 6}));
  must(log.close());
  std::filesystem::remove(store_.path() / ".watermark");
  EXPECT_EQ(must(open().append("next")).txid, 7U);
}

TEST_F(Retention, OfAnEmptyLogDoesNothing) {
  RecordLog log = open();
  must(log.drop_segments_before(5));
  EXPECT_EQ(must(log.append("first")).txid, 1U);
}

TEST_F(Retention, RemovesInAscendingOrderAndSyncsTheDirectoryAfterEach) {
  RecordLog log = open();
  append_segments(log, 2);
  must(log.append("newest"));
  files_.restart();
  must(log.drop_segments_before(3));
  const std::string sync = "sync_directory " + store_.path().filename().string();
  EXPECT_TRUE(in_order(trace_of(files_),
                       {"sync_data 00000003.dwal", "unlink 00000001.dwal", sync, "unlink 00000002.dwal", sync}));
}

TEST_F(Retention, LeavesCursorsAndReadersWhatTheyHold) {
  RecordLog log = open();
  append_segments(log, 4);
  RecordCursor cursor = log.records();
  const RecordLogReader reader = must(RecordLogReader::open(store_.path()));
  RecordCursor reading = reader.records();
  must(log.drop_segments_before(4));
  for (std::uint64_t txid = 1; txid <= 8; ++txid) {
    EXPECT_EQ(must(cursor.next())->txid, txid);
    EXPECT_EQ(must(reading.next())->txid, txid);
  }
  EXPECT_FALSE(must(cursor.next()));
  EXPECT_FALSE(must(reading.next()));
}

TEST_F(Retention, RefusesASegmentThatHoldsAPutUnlessKeysMayGo) {
  RecordLog log = open();
  append_segments(log, 1);
  must(log.append_record(RecordType::Put, "key", "value"));
  must(log.rotate());
  must(log.append("newest"));
  EXPECT_TRUE(refused(log.drop_segments_before(3), Errc::invalid_argument));
  EXPECT_EQ(txids(), txids_up_to(4)) << "nothing was removed";
  must(log.drop_segments_before(2));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{3, 4})) << "there was none in it";
  must(log.drop_segments_before(3, {.with_keys = true}));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{4}));
}

TEST_F(Retention, LeavesPlacesInRemovedSegmentsNotFound) {
  RecordLog log = open();
  const RecordRef ref = must(log.append("old"));
  must(log.rotate());
  must(log.append("new"));
  must(log.drop_segments_before(2));
  EXPECT_TRUE(refused(log.read(ref), Errc::not_found));
}

}  // namespace
}  // namespace datawal::test
