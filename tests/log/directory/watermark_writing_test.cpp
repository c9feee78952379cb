// What the log writes into `.watermark`, byte by byte, and that it needs none.

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/crashed_writer.hpp"
#include "log/operation_trace.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

class WatermarkWriting : public testing::Test {
 protected:
  void expect_watermark(std::uint32_t segment, std::uint64_t offset, std::uint64_t txid) const {
    EXPECT_EQ(test::read_file(store_ / ".watermark"),
              test::watermark_bytes(segment, test::inode_of(store_.segment(segment)), offset, txid));
  }

  test::Store store_;
};

TEST_F(WatermarkWriting, SaysAtEachStepHowFarASyncHasSucceeded) {
  RecordLog log = store_.open();
  expect_watermark(1, 0, 0);
  test::must(log.append("one"));
  expect_watermark(1, 0, 0);
  test::must(log.fsync());
  expect_watermark(1, 31, 1);
  test::must(log.append("two", {.sync = true}));
  expect_watermark(1, 62, 2);
  test::must(log.append("three"));
  test::must(log.rotate());
  expect_watermark(2, 0, 3);
  test::must(log.append("four"));
  test::must(log.close());
  expect_watermark(2, 32, 4);
}

TEST_F(WatermarkWriting, SaysAfterOpeningWhatOpeningMadeDurable) {
  store_.put(1, test::raw_frame(1, "one"));
  store_.put(2, test::raw_frame(2, "two") + test::raw_frame(3, "three"));
  const RecordLog log = store_.open();
  expect_watermark(2, 64, 3);
}

TEST_F(WatermarkWriting, DoesNotClaimWhatADyingWriterHadNotSynced) {
  test::write_and_die(store_.path(), [](RecordLog& log) {
    test::must(log.append("one", {.sync = true}));
    test::must(log.append("two"));
  });
  expect_watermark(1, 31, 1);
}

TEST_F(WatermarkWriting, SpeaksOfTheNewFileWhereTheActiveSegmentWasReplaced) {
  store_.put(1, test::raw_frame(1, "one"));
  std::filesystem::create_hard_link(store_.segment(1), store_.beside("second name"));
  const std::uint64_t old_inode = test::inode_of(store_.segment(1));
  const RecordLog log = store_.open();
  EXPECT_NE(test::inode_of(store_.segment(1)), old_inode);
  expect_watermark(1, 31, 1);
}

TEST_F(WatermarkWriting, IsRightBehindTheHighestTxidAndTheHighestId) {
  const std::string frame = test::raw_frame(0x1122334455667788, "x");
  store_.put(99'999'999, frame);
  const RecordLog log = store_.open();
  expect_watermark(99'999'999, frame.size(), 0x1122334455667788);
}

TEST_F(WatermarkWriting, NeedsNoRoomForOne) {
  safeatomic::test::FaultyFileSystem file_system;
  file_system.set_hook([](const test::FsOp& op) {
    return op.path.ends_with(".watermark") ? std::optional(safeatomic::test::Fault::error(ENOSPC)) : std::nullopt;
  });
  {
    RecordLog log = test::must(RecordLog::open(store_.path(), {.file_system = &file_system}));
    test::must(log.append("one", {.sync = true}));
    test::must(log.rotate());
    test::must(log.append("two"));
    EXPECT_TRUE(test::ok(log.close()));
  }
  EXPECT_FALSE(std::filesystem::exists(store_ / ".watermark"));
  EXPECT_EQ(test::must(store_.open().scan()).size(), 2U);
}

TEST_F(WatermarkWriting, MayFailAtAnyTimeWithoutAWord) {
  for (const test::OpKind kind : {test::OpKind::write, test::OpKind::open_file, test::OpKind::file_info}) {
    test::Store store;
    safeatomic::test::FaultyFileSystem file_system;
    RecordLog log = test::must(RecordLog::open(store.path(), {.file_system = &file_system}));
    file_system.set_hook([kind](const test::FsOp& op) {
      const bool fails = op.path.ends_with(".watermark") && op.kind == kind;
      return fails ? std::optional(safeatomic::test::Fault::error(EIO)) : std::nullopt;
    });
    EXPECT_TRUE(test::ok(log.append("one", {.sync = true})));
    EXPECT_TRUE(test::ok(log.rotate()));
    EXPECT_TRUE(test::ok(log.close()));
    EXPECT_EQ(log.durable_txid(), 1U);
  }
}

TEST_F(WatermarkWriting, IsForTheOwnerOnly) {
  const RecordLog log = store_.open();
  EXPECT_EQ(safeatomic::test::mode_of(store_ / ".watermark"), 0600U);
}

}  // namespace
}  // namespace datawal
