// Holds of a log: retention goes by them, whoever sets them, and whatever becomes of their file.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <thread>

#include <datawal/holds.hpp>

#include "log/operation_trace.hpp"
#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class LogHolds : public testing::Test {
 protected:
  // Segments of two records each, and one record in the active one.
  explicit LogHolds(int segments = 4) {
    for (int i = 0; i < segments; ++i) {
      must(log_.append("first"));
      must(log_.append("second"));
      must(log_.rotate());
    }
    must(log_.append("newest", {.sync = true}));
  }

  [[nodiscard]] std::vector<std::uint64_t> txids() const { return read(store_.path()).txids(); }
  [[nodiscard]] std::filesystem::path file() const { return store_ / ".holds"; }

  const Store store_;
  FaultyFileSystem files_;
  RecordLog log_ = must(RecordLog::open(store_.path(), {.file_system = &files_}));
};

TEST_F(LogHolds, KeepEverySegmentWithALargerTxid) {
  must(log_.hold_from("mirror", 4));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{5, 6, 7, 8, 9})) << "3 and 4 are needed no more";
}

TEST_F(LogHolds, KeepASegmentOfWhichTheLastRecordAloneIsNeeded) {
  must(log_.hold_from("mirror", 3));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(LogHolds, TheLowestOneDecides) {
  must(log_.hold_from("a", 9));
  must(log_.hold_from("b", 2));
  must(log_.hold_from("c", 6));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids().front(), 3U);
  EXPECT_TRUE(must(log_.drop_hold("b")));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids().front(), 7U);
}

TEST_F(LogHolds, MoveOn) {
  must(log_.hold_from("mirror", 0));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids().front(), 1U);
  must(log_.hold_from("mirror", 9));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{9}));
}

TEST_F(LogHolds, AreNotBlamedForTheLockOfAnotherProgram) {
  const int locked = ::open(store_.segment(2).c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(locked, LOCK_EX | LOCK_NB), 0);
  const Result<void> refused_by_lock = log_.drop_segments_before(99);
  ASSERT_TRUE(refused(refused_by_lock, Errc::locked));
  EXPECT_EQ(refused_by_lock.error().segment, 2U);
  EXPECT_EQ(txids().front(), 3U) << "the one before it is gone";
  ::close(locked);
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{9}));
}

TEST_F(LogHolds, AreListedByNameToEverybody) {
  must(log_.hold_from("b", 7));
  must(log_.hold_from("a", 3));
  must(log_.hold_from("b", 8));
  const std::vector<Hold> wanted = {{.name = "a", .txid = 3}, {.name = "b", .txid = 8}};
  EXPECT_EQ(must(log_.holds()), wanted);
  EXPECT_EQ(must(holds_of(store_.path())), wanted);
  EXPECT_EQ(must(must(RecordLogReader::open(store_.path())).holds()), wanted);
}

TEST_F(LogHolds, AreThereAfterReopening) {
  must(log_.hold_from("mirror", 4));
  must(log_.close());
  log_ = must(RecordLog::open(store_.path()));
  EXPECT_EQ(must(log_.holds()), (std::vector<Hold>{{.name = "mirror", .txid = 4}}));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids().front(), 5U);
}

TEST_F(LogHolds, WithoutThemThereIsNoFile) {
  EXPECT_TRUE(must(log_.holds()).empty());
  EXPECT_FALSE(must(log_.drop_hold("nobody")));
  EXPECT_FALSE(std::filesystem::exists(file()));
  must(log_.hold_from("mirror", 4));
  EXPECT_TRUE(std::filesystem::exists(file()));
  EXPECT_TRUE(must(log_.drop_hold("mirror")));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(LogHolds, BelongToTheOwnerAlone) {
  must(log_.hold_from("mirror", 4));
  struct stat status{};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(LogHolds, KeepTheModeThatSomebodyGaveTheirFile) {
  must(log_.hold_from("mirror", 4));
  ASSERT_EQ(::chmod(file().c_str(), 0640), 0);
  must(log_.hold_from("mirror", 5));
  struct stat status{};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(LogHolds, AreOnTheDiskBeforeTheyCount) {
  files_.restart();
  must(log_.hold_from("mirror", 4));
  const std::string sync = "sync_directory " + store_.path().filename().string();
  EXPECT_TRUE(in_order(trace_of(files_), {"write .tmp", "sync_all .tmp", "rename .tmp -> .holds", sync}));
  files_.restart();
  EXPECT_TRUE(must(log_.drop_hold("mirror")));
  EXPECT_TRUE(in_order(trace_of(files_), {"unlink .holds", sync}));
}

// After a sync that failed the kernel may call clean what is not on the disk: only what is written anew is certain.
TEST_F(LogHolds, SetAgainAfterAFailedSyncAreWrittenAgain) {
  files_.set_hook(safeatomic::test::fail_every(OpKind::sync_directory, safeatomic::test::Fault::error(EIO)));
  EXPECT_TRUE(refused(hold_from(store_.path(), "mirror", 4, {.file_system = &files_}), Errc::io));
  files_.set_hook(nullptr);
  files_.restart();
  must(hold_from(store_.path(), "mirror", 4, {.file_system = &files_}));
  EXPECT_TRUE(in_order(trace_of(files_), {"sync_all .tmp", "rename .tmp -> .holds",
                                          "sync_directory " + store_.path().filename().string()}));
}

TEST_F(LogHolds, DroppedAgainAfterAFailedSyncAreSyncedAgain) {
  must(log_.hold_from("mirror", 4));
  files_.set_hook(safeatomic::test::fail_every(OpKind::sync_directory, safeatomic::test::Fault::error(EIO)));
  EXPECT_TRUE(refused(drop_hold(store_.path(), "mirror", {.file_system = &files_}), Errc::io));
  files_.set_hook(nullptr);
  files_.restart();
  EXPECT_FALSE(must(drop_hold(store_.path(), "mirror", {.file_system = &files_})));
  EXPECT_TRUE(contains(trace_of(files_), "sync_directory " + store_.path().filename().string()));
}

TEST_F(LogHolds, OfARecordThatIsNotDurableSyncItFirst) {
  const RecordRef ref = must(log_.append("not durable yet"));
  EXPECT_LT(log_.durable_txid(), ref.txid);
  must(log_.hold_from("mirror", ref.txid));
  EXPECT_EQ(log_.durable_txid(), ref.txid) << "else the power may fail, and another record get that txid unseen";
}

TEST_F(LogHolds, OfARecordThatIsNotThereYetAreRefused) {
  EXPECT_TRUE(refused(log_.hold_from("mirror", 10), Errc::invalid_argument));
  EXPECT_TRUE(refused(hold_from(store_.path(), "mirror", 10), Errc::invalid_argument));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(LogHolds, FromOutsideAreOfWhatIsDurableAlone) {
  must(log_.append("not durable yet"));
  EXPECT_TRUE(refused(hold_from(store_.path(), "mirror", 10), Errc::invalid_argument));
  must(log_.fsync());
  EXPECT_TRUE(ok(hold_from(store_.path(), "mirror", 10)));
}

TEST_F(LogHolds, FromOutsideBindTheWriterToo) {
  must(hold_from(store_.path(), "mirror", 4));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids().front(), 5U);
  EXPECT_TRUE(must(drop_hold(store_.path(), "mirror")));
  must(log_.drop_segments_before(99));
  EXPECT_EQ(txids(), (std::vector<std::uint64_t>{9}));
}

TEST_F(LogHolds, OfACopyCanBeOfEverythingAlone) {
  must(log_.close());
  store_.remove_watermark();
  EXPECT_TRUE(refused(hold_from(store_.path(), "mirror", 1), Errc::invalid_argument));
  EXPECT_TRUE(ok(hold_from(store_.path(), "mirror", 0)));
}

TEST_F(LogHolds, NeedAStore) {
  EXPECT_TRUE(refused(hold_from(store_.beside("nothing"), "mirror", 0), Errc::not_found));
  std::filesystem::create_directory(store_.beside("empty"));
  EXPECT_TRUE(refused(hold_from(store_.beside("empty"), "mirror", 0), Errc::not_found));
  EXPECT_TRUE(refused(drop_hold(store_.beside("empty"), "mirror"), Errc::not_found));
  EXPECT_TRUE(names_in(store_.beside("empty")).empty());
}

TEST_F(LogHolds, HaveNamesThatAnyTerminalAndScriptCanTake) {
  static constexpr std::array bad = {
      "", "-x", "a b", "a/b", "a\nb", "\xc3\xa4", "01234567890123456789012345678901234567890123456789012345678901234"};
  for (const char* name : bad) {
    EXPECT_TRUE(refused(log_.hold_from(name, 1), Errc::invalid_argument)) << name;
    EXPECT_TRUE(refused(hold_from(store_.path(), name, 1), Errc::invalid_argument)) << name;
    EXPECT_TRUE(refused(log_.drop_hold(name), Errc::invalid_argument)) << name;
  }
  EXPECT_TRUE(ok(log_.hold_from("Ship.1_b-2", 1)));
}

TEST_F(LogHolds, AreNotMoreThanTheFileHasRoomFor) {
  for (std::size_t n = 0; n < max_holds; ++n) must(log_.hold_from("consumer" + std::to_string(n), 1));
  EXPECT_TRUE(refused(log_.hold_from("one.more", 1), Errc::invalid_argument));
  EXPECT_TRUE(ok(log_.hold_from("consumer0", 2))) << "those that are there move on";
}

TEST_F(LogHolds, SetByManyAtOnceAreAllThere) {
  std::vector<std::thread> consumers;
  for (const std::string name : {"a", "b", "c"}) {
    consumers.emplace_back([this, name] {
      for (std::uint64_t txid = 0; txid <= 8; ++txid) must(hold_from(store_.path(), name, txid));
    });
  }
  for (std::uint64_t txid = 0; txid <= 8; ++txid) must(log_.hold_from("writer", txid));
  for (std::thread& consumer : consumers) consumer.join();
  EXPECT_EQ(must(log_.holds()), (std::vector<Hold>{{.name = "a", .txid = 8},
                                                   {.name = "b", .txid = 8},
                                                   {.name = "c", .txid = 8},
                                                   {.name = "writer", .txid = 8}}));
}

// Compaction leaves such gaps: what lies behind them tells only how large a txid may be.
TEST_F(LogHolds, BehindAGapGoByTheSegmentsOwnLastRecord) {
  const Store store;
  store.put(1, raw_frame(1, "first"));
  store.put(2, raw_frame(50, "second"));
  store.put(3, raw_frame(90, "third"));
  RecordLog log = store.open();
  must(log.hold_from("mirror", 1));
  must(log.drop_segments_before(99));
  EXPECT_EQ(read(store.path()).txids(), (std::vector<std::uint64_t>{50, 90}));
}

// What the writer of a store that cannot read its holds may do: everything but give something back.
class DamagedHolds : public LogHolds {
 protected:
  void expect_refusal(Errc code) {
    const Image before = store_.image();
    EXPECT_TRUE(refused(log_.holds(), code));
    EXPECT_TRUE(refused(log_.drop_segments_before(99), code));
    EXPECT_TRUE(refused(log_.hold_from("mirror", 1), code)) << "it would overwrite those of others";
    EXPECT_TRUE(refused(hold_from(store_.path(), "mirror", 1), code));
    EXPECT_TRUE(refused(log_.drop_hold("mirror"), code));
    EXPECT_EQ(store_.image(), before);
    EXPECT_TRUE(ok(log_.append("goes on")));
    EXPECT_TRUE(ok(log_.checkpoint(store_.beside("copy"))));
    EXPECT_TRUE(ok(log_.close()));
    log_ = must(RecordLog::open(store_.path()));
    EXPECT_EQ(log_.last_txid(), 10U);
  }
};

TEST_F(DamagedHolds, LetNothingGo) {
  write_file(file(), "datawal holds 1\nmirror 99\ncrc32c 00000000\n");
  expect_refusal(Errc::corruption);
}

TEST_F(DamagedHolds, OfNoBytesLetNothingGo) {
  write_file(file(), "");
  expect_refusal(Errc::corruption);
}

TEST_F(DamagedHolds, OfAGigabyteLetNothingGoAndAreNotReadToTheirEnd) {
  write_file(file(), "");
  std::filesystem::resize_file(file(), 1ULL << 30);
  EXPECT_TRUE(refused(log_.holds(), Errc::corruption));
  EXPECT_TRUE(refused(log_.drop_segments_before(99), Errc::corruption));
}

TEST_F(DamagedHolds, OfANewerVersionLetNothingGo) {
  write_file(file(), "datawal holds 2\n");
  expect_refusal(Errc::unsupported_version);
}

TEST_F(DamagedHolds, ThatAreALinkLetNothingGo) {
  write_file(store_.beside("elsewhere"), "datawal holds 1\n");
  std::filesystem::create_symlink(store_.beside("elsewhere"), file());
  EXPECT_TRUE(refused(log_.drop_segments_before(99), Errc::corruption));
  EXPECT_TRUE(refused(log_.hold_from("mirror", 1), Errc::corruption));
  EXPECT_EQ(read_file(store_.beside("elsewhere")), "datawal holds 1\n");
}

TEST_F(DamagedHolds, ThatAreADirectoryLetNothingGo) {
  std::filesystem::create_directory(file());
  EXPECT_TRUE(refused(log_.drop_segments_before(99), Errc::corruption));
  EXPECT_EQ(txids(), txids_up_to(9));
}

TEST_F(DamagedHolds, ThatCannotBeOpenedLetNothingGo) {
  must(log_.hold_from("mirror", 4));
  files_.set_hook([](const FsOp& op) {
    const bool is_holds = op.kind == OpKind::open_file && op.path.ends_with(".holds");
    return is_holds ? safeatomic::test::Fault::error(EIO) : safeatomic::test::Fault{};
  });
  EXPECT_TRUE(refused(log_.drop_segments_before(99), Errc::io));
  files_.set_hook(nullptr);
  EXPECT_EQ(txids(), txids_up_to(9));
}

TEST_F(DamagedHolds, SayWhatToDo) {
  write_file(file(), "no holds");
  const Result<void> dropped = log_.drop_segments_before(99);
  ASSERT_FALSE(dropped);
  EXPECT_THAT(dropped.error().message(), testing::AllOf(HasSubstr(".holds"), HasSubstr("remove it"),
                                                        HasSubstr("datawal hold " + store_.path().string())));
  std::filesystem::remove(file());
  EXPECT_TRUE(ok(log_.drop_segments_before(99)));
}

TEST_F(LogHolds, AreNotOfACheckpoint) {
  must(log_.hold_from("mirror", 0));
  must(log_.checkpoint(store_.beside("copy")));
  EXPECT_TRUE(must(holds_of(store_.beside("copy"))).empty());
}

TEST_F(LogHolds, FailingAtAnyOperationAreTheOldOnesOrTheNewOnes) {
  must(log_.hold_from("mirror", 4));
  const std::string before = read_file(file());
  for (std::uint64_t ordinal = 1;; ++ordinal) {
    SCOPED_TRACE("operation " + std::to_string(ordinal));
    write_file(file(), before);
    files_.restart();
    files_.set_hook(safeatomic::test::fail_at(ordinal, safeatomic::test::Fault::error(EIO)));
    const Result<void> done = hold_from(store_.path(), "mirror", 6, {.file_system = &files_});
    files_.set_hook(nullptr);
    const bool was_reached = files_.operation_count() >= ordinal;
    const std::uint64_t there = must(holds_of(store_.path())).front().txid;
    EXPECT_TRUE(there == 6 || (!done && there == 4)) << there;
    for (const std::string& name : store_.names()) EXPECT_FALSE(name.starts_with(".tmp-")) << name;
    if (!was_reached) {
      EXPECT_TRUE(ok(done));
      EXPECT_GT(ordinal, 8U);
      return;
    }
    ASSERT_FALSE(HasFailure());
  }
}

TEST_F(LogHolds, OfAClosedLogAreRefused) {
  must(log_.close());
  EXPECT_TRUE(refused(log_.hold_from("mirror", 1), Errc::closed));
  EXPECT_TRUE(refused(log_.drop_hold("mirror"), Errc::closed));
  EXPECT_TRUE(refused(log_.holds(), Errc::closed));
}

}  // namespace
}  // namespace datawal::test
