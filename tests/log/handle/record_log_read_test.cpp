// One record by its place: only what was asked for, and only if its bytes are right.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/operation_trace.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

class RecordLogRead : public testing::Test {
 protected:
  RecordLogRead() {
    refs_.push_back(test::must(log_.append("sealed one")));
    refs_.push_back(test::must(log_.append_record(RecordType::Put, "key", "sealed two")));
    test::must(log_.rotate());
    refs_.push_back(test::must(log_.append_record(RecordType::Delete, "key", "")));
    refs_.push_back(test::must(log_.append("active two")));
  }

  // As a disk does it: without a trace in the file's times.
  void flip(const RecordRef& ref, std::uint64_t at) const {
    const std::filesystem::path path = store_.segment(ref.segment);
    const auto time = std::filesystem::last_write_time(path);
    std::string bytes = test::read_file(path);
    bytes[ref.offset + at] = static_cast<char>(bytes[ref.offset + at] ^ 1);
    test::write_file(path, bytes);
    std::filesystem::last_write_time(path, time);
  }

  test::Store store_;
  RecordLog log_ = store_.open();
  std::vector<RecordRef> refs_;
};

TEST_F(RecordLogRead, ReturnsWhatWasAppended) {
  EXPECT_EQ(test::must(log_.read(refs_[0])).payload, "sealed one");
  const Record put = test::must(log_.read(refs_[1]));
  EXPECT_EQ(put.type, RecordType::Put);
  EXPECT_EQ(put.key, "key");
  EXPECT_EQ(put.payload, "sealed two");
  EXPECT_EQ(put.txid, 2U);
  EXPECT_EQ(put.ref, refs_[1]);
  EXPECT_EQ(test::must(log_.read(refs_[2])).type, RecordType::Delete);
  EXPECT_EQ(test::must(log_.read(refs_[3])).payload, "active two");
}

TEST_F(RecordLogRead, ReturnsItAfterReopeningToo) {
  test::must(log_.close());
  const RecordLog again = store_.open();
  for (const RecordRef& ref : refs_) EXPECT_EQ(test::must(again.read(ref)).txid, ref.txid);
}

TEST_F(RecordLogRead, IsNotFoundWhereAnotherRecordHasItsPlaceAndTxid) {
  const RecordRef bobs = test::must(log_.append("pay Bob"));
  test::must(log_.close());
  std::filesystem::resize_file(store_.segment(2), bobs.offset);  // the power took it
  std::filesystem::remove(store_.path() / ".watermark");
  RecordLog again = store_.open();
  const RecordRef eves = test::must(again.append("pay Eve"));
  ASSERT_EQ(std::pair(eves.offset, eves.txid), std::pair(bobs.offset, bobs.txid));
  EXPECT_TRUE(test::refused(again.read(bobs), Errc::not_found));
  EXPECT_EQ(test::must(again.read(eves)).payload, "pay Eve");
}

TEST_F(RecordLogRead, IsNotFoundWhereNoSuchRecordLies) {
  const RecordRef& sealed = refs_[1];
  const RecordRef& active = refs_[3];
  const struct {
    const char* name;
    RecordRef ref;
  } rows[] = {
      {"another txid, sealed", {sealed.segment, sealed.offset, sealed.len, 7}},
      {"another txid, active", {active.segment, active.offset, active.len, 7}},
      {"a byte too far", {sealed.segment, sealed.offset + 1, sealed.len, sealed.txid}},
      {"a byte too near", {sealed.segment, sealed.offset - 1, sealed.len, sealed.txid}},
      {"inside a record of the active segment", {active.segment, active.offset + 5, 30, active.txid}},
      {"too long", {refs_[0].segment, 0, refs_[0].len + 1, 1}},
      {"too short", {refs_[0].segment, 0, refs_[0].len - 1, 1}},
      {"shorter than any record", {1, 0, 27, 1}},
      {"length 0", {1, 0, 0, 1}},
      {"longer than any record", {1, 0, ~std::uint32_t{0}, 1}},
      {"across the end", {active.segment, active.offset, active.len + 100, active.txid}},
      {"at the end", {active.segment, active.offset + active.len, 28, 5}},
      {"far behind the end", {active.segment, 1ULL << 40, 28, 5}},
      {"at the highest offset", {active.segment, ~std::uint64_t{0}, 28, 5}},
      {"a segment that is not there", {9, 0, 28, 1}},
      {"segment 0", {0, 0, 28, 1}},
      {"nothing at all", {}},
  };
  for (const auto& row : rows) {
    const Result<Record> record = log_.read(row.ref);
    EXPECT_TRUE(test::refused(record, Errc::not_found)) << row.name;
    EXPECT_EQ(record.error().segment, row.ref.segment) << row.name;
    EXPECT_EQ(record.error().offset, row.ref.offset) << row.name;
  }
}

TEST_F(RecordLogRead, IsCorruptionWhereAnyByteIsWrong) {
  for (const RecordRef& ref : {refs_[1], refs_[3]}) {
    for (std::uint64_t at = 0; at < ref.len; ++at) {
      SCOPED_TRACE("byte " + std::to_string(at) + " in segment " + std::to_string(ref.segment));
      flip(ref, at);
      const Result<Record> record = log_.read(ref);
      EXPECT_TRUE(test::refused(record, Errc::corruption));
      if (!record) {
        EXPECT_EQ(record.error().segment, ref.segment);
        EXPECT_EQ(record.error().offset, ref.offset);
        EXPECT_EQ(record.error().path, store_.segment(ref.segment));
      }
      flip(ref, at);
      EXPECT_TRUE(test::ok(log_.read(ref)));
    }
  }
}

// An address sanitizer finds the same one call later, when the memory is given back.
TEST_F(RecordLogRead, ByACursorOverwritesWhatWasLentBeforeInABuildThatLooksForMistakes) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build does not";
#endif
  const test::Store store;
  RecordLog log = store.open();
  test::must(log.append("first"));
  test::must(log.append("second"));
  RecordCursor cursor = log.records();
  const std::string_view kept = test::must(cursor.next())->payload;
  EXPECT_EQ(kept, "first");
  test::must(cursor.next());
  EXPECT_EQ(kept, "\xDB\xDB\xDB\xDB\xDB");
}

TEST_F(RecordLogRead, OfARecordDoesNotMindDamageElsewhere) {
  flip(refs_[0], 26);
  flip(refs_[2], 26);
  EXPECT_TRUE(test::ok(log_.read(refs_[1])));
  EXPECT_TRUE(test::ok(log_.read(refs_[3])));
}

TEST_F(RecordLogRead, IsCorruptionWhereTheFileWasCutBehindOurBack) {
  std::filesystem::resize_file(store_.segment(2), refs_[3].offset + 10);
  EXPECT_TRUE(test::refused(log_.read(refs_[3]), Errc::corruption));
  EXPECT_TRUE(test::refused(log_.scan(), Errc::corruption));
}

TEST_F(RecordLogRead, IsIoWhereTheDiskFails) {
  test::must(log_.close());
  safeatomic::test::FaultyFileSystem file_system;
  const RecordLog log = test::must(RecordLog::open(store_.path(), {.file_system = &file_system}));
  file_system.set_hook(safeatomic::test::fail_every(test::OpKind::read, safeatomic::test::Fault::error(EIO)));
  for (const RecordRef& ref : refs_) {
    const Result<Record> record = log.read(ref);
    EXPECT_TRUE(test::refused(record, Errc::io));
    EXPECT_EQ(record.error().os_errno, EIO);
  }
  EXPECT_FALSE(log.is_poisoned());
}

TEST_F(RecordLogRead, OfASealedSegmentOpensItOnce) {
  test::must(log_.close());
  safeatomic::test::FaultyFileSystem file_system;
  const RecordLog log = test::must(RecordLog::open(store_.path(), {.file_system = &file_system}));
  test::must(log.read(refs_[0]));
  file_system.restart();
  for (int n = 0; n < 10; ++n) test::must(log.read(refs_[n % 2 == 0 ? 0 : 1]));
  EXPECT_EQ(file_system.operation_count(), 10U) << "one read for each";
}

TEST_F(RecordLogRead, FindsEachOfManySegments) {
  test::must(log_.close());
  RecordLog log = store_.open({.max_segment_bytes = 40});
  std::vector<RecordRef> refs;
  for (int n = 0; n < 300; ++n) refs.push_back(test::must(log.append("record " + std::to_string(n))));
  for (int n = 299; n >= 0; --n) {
    EXPECT_EQ(test::must(log.read(refs[static_cast<std::size_t>(n)])).payload, "record " + std::to_string(n));
  }
}

TEST_F(RecordLogRead, ByScanStopsAtDamageWithItsPlace) {
  flip(refs_[1], 25);
  const Result<std::vector<Record>> records = log_.scan();
  ASSERT_TRUE(test::refused(records, Errc::corruption));
  EXPECT_EQ(records.error().segment, 1U);
  EXPECT_EQ(records.error().offset, refs_[1].offset);
  RecordCursor cursor = log_.records();
  EXPECT_EQ(test::must(cursor.next())->payload, "sealed one");
  for (int call = 0; call < 2; ++call) EXPECT_TRUE(test::refused(cursor.next(), Errc::corruption)) << "the same again";
  EXPECT_EQ(cursor.report().records_replayed, 1U);
  EXPECT_EQ(cursor.report().mid_stream_errors, 1U);
}

}  // namespace
}  // namespace datawal
