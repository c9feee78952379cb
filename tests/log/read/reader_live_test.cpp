// A frame on its way and a frame that a crash cut look the same: what tells them apart is whether a writer lives.
#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>
#include <datawal/verify.hpp>

#include "faulty_file_system.hpp"
#include "log/reader_support.hpp"
#include "log/recovery_table.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

class ReaderOfALiveStore : public testing::Test {
 protected:
  [[nodiscard]] RecordLogReader open() const { return must(RecordLogReader::open(store_.path())); }
  [[nodiscard]] DirLock be_the_writer() const { return must(DirLock::acquire(store_.path())); }

  Store store_;
  const std::string first_ = raw_frame(1, "first");
  const std::string second_ = raw_frame(2, "second");
};

TEST_F(ReaderOfALiveStore, TakesAHalfWrittenFrameForTheEnd) {
  const DirLock writer = be_the_writer();
  for (std::size_t cut = 1; cut < second_.size(); ++cut) {
    store_.put(1, first_ + second_.substr(0, cut));
    const Reading reading = read(open());
    EXPECT_EQ(reading.txids(), txids_up_to(1)) << cut;
    EXPECT_EQ(reading.error, std::nullopt) << cut;
    EXPECT_FALSE(reading.report.tail_truncated) << cut;
    EXPECT_EQ(reading.report.tail_bytes_discarded, 0U) << cut;
  }
}

TEST_F(ReaderOfALiveStore, TakesTheSameBytesForATornTailOnceTheWriterIsGone) {
  for (std::size_t cut = 1; cut < second_.size(); ++cut) {
    store_.put(1, first_ + second_.substr(0, cut));
    const Reading reading = read(open());
    EXPECT_EQ(reading.txids(), txids_up_to(1)) << cut;
    EXPECT_TRUE(reading.report.tail_truncated) << cut;
    EXPECT_EQ(reading.report.tail_bytes_discarded + reading.report.preallocated_bytes, cut)
        << "zeros at its end count as such";
  }
}

TEST_F(ReaderOfALiveStore, TakesEveryTailForTheEndButANewerFormat) {
  const DirLock writer = be_the_writer();
  for (const Tail& tail : tails()) {
    SCOPED_TRACE(tail.name);
    store_.put(1, first_ + second_ + tail.bytes);
    const Reading reading = read(open());
    EXPECT_EQ(reading.txids(), txids_up_to(2));
    EXPECT_FALSE(reading.report.tail_truncated);
    EXPECT_EQ(reading.error.has_value(), tail.stop == format::Stop::unknown_version);
  }
}

TEST_F(ReaderOfALiveStore, DoesNotExcuseASealedSegmentByItsWriter) {
  const DirLock writer = be_the_writer();
  store_.put(1, first_ + second_.substr(0, 30));
  store_.put(2, raw_frame(2, "next"));
  EXPECT_EQ(read(open()).error.value().code, Errc::corruption);
}

TEST_F(ReaderOfALiveStore, ReturnsAFrameThatBecameWholeWhileItWasLookedAt) {
  const DirLock writer = be_the_writer();
  const std::string payload(600'000, 'p');  // more than is read at a time
  const std::string large = raw_frame(2, payload);
  store_.put(1, first_ + large.substr(0, 400'000));
  const RecordLogReader reader = open();
  RecordCursor cursor = reader.records();
  ASSERT_EQ(must(cursor.next())->txid, 1U);
  overwrite(store_.segment(1), first_.size() + 400'000, large.substr(400'000));
  const Result<std::optional<RecordView>> next = cursor.next();
  ASSERT_TRUE(ok(next));
  ASSERT_TRUE(*next);
  EXPECT_EQ((*next)->payload, payload);
  EXPECT_EQ(must(cursor.next()), std::nullopt);
}

TEST_F(ReaderOfALiveStore, VerifiesItAsSound) {
  RecordLog log = store_.open();
  append_records(log, 3);
  overwrite(store_.segment(1), std::filesystem::file_size(store_.segment(1)), second_.substr(0, 30));
  const VerifyReport beside_the_writer = must(verify(store_.path()));
  EXPECT_TRUE(beside_the_writer.is_clean());
  EXPECT_EQ(beside_the_writer.frames_checked, 3U);
}

// Whether a writer lives.

TEST_F(ReaderOfALiveStore, SeesAWriterInTheSameProcess) {
  RecordLog log = store_.open();
  EXPECT_TRUE(must(open().writer_lives()));
  must(log.close());
  EXPECT_FALSE(must(open().writer_lives()));
}

TEST_F(ReaderOfALiveStore, SeesAWriterInAnotherProcessUntilItIsKilled) {
  Child writer([&](Talk& talk) {
    RecordLog log = store_.open();
    talk.tell("open");
    static_cast<void>(talk.hear());
  });
  ASSERT_EQ(writer.talk().hear(), "open");
  EXPECT_TRUE(must(open().writer_lives()));
  writer.kill();
  EXPECT_FALSE(must(open().writer_lives()));
}

TEST_F(ReaderOfALiveStore, NeverStandsInAWritersWayWhenItAsks) {
  must(store_.open().close());
  const RecordLogReader reader = open();
  ASSERT_FALSE(must(reader.writer_lives()));
  RecordLog log = store_.open();
  ASSERT_TRUE(must(reader.writer_lives()));
  append_records(log, 1);
  must(log.close());
  ASSERT_FALSE(must(reader.writer_lives()));
  EXPECT_TRUE(ok(RecordLog::open(store_.path())));
}

TEST_F(ReaderOfALiveStore, TakesAnAbsentLockFileForNoWriter) {
  store_.put(1, first_);
  EXPECT_FALSE(must(open().writer_lives()));
}

TEST_F(ReaderOfALiveStore, TakesALockFileThatItMayNotReadForAWriter) {
  using safeatomic::test::Fault;
  using safeatomic::test::FsOp;
  using safeatomic::test::OpKind;
  must(store_.open().close());
  store_.put(1, first_ + second_.substr(0, 30));
  safeatomic::test::FaultyFileSystem files(safeatomic::posix_file_system(), [](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::open_file && op.path.ends_with("/.lock")) return Fault::error(EACCES);
    return std::nullopt;
  });
  const RecordLogReader reader = must(RecordLogReader::open(store_.path(), {.file_system = &files}));
  EXPECT_TRUE(must(reader.writer_lives()));
  EXPECT_FALSE(read(reader).report.tail_truncated) << "a writer may live, and be about to finish that frame";
}

}  // namespace
}  // namespace datawal::test
