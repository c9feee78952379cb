// RecordLog::checkpoint(): a copy that is a store of its own, whatever happens to the first one afterwards.

#include <sys/stat.h>

#include <cerrno>

#include "log/operation_trace.hpp"
#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;

std::uint64_t inode_of(const std::filesystem::path& file) {
  struct stat info{};
  EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
  return info.st_ino;
}

class Checkpoint : public testing::Test {
 protected:
  RecordLog open() { return must(RecordLog::open(store_.path(), {.max_segment_bytes = 100, .file_system = &files_})); }
  static void append(RecordLog& log, int count) {
    for (int i = 0; i < count; ++i) must(log.append("record " + std::to_string(log.last_txid() + 1)));
  }
  [[nodiscard]] std::filesystem::path target() const { return store_.beside("copy"); }

  const Store store_;
  FaultyFileSystem files_;
};

TEST_F(Checkpoint, HoldsWhatTheLogHeldAndIsAStoreOfItsOwn) {
  RecordLog log = open();
  append(log, 10);
  CheckpointReport report;
  must(log.checkpoint(target(), {.report = &report}));
  append(log, 5);
  EXPECT_EQ(read(target()).txids(), txids_up_to(10));
  EXPECT_EQ(report.linked, report.segments - 1);
  EXPECT_EQ(inode_of(target() / "00000001.dwal"), inode_of(store_.path() / "00000001.dwal"));
  for (const std::string& name : names_in(target())) EXPECT_TRUE(name.ends_with(".dwal")) << name;
  {
    RecordLog copy = must(RecordLog::open(target()));
    must(copy.append("only in the copy"));
    must(copy.close());
  }
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(15));
  EXPECT_EQ(read(store_.path()).records[10].payload, "record 11");
}

TEST_F(Checkpoint, OfAReaderHoldsWhatItShows) {
  RecordLog log = open();
  append(log, 10);
  const RecordLogReader reader = must(RecordLogReader::open(store_.path()));
  append(log, 5);
  must(reader.checkpoint(target()));
  EXPECT_EQ(read(target()).txids(), txids_up_to(10));
}

TEST_F(Checkpoint, CopiesWhereLinksAreRefused) {
  RecordLog log = open();
  append(log, 10);
  for (const int os_errno : {EXDEV, EPERM, EMLINK}) {
    files_.set_hook(safeatomic::test::fail_every(OpKind::link, Fault::error(os_errno)));
    const auto dir = store_.beside("copy-" + std::to_string(os_errno));
    CheckpointReport report;
    must(log.checkpoint(dir, {.report = &report}));
    EXPECT_EQ(report.linked, 0U);
    EXPECT_EQ(read(dir).txids(), txids_up_to(10));
  }
}

TEST_F(Checkpoint, SharesWithAnEarlierOneWhatHasTheSameBytes) {
  RecordLog log = open();
  append(log, 10);
  files_.set_hook(safeatomic::test::fail_every(OpKind::link, Fault::error(EXDEV)));
  must(log.checkpoint(store_.beside("monday")));
  files_.set_hook(nullptr);
  append(log, 10);
  overwrite(store_.beside("monday") / "00000002.dwal", 30, "!");  // the same size, other bytes
  CheckpointReport report;
  must(log.checkpoint(store_.beside("tuesday"), {.previous = store_.beside("monday"), .report = &report}));
  EXPECT_EQ(inode_of(store_.beside("tuesday") / "00000001.dwal"), inode_of(store_.beside("monday") / "00000001.dwal"));
  EXPECT_NE(inode_of(store_.beside("tuesday") / "00000002.dwal"), inode_of(store_.beside("monday") / "00000002.dwal"));
  EXPECT_EQ(read(store_.beside("tuesday")).txids(), txids_up_to(20));
}

TEST_F(Checkpoint, IsRefusedWhereSomethingIs) {
  RecordLog log = open();
  append(log, 1);
  std::filesystem::create_directory(target());
  EXPECT_TRUE(refused(log.checkpoint(target()), Errc::already_exists));
  EXPECT_TRUE(refused(log.checkpoint(store_.beside("absent") / "copy"), Errc::not_found));
  EXPECT_TRUE(refused(log.checkpoint(""), Errc::invalid_argument));
}

TEST_F(Checkpoint, IsRefusedInsideTheStoreItself) {
  RecordLog log = open();
  append(log, 1);
  std::filesystem::create_directory(store_.path() / "below");
  std::filesystem::create_directory_symlink(store_.path(), store_.beside("link"));
  const std::vector<std::string> names = names_in(store_.path());
  for (const char* inside : {"copy", "below/copy", "../link/copy"}) {
    EXPECT_TRUE(refused(log.checkpoint(store_.path() / inside), Errc::invalid_argument)) << inside;
    EXPECT_TRUE(
        refused(must(RecordLogReader::open(store_.path())).checkpoint(store_.path() / inside), Errc::invalid_argument))
        << inside;
  }
  EXPECT_EQ(names_in(store_.path()), names);
}

TEST_F(Checkpoint, IsSyncedBeforeItGetsItsName) {
  RecordLog log = open();
  append(log, 10);
  files_.restart();
  must(log.checkpoint(target()));
  EXPECT_TRUE(in_order(trace_of(files_), {"make_directory .tmp", "link 00000001.dwal -> 00000001.dwal",
                                          "sync_directory .tmp", "rename .tmp -> copy"}));
}

TEST_F(Checkpoint, ThatFailsLeavesNothingAndTheLogUsable) {
  bool reached = true;
  for (std::uint64_t ordinal = 1; reached; ++ordinal) {
    SCOPED_TRACE("operation " + std::to_string(ordinal) + " fails");
    const Store store;
    FaultyFileSystem files;
    RecordLog log = must(RecordLog::open(store.path(), {.max_segment_bytes = 100, .file_system = &files}));
    append(log, 6);
    files.restart();
    files.set_hook(safeatomic::test::fail_at(ordinal, Fault::error(EIO)));
    const Result<void> made = log.checkpoint(store.beside("copy"));
    reached = files.operation_count() >= ordinal;
    files.set_hook(nullptr);
    if (std::filesystem::exists(store.beside("copy"))) {
      EXPECT_EQ(read(store.beside("copy")).txids(), txids_up_to(6));
    } else {
      EXPECT_FALSE(made);
    }
    append(log, 1);
    EXPECT_EQ(read(store.path()).txids(), txids_up_to(7));
  }
}

TEST_F(Checkpoint, GoesOnAfterTheLogLetItsSegmentsGo) {
  RecordLog log = open();
  append(log, 10);
  must(log.checkpoint(target()));
  must(log.drop_segments_before(log.active_segment()));
  EXPECT_EQ(read(target()).txids(), txids_up_to(10));
}

}  // namespace
}  // namespace datawal::test
