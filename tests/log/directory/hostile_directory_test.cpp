// What may lie about in a directory that is used as a store, by accident or by malice.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include <datawal/segment.hpp>
#include <datawal/verify.hpp>

#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class HostileDirectory : public testing::Test {
 protected:
  void SetUp() override { store_.put(1, raw_frame(1, "record")); }

  // Reader, writer, verify and listing all refuse it, name it, and change nothing.
  void expect_refused(const std::filesystem::path& culprit, std::uint32_t id) const {
    const Fingerprint before = fingerprint_of(store_.path());
    const auto is_refused = [&](const auto& result) {
      ASSERT_TRUE(refused(result, Errc::corruption));
      EXPECT_EQ(result.error().path, culprit);
      EXPECT_EQ(result.error().segment, id);
      EXPECT_THAT(result.error().message(), HasSubstr("not a regular file"));
    };
    is_refused(RecordLogReader::open(store_.path()));
    is_refused(verify(store_.path()));
    is_refused(segment::list_ids(store_.path()));
    const Result<RecordLog> log = RecordLog::open(store_.path());
    std::filesystem::remove(store_ / ".lock");
    is_refused(log);
    Fingerprint after = fingerprint_of(store_.path());
    after["."] = before.at(".");  // `.lock` came and went
    EXPECT_EQ(after, before);
  }

  Store store_;
};

TEST_F(HostileDirectory, ASymbolicLinkNamedLikeASegmentIsRefused) {
  write_file(store_.beside("elsewhere.dwal"), raw_frame(2, "elsewhere"));
  std::filesystem::create_symlink(store_.beside("elsewhere.dwal"), store_.segment(2));
  expect_refused(store_.segment(2), 2);
  EXPECT_EQ(read_file(store_.beside("elsewhere.dwal")), raw_frame(2, "elsewhere"));
}

TEST_F(HostileDirectory, ADanglingSymbolicLinkNamedLikeASegmentIsRefused) {
  std::filesystem::create_symlink("nowhere", store_.segment(2));
  expect_refused(store_.segment(2), 2);
}

TEST_F(HostileDirectory, AFifoNamedLikeASegmentIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(store_.segment(2).c_str(), 0600), 0);
  expect_refused(store_.segment(2), 2);
}

TEST_F(HostileDirectory, ADirectoryNamedLikeASegmentIsRefused) {
  std::filesystem::create_directory(store_.segment(99'999'999));
  expect_refused(store_.segment(99'999'999), 99'999'999);
}

TEST_F(HostileDirectory, AFifoThatTakesTheActiveSegmentsPlaceIsRefusedByAReaderThatRefreshes) {
  RecordLogReader reader = must(RecordLogReader::open(store_.path()));
  std::filesystem::remove(store_.segment(1));
  ASSERT_EQ(::mkfifo(store_.segment(1).c_str(), 0600), 0);
  EXPECT_TRUE(refused(reader.refresh(), Errc::corruption));
  EXPECT_EQ(read(reader).txids(), txids_up_to(1)) << "the snapshot from before is still there";
}

TEST_F(HostileDirectory, IdZeroIsIgnoredWhateverItIs) {
  write_file(store_ / "00000000.dwal", std::string(100, 'x'));
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(1));
  std::filesystem::remove(store_ / "00000000.dwal");
  ASSERT_EQ(::mkfifo((store_ / "00000000.dwal").c_str(), 0600), 0);
  RecordLog log = store_.open();
  append_records(log, 1);
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(2));
}

TEST_F(HostileDirectory, ForeignNamesAreIgnoredAndLeftAlone) {
  const std::vector<std::string> names = {"new\nline.dwal",
                                          "\x01\x02\xFF\xFE",
                                          "00000002.dwal\n",
                                          " 00000002.dwal",
                                          "00000002.DWAL",
                                          "0000002.dwal",
                                          "100000000.dwal",
                                          "00000002.dwal.bak",
                                          "-rf",
                                          "0000000\xC2\xB2.dwal",
                                          "...",
                                          std::string(255, 'n')};
  for (const std::string& name : names) write_file(store_ / name, name);
  std::filesystem::create_directory(store_ / "directory");
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(1));
  RecordLog log = store_.open();
  append_records(log, 1);
  must(log.close());
  for (const std::string& name : names) EXPECT_EQ(read_file(store_ / name), name);
  EXPECT_THAT(must(segment::list_ids(store_.path())), ElementsAre(1U));
}

TEST_F(HostileDirectory, TenThousandForeignFilesAreIgnored) {
  const std::filesystem::path origin = store_.beside("origin");
  write_file(origin, "");
  for (int n = 0; n < 10'000; ++n) std::filesystem::create_hard_link(origin, store_ / ("file-" + std::to_string(n)));
  RecordLog log = store_.open();
  append_records(log, 1);
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(2));
  EXPECT_THAT(must(RecordLogReader::open(store_.path())).segments(), ElementsAre(1U));
}

TEST_F(HostileDirectory, ADirectoryNamedLikeATemporaryHoldsNobodyUp) {
  std::filesystem::create_directories(store_ / ".tmp-0123456789abcdef.dwal-tmp" / "not empty");
  EXPECT_TRUE(ok(RecordLog::open(store_.path())));
}

TEST_F(HostileDirectory, OnlyRealTemporariesAreRemoved) {
  const std::vector<std::string> foreign = {".tmp-0123456789abcdef.dwal-tmp2", ".tmp-0123456789ABCDEF.dwal-tmp",
                                            ".tmp-0123456789abcde.dwal-tmp", "tmp-0123456789abcdef.dwal-tmp"};
  for (const std::string& name : foreign) write_file(store_ / name, name);
  write_file(store_ / ".tmp-0123456789abcdef.dwal-tmp", "left by a crash");
  must(store_.open().close());
  for (const std::string& name : foreign) EXPECT_TRUE(std::filesystem::exists(store_ / name)) << name;
  EXPECT_FALSE(std::filesystem::exists(store_ / ".tmp-0123456789abcdef.dwal-tmp"));
}

// `.watermark`: what is no file of ours is neither believed nor written to.

class HostileWatermark : public HostileDirectory {
 protected:
  // A store that would be refused if what stands there were believed: it promises more than there is.
  [[nodiscard]] std::string promise_too_much() const {
    return watermark_bytes(1, inode_of(store_.segment(1)), 1'000'000, 99);
  }
  void expect_harmless() const {
    EXPECT_EQ(read(store_.path()).error, std::nullopt);
    EXPECT_EQ(must(verify(store_.path())).watermark, WatermarkState::absent);
    RecordLog log = store_.open();
    append_records(log, 1);
    EXPECT_TRUE(ok(log.close()));
    EXPECT_EQ(read(store_.path()).txids(), txids_up_to(2));
  }
  // A good one was made in its place.
  void expect_replaced() const {
    EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(store_ / ".watermark")));
    EXPECT_EQ(must(verify(store_.path())).watermark, WatermarkState::kept);
  }
};

TEST_F(HostileWatermark, ThatPromisesTooMuchIsBelievedIfItIsARegularFile) {
  write_file(store_ / ".watermark", promise_too_much());
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::corruption)) << "or the tests below prove nothing";
}

TEST_F(HostileWatermark, ThatIsASymbolicLinkIsReplacedAndItsTargetUntouched) {
  write_file(store_.beside("precious"), promise_too_much());
  std::filesystem::create_symlink(store_.beside("precious"), store_ / ".watermark");
  expect_harmless();
  expect_replaced();
  EXPECT_EQ(read_file(store_.beside("precious")), promise_too_much());
}

TEST_F(HostileWatermark, WithAnotherNameIsReplacedAndNotWrittenTo) {
  write_file(store_.beside("precious"), promise_too_much());
  std::filesystem::create_hard_link(store_.beside("precious"), store_ / ".watermark");
  expect_harmless();
  expect_replaced();
  EXPECT_EQ(read_file(store_.beside("precious")), promise_too_much());
}

TEST_F(HostileWatermark, ThatIsAFifoIsReplacedWithoutWaiting) {
  ASSERT_EQ(::mkfifo((store_ / ".watermark").c_str(), 0600), 0);
  expect_harmless();
  expect_replaced();
}

TEST_F(HostileWatermark, ThatIsADirectoryIsDoneWithout) {
  std::filesystem::create_directories(store_ / ".watermark" / "not empty");
  expect_harmless();
  EXPECT_TRUE(std::filesystem::is_directory(store_ / ".watermark" / "not empty"));
}

TEST_F(HostileWatermark, OfAnotherSizeIsReplaced) {
  write_file(store_ / ".watermark", promise_too_much() + "x");
  expect_harmless();
  expect_replaced();
}

// A segment with a second name belongs to somebody else as well, a checkpoint perhaps.

TEST_F(HostileDirectory, AnActiveSegmentWithASecondNameIsNotChangedThroughIt) {
  std::filesystem::create_hard_link(store_.segment(1), store_.beside("copy"));
  RecordLog log = store_.open();
  append_records(log, 1);
  must(log.close());
  EXPECT_EQ(read_file(store_.beside("copy")), raw_frame(1, "record"));
  EXPECT_EQ(store_.get(1), raw_frame(1, "record") + raw_frame(2, "record 2"));
}

}  // namespace
}  // namespace datawal::test
