#include "segment/mapped_writer.hpp"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment/segment_file.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"
#include "support/seed.hpp"

namespace datawal::segment {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

constexpr std::uint64_t chunk = MappedWriter::min_chunk;

class SegmentMappedWriter : public testing::Test {
 protected:
  Result<std::uint64_t> append(std::string_view payload) {
    const std::uint64_t txid = txid_ + 1;
    Result<AppendedFrame> frame = writer_->append({.type = RecordType::Put,
                                                   .txid = txid,
                                                   .key_len = 3,
                                                   .payload_len = static_cast<std::uint32_t>(payload.size())},
                                                  "key", payload);
    if (!frame) return propagate(frame);
    wanted_ += test::reference_encode(1, txid, "key", payload);
    txid_ = txid;
    return frame->offset;
  }

  /// Far enough behind the last sync that small frames go by memory.
  void pass_the_first_bytes() { ASSERT_TRUE(append(std::string(70'000, 'p'))); }

  void expect_file_holds_what_was_appended() {
    const std::string bytes = file_.get();
    ASSERT_GE(bytes.size(), wanted_.size());
    EXPECT_TRUE(bytes.starts_with(wanted_));
    EXPECT_EQ(bytes.find_first_not_of('\0', wanted_.size()), std::string::npos) << "only zeros may lie behind";
  }

  std::vector<FsOp> operations(OpKind kind) {
    std::vector<FsOp> found;
    for (const FsOp& op : file_.file_system().operations()) {
      if (op.kind == kind) found.push_back(op);
    }
    return found;
  }

  void make(std::uint64_t max_bytes) {
    writer_ = std::make_unique<MappedWriter>(std::shared_ptr<safeatomic::File>(file_.open()), wanted_.size(),
                                             max_bytes);
  }
  void fail(OpKind kind, Fault fault) { file_.file_system().set_hook(safeatomic::test::fail_every(kind, fault)); }
  void recover() { file_.file_system().set_hook(nullptr); }

  std::string wanted_ = "what was there";
  test::SegmentFile file_{wanted_};
  std::unique_ptr<MappedWriter> writer_ = std::make_unique<MappedWriter>(
      std::shared_ptr<safeatomic::File>(file_.open()), wanted_.size(), 0);
  std::uint64_t txid_ = 0;
};

TEST_F(SegmentMappedWriter, StoresNothingIntoPagesThatCannotBeMadeReady) {
  pass_the_first_bytes();
  fail(OpKind::populate, Fault::error(EFAULT));
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(append("by call"));
  EXPECT_EQ(operations(OpKind::map_write).size(), 0U) << "it would have been a SIGBUS";
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, StoresWhereAnOlderKernelCannotMakePagesReady) {
  pass_the_first_bytes();
  fail(OpKind::populate, Fault::error(EOPNOTSUPP));
  EXPECT_TRUE(append("by memory"));
  EXPECT_GT(operations(OpKind::map_write).size(), 0U);
  expect_file_holds_what_was_appended();
}

// A timer that is faster than a reservation of more than 64 KiB: an older tmpfs gives back what it has got, and says EINTR.
TEST_F(SegmentMappedWriter, ReservesInPiecesWhereLongerReservationsAreAlwaysInterrupted) {
  file_.file_system().set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::reserve && op.size > chunk) return Fault::error(EINTR);
    return std::nullopt;
  });
  EXPECT_TRUE(append(std::string(5'000'000, 'l')));
  for (int n = 0; n < 1000; ++n) ASSERT_TRUE(append(std::string(1000, 's')));
  expect_file_holds_what_was_appended();
  std::size_t long_ones = 0;
  for (const FsOp& op : operations(OpKind::reserve)) long_ones += op.size > chunk ? 1 : 0;
  EXPECT_LE(long_ones, 40U) << "two tries and the least for each reservation";
}

TEST_F(SegmentMappedWriter, GivesUpAReservationThatIsInterruptedForEver) {
  fail(OpKind::reserve, Fault::error(EINTR));
  const Result<std::uint64_t> offset = append("x");
  ASSERT_FALSE(offset);
  EXPECT_EQ(offset.error().code, Errc::io);
  recover();
  EXPECT_TRUE(append("y"));
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, LeavesTheBytesThatTheAppendPathLeaves) {
  std::mt19937_64 random = test::seeded_random();
  for (int n = 0; n < 600; ++n) {
    const std::uint64_t limit = n % 40 == 0 ? 90'000 : n % 5 == 0 ? 12'000 : 300;
    const auto size = static_cast<std::size_t>(test::between(random, 0, limit));
    const std::uint64_t begin = writer_->end();
    ASSERT_EQ(append(std::string(size, static_cast<char>('a' + n % 26))).value(), begin);
    ASSERT_EQ(writer_->end(), wanted_.size());
    if (test::between(random, 0, 20) == 0) {
      ASSERT_TRUE(writer_->sync());
    }
    if (test::between(random, 0, 50) == 0) {
      ASSERT_TRUE(writer_->cut_to_end());
    }
  }
  expect_file_holds_what_was_appended();
  ASSERT_TRUE(writer_->cut_to_end());
  EXPECT_TRUE(file_.get() == wanted_);
  EXPECT_FALSE(operations(OpKind::map_write).empty());
  EXPECT_FALSE(operations(OpKind::write).empty());
}

TEST_F(SegmentMappedWriter, WritesBatchesAsOne) {
  const std::vector<RecordInput> batch(40, {.type = RecordType::Put, .key = "key", .payload = "value"});
  const std::uint64_t len = 40 * 36;
  std::vector<RecordRef> refs(batch.size());
  pass_the_first_bytes();
  file_.file_system().restart();
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE(writer_->append_batch(batch, txid_ + 1, len, refs));
    for (int k = 0; k < 40; ++k) wanted_ += test::reference_encode(1, ++txid_, "key", "value");
  }
  EXPECT_EQ(operations(OpKind::map_write).size(), 6U) << "each the bodies, and then the magic of the first";
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, WritesTheFirstFourBytesLast) {
  pass_the_first_bytes();
  file_.file_system().restart();
  const std::uint64_t small = append("by memory").value();
  const std::uint64_t large = append(std::string(40'000, 'l')).value();
  const std::vector<FsOp> stores = operations(OpKind::map_write);
  ASSERT_EQ(stores.size(), 2U);
  EXPECT_EQ(stores[0].offset, small + 4);
  EXPECT_EQ(stores[1].offset, small);
  EXPECT_EQ(stores[1].size, 4U);
  const std::vector<FsOp> writes = operations(OpKind::write);
  ASSERT_EQ(writes.size(), 2U);
  EXPECT_EQ(writes[0].offset, large + 4);
  EXPECT_EQ(writes[1].offset, large);
  EXPECT_EQ(writes[1].size, 4U);
}

TEST_F(SegmentMappedWriter, WritesTheFirstFramesAfterASyncByCall) {
  pass_the_first_bytes();
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE(writer_->sync());
    file_.file_system().restart();
    ASSERT_TRUE(append("soon synced"));
    EXPECT_EQ(operations(OpKind::map_write).size(), 0U);
    EXPECT_EQ(operations(OpKind::write).size(), 1U);
  }
  for (int n = 0; n < 200; ++n) ASSERT_TRUE(append("and many more, until it is worth while"));
  EXPECT_GT(operations(OpKind::map_write).size(), 100U);
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, CopiesWhatFillsSomePagesOnceMuchWasWrittenWithoutASync) {
  for (int n = 0; n < 60; ++n) ASSERT_TRUE(append(std::string(20'000, 'b')));
  file_.file_system().restart();
  ASSERT_TRUE(append(std::string(20'000, 'm')));
  EXPECT_EQ(operations(OpKind::map_write).size(), 2U);
  EXPECT_EQ(operations(OpKind::write).size(), 0U);
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, MakesNoPagesReadyThatASyncWouldWriteInVain) {
  ASSERT_TRUE(writer_->sync());
  for (int n = 0; n < 400; ++n) ASSERT_TRUE(append(std::string(100, 'x')));
  for (const FsOp& op : operations(OpKind::populate)) EXPECT_LE(op.size, 80'000U);
}

TEST_F(SegmentMappedWriter, ReservesInChunksThatDouble) {
  ASSERT_TRUE(append("small"));
  EXPECT_EQ(writer_->reserved_end(), chunk);
  EXPECT_EQ(file_.get().size(), chunk);
  std::vector<std::uint64_t> ends;
  for (int n = 0; n < 50; ++n) {
    ASSERT_TRUE(append(std::string(20'000, 'x')));
    if (ends.empty() || ends.back() != writer_->reserved_end()) ends.push_back(writer_->reserved_end());
    EXPECT_EQ(file_.get().size(), writer_->reserved_end());
  }
  EXPECT_EQ(ends, (std::vector<std::uint64_t>{chunk, 2 * chunk, 4 * chunk, 8 * chunk, 16 * chunk}));
}

TEST_F(SegmentMappedWriter, ReservesNothingBeyondTheLimitButForALargerFrame) {
  make(100'000);
  for (int n = 0; n < 9; ++n) ASSERT_TRUE(append(std::string(10'000, 'x')));
  EXPECT_EQ(writer_->reserved_end(), 100'000U);
  ASSERT_TRUE(append(std::string(200'000, 'y')));
  EXPECT_EQ(writer_->reserved_end(), writer_->end());
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, TriesTheLeastThatIsNeededWhereMoreCannotBeReserved) {
  file_.file_system().set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::reserve || op.size <= 8192) return std::nullopt;
    return Fault{.os_errno = ENOSPC, .is_done_anyway = true};
  });
  ASSERT_TRUE(append("small"));
  EXPECT_EQ(writer_->reserved_end(), 4096U);
  EXPECT_EQ(file_.get().size(), 4096U) << "what a refused reservation got is given back";
}

TEST_F(SegmentMappedWriter, LeavesAllAsItWasWhereNothingCanBeReserved) {
  ASSERT_TRUE(append("small"));
  const std::string before = file_.get();
  fail(OpKind::reserve, {.os_errno = ENOSPC, .is_done_anyway = true});
  for (int n = 0; n < 3; ++n) {
    const Result<std::uint64_t> refused = append(std::string(100'000, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::no_space);
    EXPECT_FALSE(writer_->is_broken());
    EXPECT_FALSE(writer_->has_unsynced_change());
    EXPECT_TRUE(file_.get() == before);
  }
  ASSERT_TRUE(append("what was reserved is there"));
  recover();
  ASSERT_TRUE(append(std::string(100'000, 'x')));
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, AppendsWhereTheFilesystemCannotReserve) {
  fail(OpKind::reserve, Fault::error(EOPNOTSUPP));
  for (const std::size_t size : {10UL, 5'000UL, 100'000UL, 20UL}) ASSERT_TRUE(append(std::string(size, 'x')));
  EXPECT_TRUE(file_.get() == wanted_);
  EXPECT_TRUE(operations(OpKind::map).empty());
  ASSERT_TRUE(writer_->cut_to_end());
  EXPECT_TRUE(file_.get() == wanted_);
}

TEST_F(SegmentMappedWriter, GoesByCallWhereNothingCanBeMapped) {
  fail(OpKind::map, Fault::error(ENOMEM));
  pass_the_first_bytes();
  for (int n = 0; n < 100; ++n) ASSERT_TRUE(append("small"));
  EXPECT_TRUE(operations(OpKind::map_write).empty());
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, DoesNotMindPagesThatCannotBeMadeReady) {
  file_.file_system().set_hook([](const FsOp& op) -> std::optional<Fault> {
    const bool is_hint = op.kind == OpKind::populate || op.kind == OpKind::prefer_huge_pages;
    return is_hint ? std::optional(Fault::error(EINVAL)) : std::nullopt;
  });
  pass_the_first_bytes();
  for (int n = 0; n < 2'000; ++n) ASSERT_TRUE(append(std::string(1'000, 'x')));
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, LeavesNothingOfAFailedWriteAndGoesOn) {
  pass_the_first_bytes();
  for (const std::uint64_t written : {0U, 1U, 24U, 30'000U}) {
    fail(OpKind::write, {.os_errno = EIO, .at_most = written});
    EXPECT_EQ(append(std::string(50'000, 'x')).error().code, Errc::io);
    EXPECT_TRUE(writer_->has_unsynced_change());
    recover();
    expect_file_holds_what_was_appended();
    file_.file_system().restart();
    ASSERT_TRUE(append("small"));
    EXPECT_EQ(file_.file_system().changes().front(), "sync_data segment") << "the undoing comes first";
  }
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, CutsAgainWhereACutFailed) {
  ASSERT_TRUE(append("small"));
  fail(OpKind::truncate, Fault::error(EIO));
  EXPECT_FALSE(writer_->cut_to_end());
  recover();
  ASSERT_TRUE(writer_->cut_to_end());
  EXPECT_TRUE(file_.get() == wanted_);
  EXPECT_TRUE(writer_->has_unsynced_change());
  ASSERT_TRUE(writer_->sync());
  EXPECT_FALSE(writer_->has_unsynced_change());
}

TEST_F(SegmentMappedWriter, GoesOnBehindAFailedCutWithoutAHole) {
  ASSERT_TRUE(append("small"));
  fail(OpKind::truncate, {.os_errno = EIO, .is_done_anyway = true});
  EXPECT_FALSE(writer_->cut_to_end());
  recover();
  pass_the_first_bytes();
  for (int n = 0; n < 100; ++n) ASSERT_TRUE(append("small"));
  expect_file_holds_what_was_appended();
}

TEST_F(SegmentMappedWriter, MapsNothingThatIsNotReserved) {
  pass_the_first_bytes();
  for (int n = 0; n < 3'000; ++n) ASSERT_TRUE(append(std::string(900, 'x')));
  std::uint64_t reserved = 0;
  for (const FsOp& op : file_.file_system().operations()) {
    if (op.kind == OpKind::reserve) reserved = op.offset + op.size;
    if (op.kind == OpKind::map || op.kind == OpKind::populate || op.kind == OpKind::map_write) {
      EXPECT_LE(op.offset + op.size, reserved) << describe(op);
    }
  }
}

}  // namespace
}  // namespace datawal::segment
