// Segments with more than one name: the other name may be a backup's, and what is under it never changes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/operation_trace.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

const std::string one = test::raw_frame(1, "one");
const std::string two = test::raw_frame(2, "two");

class RecoveryOfLinks : public testing::Test {
 protected:
  void share(std::uint32_t id) {
    std::filesystem::create_hard_link(store_.segment(id), backup());
    inode_ = test::inode_of(store_.segment(id));
  }
  [[nodiscard]] std::filesystem::path backup() const { return store_.beside("backup"); }

  test::Store store_;
  std::uint64_t inode_ = 0;
};

TEST_F(RecoveryOfLinks, CopiesTheActiveSegmentAndLeavesTheOtherNameAlone) {
  const struct {
    const char* name;
    std::string tail;
  } rows[] = {{"clean", ""}, {"torn", two.substr(0, 30)}, {"zeros behind", std::string(5000, '\0')}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    std::filesystem::remove(backup());
    store_.clear();
    store_.put(1, one + row.tail);
    std::filesystem::permissions(store_.segment(1), std::filesystem::perms{0640});
    share(1);
    {
      RecordLog log = store_.open();
      test::must(log.append("two again"));
      test::must(log.fsync());
    }
    EXPECT_EQ(test::read_file(backup()), one + row.tail);
    EXPECT_EQ(test::inode_of(backup()), inode_);
    EXPECT_NE(test::inode_of(store_.segment(1)), inode_);
    EXPECT_EQ(store_.get(1), one + test::raw_frame(2, "two again"));
    EXPECT_EQ(safeatomic::test::mode_of(store_.segment(1)), 0640U) << "the copy takes the mode";
  }
}

TEST_F(RecoveryOfLinks, NeverChangesTheSharedFileOnTheWay) {
  store_.put(1, one + two.substr(0, 30));
  share(1);
  safeatomic::test::FaultyFileSystem file_system;
  file_system.set_hook([&](const test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    const bool in_place = op.kind == test::OpKind::write || op.kind == test::OpKind::truncate;
    EXPECT_FALSE(in_place && test::is_segment_name(op.path)) << describe(op);
    return std::nullopt;
  });
  const RecordLog log = test::must(RecordLog::open(store_.path(), {.file_system = &file_system}));
  EXPECT_TRUE(test::in_order(test::trace_of(file_system),
                             {"sync_all .tmp", "rename .tmp -> 00000001.dwal.torn-31", "write .tmp", "sync_all .tmp",
                              "rename .tmp -> 00000001.dwal", "sync_directory store", "write .watermark"}));
}

TEST_F(RecoveryOfLinks, LeavesASealedSegmentWithTwoNamesAsItIs) {
  store_.put(1, one);
  store_.put(2, two);
  share(1);
  {
    RecordLog log = store_.open();
    test::must(log.append("three"));
  }
  EXPECT_EQ(test::inode_of(store_.segment(1)), inode_);
  EXPECT_EQ(test::read_file(backup()), one);
}

TEST_F(RecoveryOfLinks, KeepsTheWatermarksWordAboutTheSharedFile) {
  // The watermark speaks of this very file: a cut below it is damage, whoever else names it.
  store_.put(1, one);
  store_.put_watermark(1, 62, 2);
  share(1);
  EXPECT_TRUE(test::refused(RecordLog::open(store_.path()), Errc::corruption));
  EXPECT_EQ(test::inode_of(store_.segment(1)), inode_);
}

TEST_F(RecoveryOfLinks, GoesOnWhereTheOwnerCannotBeTakenOver) {
  store_.put(1, one);
  share(1);
  safeatomic::test::FaultyFileSystem file_system;
  bool first = true;
  file_system.set_hook([&](const test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind != test::OpKind::copy_ownership || !std::exchange(first, false)) return std::nullopt;
    return safeatomic::test::Fault::error(EPERM);
  });
  const Result<RecordLog> log = RecordLog::open(store_.path(), {.file_system = &file_system});
  ASSERT_TRUE(test::ok(log));
  EXPECT_FALSE(first) << "it was never asked";
  EXPECT_EQ(test::must(log->scan()).size(), 1U);
}

}  // namespace
}  // namespace datawal
