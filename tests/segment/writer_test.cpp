#include "segment/writer.hpp"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment/segment_file.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"

namespace datawal::segment {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;
using testing::ElementsAre;

class SegmentWriter : public testing::Test {
 protected:
  Result<std::uint64_t> append(std::uint64_t txid, std::string_view payload, std::string_view key = {}) {
    const Result<AppendedFrame> frame = writer_.append({.type = RecordType::Put,
                                                        .txid = txid,
                                                        .key_len = static_cast<std::uint32_t>(key.size()),
                                                        .payload_len = static_cast<std::uint32_t>(payload.size())},
                                                       key, payload);
    if (!frame) return propagate(frame);
    return frame->offset;
  }

  static std::string frame(std::uint64_t txid, std::string_view payload, std::string_view key = {}) {
    return test::reference_encode(1, txid, key, payload);
  }

  void fail(OpKind kind, Fault fault) { file_.file_system().set_hook(safeatomic::test::fail_every(kind, fault)); }
  void recover() { file_.file_system().set_hook(nullptr); }
  std::vector<std::string> changes() { return file_.file_system().changes(); }

  test::SegmentFile file_{"what was there"};
  Writer writer_{std::shared_ptr<safeatomic::File>(file_.open()), 14};
};

TEST_F(SegmentWriter, AppendsWhereItWasTold) {
  EXPECT_EQ(append(1, "value", "key").value(), 14U);
  EXPECT_EQ(writer_.end(), 14U + 36);
  EXPECT_EQ(append(2, "").value(), 50U);
  EXPECT_EQ(writer_.end(), 78U);
  EXPECT_EQ(file_.get(), "what was there" + frame(1, "value", "key") + frame(2, ""));
}

TEST_F(SegmentWriter, WritesTheSameBytesHoweverLargeTheFrameIs) {
  std::string wanted = "what was there";
  std::uint64_t txid = 0;
  // Around the size from which the pieces are no longer copied into one buffer.
  for (const std::size_t len : {65'535UL, 65'536UL, 65'537UL, 100UL, 200'000UL, 28UL + 6}) {
    const std::string payload(len - 28 - 3, static_cast<char>('a' + txid));
    ASSERT_TRUE(append(++txid, payload, "key"));
    wanted += frame(txid, payload, "key");
    EXPECT_TRUE(file_.get() == wanted) << len;
  }
}

TEST_F(SegmentWriter, TakesTheLongestKeyWithoutAPayload) {
  const std::string key(max_key_len, 'k');
  ASSERT_TRUE(append(1, "", key));
  EXPECT_TRUE(file_.get() == "what was there" + frame(1, "", key));
}

TEST_F(SegmentWriter, LeavesNothingOfAFailedWrite) {
  for (const std::size_t size : {10UL, 100'000UL}) {
    for (const std::uint64_t written : {0U, 1U, 24U, 30U}) {
      fail(OpKind::write, {.os_errno = ENOSPC, .at_most = written});
      const Result<std::uint64_t> offset = append(1, std::string(size, 'x'));
      ASSERT_FALSE(offset);
      EXPECT_EQ(offset.error().code, Errc::no_space);
      EXPECT_EQ(writer_.end(), 14U);
      EXPECT_FALSE(writer_.is_broken());
      EXPECT_TRUE(writer_.has_unsynced_change());
      EXPECT_EQ(file_.get(), "what was there");
      recover();
    }
  }
  EXPECT_EQ(append(1, "fits").value(), 14U);
  EXPECT_EQ(file_.get(), "what was there" + frame(1, "fits"));
}

TEST_F(SegmentWriter, SyncsTheUndoingBeforeTheNextWrite) {
  fail(OpKind::write, Fault::error(EIO));
  EXPECT_EQ(append(1, "x").error().code, Errc::io);
  recover();
  file_.file_system().restart();
  ASSERT_TRUE(append(1, "y"));
  ASSERT_TRUE(append(2, "z"));
  EXPECT_THAT(changes(), ElementsAre("sync_data segment", "write segment", "write segment"));
  EXPECT_FALSE(writer_.has_unsynced_change());
}

TEST_F(SegmentWriter, DoesNotSyncTheUndoingTwice) {
  fail(OpKind::write, Fault::error(EIO));
  EXPECT_FALSE(append(1, "x"));
  recover();
  ASSERT_TRUE(writer_.sync());
  EXPECT_FALSE(writer_.has_unsynced_change());
  file_.file_system().restart();
  ASSERT_TRUE(append(1, "y"));
  EXPECT_THAT(changes(), ElementsAre("write segment"));
}

TEST_F(SegmentWriter, IsBrokenWhereAFailedWriteCannotBeUndone) {
  file_.file_system().set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::write) return Fault{.os_errno = ENOSPC, .at_most = 5};
    if (op.kind == OpKind::truncate) return Fault::error(EIO);
    return std::nullopt;
  });
  const Result<std::uint64_t> offset = append(1, "x");
  ASSERT_FALSE(offset);
  EXPECT_EQ(offset.error().code, Errc::no_space) << "the first cause";
  EXPECT_TRUE(writer_.is_broken());
}

TEST_F(SegmentWriter, IsBrokenWhereTheUndoingCannotBeSynced) {
  fail(OpKind::write, Fault::error(EIO));
  EXPECT_FALSE(append(1, "x"));
  EXPECT_FALSE(writer_.is_broken());
  fail(OpKind::sync_data, Fault::error(EIO));
  EXPECT_FALSE(append(1, "y"));
  EXPECT_TRUE(writer_.is_broken());
  EXPECT_EQ(file_.get(), "what was there") << "nothing may be appended before";
}

TEST_F(SegmentWriter, DoesNotMindInterruptionsAndShortWrites) {
  int calls = 0;
  file_.file_system().set_hook([&calls](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::write) return std::nullopt;
    return ++calls % 2 == 0 ? Fault::error(EINTR) : Fault::shortened(1 + static_cast<std::uint64_t>(calls) % 9'000);
  });
  const std::string large(70'000, 'l');
  ASSERT_TRUE(append(1, "small", "key"));
  ASSERT_TRUE(append(2, large, "key"));
  EXPECT_TRUE(file_.get() == "what was there" + frame(1, "small", "key") + frame(2, large, "key"));
}

TEST_F(SegmentWriter, TellsThatASyncFailed) {
  fail(OpKind::sync_data, Fault::error(EIO));
  const Result<void> synced = writer_.sync();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, Errc::io);
  EXPECT_EQ(synced.error().path, file_.path());
}

}  // namespace
}  // namespace datawal::segment
