// When the state of a log is believed, and when not: the rules of docs/DURABILITY.md, one by one. Each row compares the open with it to
// the open without.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>

#include <datawal/data_wal.hpp>
#include <datawal/format.hpp>
#include <datawal/log_rebuilder.hpp>
#include <datawal/repair.hpp>
#include <datawal/saved_state.hpp>

#include "log/operation_trace.hpp"
#include "log/saved/state_support.hpp"

namespace datawal::test {
namespace {

class StateBelief : public testing::Test {
 protected:
  StateBelief() {
    fill_log(store_.path(), 400);
    save_state_of(store_.path());
    last_ = static_cast<std::uint32_t>(std::ranges::count_if(
        names_in(store_.path()), [](const std::string& name) { return name.ends_with(".dwal"); }));
    EXPECT_GT(last_, 4U);
  }

  static timespec modified(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mtim;
  }
  static void set_modified(const std::filesystem::path& path, timespec time) {
    const timespec times[2] = {time, time};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  // The segment is another file with the same bytes and times.
  void copy_segment(std::uint32_t id) const {
    const std::filesystem::path copy = store_.beside("copy");
    std::filesystem::copy_file(store_.segment(id), copy, std::filesystem::copy_options::overwrite_existing);
    set_modified(copy, modified(store_.segment(id)));
    std::filesystem::rename(copy, store_.segment(id));
  }
  // Puts bytes into the segment's file and leaves no other trace of it.
  void overwrite(std::uint32_t id, std::uint64_t offset, std::string_view bytes, bool leaves_time = false) const {
    const timespec before = modified(store_.segment(id));
    {
      std::fstream file(store_.segment(id), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(offset));
      file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    timespec after = before;
    if (leaves_time) after.tv_sec += 1;
    set_modified(store_.segment(id), after);
  }
  // The same records with other payloads of the same lengths.
  [[nodiscard]] std::string rewritten(std::uint32_t id) const {
    std::string bytes;
    for (const Listed& record : reference_walk(id, store_.get(id)).records) {
      bytes += reference_encode(record.type, record.txid, record.key, std::string(record.payload.size(), 'z'));
    }
    return bytes;
  }
  void make_all_old() const {
    for (std::uint32_t id = 1; id <= last_; ++id) {
      timespec long_ago = modified(store_.segment(id));
      long_ago.tv_sec -= 100;
      set_modified(store_.segment(id), long_ago);
    }
    save_state_of(store_.path());
    for (std::uint32_t id = 1; id <= last_; ++id) ASSERT_TRUE(std::filesystem::exists(store_.segment(id)));
  }

  const Store store_;
  std::uint32_t last_ = 0;  // segment
};

TEST_F(StateBelief, IsThereWhereNothingChanged) {
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
}

TEST_F(StateBelief, OutlivesAnOpenWithoutIt) {
  must(open_log(store_.path()).close());
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
}

TEST_F(StateBelief, IsNotAskedForWhereAllShallBeVerified) {
  OpenOptions options = stated();
  options.verification = Verification::full;
  RecordLog log = open_log(store_.path(), options);
  EXPECT_EQ(log.recovery_report().index_state, IndexState::absent);
  EXPECT_EQ(log.recovery_report().records_read, log.recovery_report().records_replayed);
  must(log.save_state());
  must(log.close());
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
}

TEST_F(StateBelief, NeedsARegularFile) {
  std::filesystem::rename(store_ / state_file, store_.beside("elsewhere"));
  std::filesystem::create_symlink(store_.beside("elsewhere"), store_ / state_file);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
  std::filesystem::remove(store_ / state_file);
  std::filesystem::create_directory(store_ / state_file);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
  RecordLog log = open_log(store_.path(), stated());
  const Result<void> saved = log.save_state();
  EXPECT_TRUE(refused(saved, Errc::invalid_argument)) << "a directory is not replaced";
  EXPECT_EQ(saved.error().action, "write state");
  EXPECT_FALSE(log.is_poisoned());
}

TEST_F(StateBelief, NeedsTheOnlyNameOfItsFile) {
  std::filesystem::create_hard_link(store_ / state_file, store_.beside("second name"));
  (void)expect_as_without_state(store_.path(), IndexState::stale);
  std::filesystem::remove(store_.beside("second name"));
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
}

TEST_F(StateBelief, EndsWithAnotherLayoutOrAKindOfFileThatIsNotIts) {
  for (const std::size_t at : {8U, 12U}) {  // the layout; the flags: an index in its place
    std::string bytes = read_file(store_ / state_file);
    const char before = bytes[at];
    bytes[at] = at == 12 ? '\1' : '\x63';
    const std::uint32_t crc = format::crc32c(std::string_view(bytes).substr(0, 108));
    for (int i = 0; i < 4; ++i) bytes[108 + static_cast<std::size_t>(i)] = static_cast<char>(crc >> (8 * i));
    write_file(store_ / state_file, bytes);
    (void)expect_as_without_state(store_.path(), IndexState::stale);
    bytes[at] = before;
  }
}

TEST_F(StateBelief, IsNoIndexOfKeys) {
  std::filesystem::copy_file(store_ / state_file, store_ / ".index");
  OpenOptions options;
  options.index.is_enabled = true;
  const DataWal store = must(DataWal::open(store_.path(), options));
  EXPECT_EQ(store.log().recovery_report().index_state, IndexState::stale);
}

TEST_F(StateBelief, EndsWhereASegmentInTheMiddleIsMissing) {
  std::filesystem::remove(store_.segment(3));
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, OutlivesTheDroppingOfTheFirstSegments) {
  {
    RecordLog log = open_log(store_.path());
    must(log.drop_segments_before(3, {.with_keys = true}));
    must(log.close());
  }
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
  save_state_of(store_.path());
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
}

TEST_F(StateBelief, OutlivesTheDroppingWhileItIsKept) {
  {
    RecordLog log = open_log(store_.path(), stated());
    must(log.drop_segments_before(4, {.with_keys = true}));
    must(log.save_state());
  }
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
  EXPECT_EQ(must(inspect_state(store_.path())).segments, last_ - 3U);
}

TEST_F(StateBelief, EndsWhereAllThatItDescribesIsDropped) {
  {
    RecordLog log = open_log(store_.path());
    must(log.rotate());
    must(log.append("behind"));
    must(log.drop_segments_before(last_ + 1, {.with_keys = true}));
    must(log.close());
  }
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereASegmentWasAdded) {
  std::filesystem::remove(store_.segment(1));
  save_state_of(store_.path());
  write_file(store_.segment(1), reference_encode(0, 1, {}, "x"));
  EXPECT_EQ(open_log(store_.path(), stated()).recovery_report().index_state, IndexState::stale);
}

TEST_F(StateBelief, EndsWhereASealedSegmentIsAnotherFile) {
  copy_segment(2);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereTheSegmentOfPIsAnotherFile) {
  copy_segment(last_);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereASealedSegmentOfLongAgoIsAnotherFile) {
  make_all_old();
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
  copy_segment(2);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereASegmentHasAnotherName) {
  std::filesystem::rename(store_.segment(last_), store_.segment(last_ + 1));
  store_.remove_watermark();
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereTwoSegmentsOfOneLengthWereSwapped) {
  // Their names alone are exchanged.
  std::filesystem::rename(store_.segment(2), store_.beside("second"));
  std::filesystem::rename(store_.segment(3), store_.segment(2));
  std::filesystem::rename(store_.beside("second"), store_.segment(3));
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), stated()), Errc::corruption)) << "as without it";
}

TEST_F(StateBelief, EndsWhereASealedSegmentHasAnotherSize) {
  const timespec before = modified(store_.segment(2));
  std::ofstream(store_.segment(2), std::ios::app | std::ios::binary) << "x";
  set_modified(store_.segment(2), before);
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), stated()), Errc::corruption)) << "as without it";
}

TEST_F(StateBelief, EndsWhereASealedSegmentWasChanged) {
  timespec later = modified(store_.segment(2));
  later.tv_nsec = (later.tv_nsec + 1) % 1'000'000'000;
  set_modified(store_.segment(2), later);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, DoesNotAskWhenTheInodeWasChanged) {
  std::filesystem::permissions(store_.segment(2), std::filesystem::perms::owner_all);
  std::filesystem::create_hard_link(store_.segment(1), store_.beside("second name"));
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
}

TEST_F(StateBelief, EndsWhereTheActiveSegmentMustBeCopiedForItsSecondName) {
  std::filesystem::create_hard_link(store_.segment(last_), store_.beside("second name"));
  {
    RecordLog log = open_log(store_.path(), stated());
    EXPECT_EQ(log.recovery_report().index_state, IndexState::used);
    must(log.append("into the copy"));
    must(log.close());
  }
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, IsWrittenAgainWhereTheActiveSegmentHadToBeCopied) {
  OpenOptions options = stated();
  options.state.write_at_close = true;
  options.state.least_bytes = 2 * store_.get(last_).size();
  std::filesystem::create_hard_link(store_.segment(last_), store_.beside("second name"));
  must(open_log(store_.path(), options).close());
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U)
      << "the next open would have had to read the whole log";
}

TEST_F(StateBelief, EndsWhereTheSegmentOfPIsShorter) {
  store_.remove_watermark();
  std::filesystem::resize_file(store_.segment(last_), store_.get(last_).size() - 1);
  const RecordLog log = open_log(store_.path(), stated());
  EXPECT_EQ(log.recovery_report().index_state, IndexState::stale);
  EXPECT_TRUE(log.recovery_report().tail_truncated);
}

TEST_F(StateBelief, EndsWhereTheSegmentOfPIsShorterThanTheWatermarkSays) {
  std::filesystem::resize_file(store_.segment(last_), store_.get(last_).size() - 1);
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), stated()), Errc::corruption)) << "as without it";
}

TEST_F(StateBelief, EndsWhereAnotherRecordEndsAtP) {
  store_.remove_watermark();
  const Record last = read(store_.path()).records.back();
  const std::string other = reference_encode(static_cast<int>(last.type), last.txid, std::string(last.key.size(), 'z'),
                                             last.payload);
  ASSERT_FALSE(last.key.empty());
  ASSERT_EQ(other.size(), last.ref.len);
  overwrite(last_, last.ref.offset, other);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereOtherRecordsLieBeforePInItsSegment) {
  {
    RecordLog log = open_log(store_.path(), stated());
    append_records(log, 20);
    must(log.save_state());
    must(log.close());
  }
  store_.remove_watermark();
  const std::string there = store_.get(last_);
  std::string other = rewritten(last_);
  const std::size_t last_len = reference_encode(0, 420, {}, "record 420").size();
  other.replace(other.size() - last_len, last_len, there.substr(there.size() - last_len));  // the one at P is the same
  overwrite(last_, 0, other, true);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, AsksForTheLastRecordOfWhatWasChangedJustBefore) {
  // Its time does not tell, since the clock had not ticked: but its last record is another one.
  overwrite(2, std::filesystem::file_size(store_.segment(2)) - 6, "\x7f");
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), stated()), Errc::corruption)) << "as without it";
}

TEST_F(StateBelief, DoesNotReadWhatWasChangedLongBefore) {
  make_all_old();
  overwrite(2, 40, "\x7f");
  // Damage in what nobody reads at open is met by whoever reads it.
  RecordLog log = open_log(store_.path(), stated());
  EXPECT_EQ(log.recovery_report().index_state, IndexState::used);
  EXPECT_TRUE(refused(log.scan(), Errc::corruption));
  must(log.append("more"));
  must(log.close());
  EXPECT_TRUE(refused(check_state(store_.path()), Errc::corruption));
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::corruption));
}

TEST_F(StateBelief, GoesOnBehindWhatOthersAppended) {
  {
    RecordLog log = open_log(store_.path());
    must(log.append("by another"));
    must(log.rotate());
    must(log.append("in another segment"));
    must(log.close());
  }
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 2U);
  save_state_of(store_.path());
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U)
      << "the segment that others sealed is described as it is now";
}

TEST_F(StateBelief, GoesOnBehindWhatAStoreOfKeysAppended) {
  must(must(DataWal::open(store_.path())).put("key", "value"));
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 1U);
}

TEST_F(StateBelief, GoesOnBehindFramesThatWereAppended) {
  {
    LogRebuilder log = must(LogRebuilder::open(store_.path()));
    must(log.append(raw_frame(401, "a frame") + raw_frame(405, "another"), {.txid = 400, .crc = log.last()->crc}));
    must(log.close());
  }
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 2U);
}

TEST_F(StateBelief, EndsWithACompactionByOthers) {
  must(drop_value(must(DataWal::open(store_.path())).compact({.min_garbage_ratio = 0})));
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsInACopy) {
  std::filesystem::copy(store_.path(), store_.beside("copy"));
  (void)expect_as_without_state(store_.beside("copy"), IndexState::stale);
}

TEST_F(StateBelief, HoldsForAnOlderState) {
  std::filesystem::copy_file(store_ / state_file, store_.beside("older"));
  {
    RecordLog log = open_log(store_.path(), stated({.max_segment_bytes = 4000}));
    append_records(log, 500);
    must(log.save_state());
    must(log.close());
  }
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
  std::filesystem::copy_file(store_.beside("older"), store_ / state_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 500U);
}

TEST_F(StateBelief, EndsWhereTheLogWasRolledBackAndWentOnOtherwise) {
  const std::uint64_t size = std::filesystem::file_size(store_.segment(last_));
  {
    RecordLog log = open_log(store_.path(), stated());
    for (int i = 0; i < 5; ++i) must(log.append("later"));
    must(log.save_state());
  }
  store_.remove_watermark();
  std::filesystem::resize_file(store_.segment(last_), size);
  {
    RecordLog log = open_log(store_.path());
    for (int i = 0; i < 5; ++i) must(log.append("other"));
  }
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

// A backup is written over the files that are there, with the times of then, and the log goes on as before to a record that is the same.
TEST_F(StateBelief, EndsWhereABackupWasRestoredIntoTheSameFiles) {
  const std::string backup = store_.get(last_);
  const timespec then = modified(store_.segment(last_));
  const auto go_on = [this](const OpenOptions& options, std::string_view payload) {
    RecordLog log = open_log(store_.path(), options);
    for (int i = 0; i < 5; ++i) must(log.append(payload));
    must(log.append("the same at last"));
    return log;
  };
  must(go_on(stated(), "first").save_state());
  const timespec newest = modified(store_.segment(last_));
  {
    std::ofstream(store_.segment(last_), std::ios::binary | std::ios::trunc) << backup;
    set_modified(store_.segment(last_), then);
  }
  store_.remove_watermark();
  (void)expect_as_without_state(store_.path(), IndexState::stale);
  must(go_on({}, "other").close());
  EXPECT_NE(modified(store_.segment(last_)).tv_nsec, newest.tv_nsec);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
  EXPECT_EQ(listing_of(open_log(store_.path(), stated())).back().payload, "the same at last");
}

TEST_F(StateBelief, EndsWithTheStateOfAnotherLog) {
  const Store other;
  fill_log(other.path(), 500);
  save_state_of(other.path());
  std::filesystem::copy_file(other / state_file, store_ / state_file,
                             std::filesystem::copy_options::overwrite_existing);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereASealedSegmentWasRolledBack) {
  // An older copy of it is written over it, its time kept: another size, or what follows does not.
  const std::string bytes = store_.get(2);
  const timespec before = modified(store_.segment(2));
  std::filesystem::resize_file(store_.segment(2), reference_walk(2, bytes).records.back().offset);
  set_modified(store_.segment(2), before);
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, EndsWhereSegmentsBehindPAreMissing) {
  {
    RecordLog log = open_log(store_.path(), stated({.max_segment_bytes = 4000}));
    append_records(log, 500);
    must(log.save_state());
    must(log.close());
  }
  const std::filesystem::path newest = store_.segment(last_ + 3);
  ASSERT_TRUE(std::filesystem::exists(newest));
  for (std::uint32_t id = last_ + 1; std::filesystem::exists(store_.segment(id)); ++id) {
    std::filesystem::remove(store_.segment(id));
  }
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), stated()), Errc::corruption)) << "the watermark says so";
  store_.remove_watermark();
  (void)expect_as_without_state(store_.path(), IndexState::stale);
}

TEST_F(StateBelief, CutsATearBehindP) {
  std::ofstream(store_.segment(last_), std::ios::app | std::ios::binary) << raw_frame(401, "torn").substr(0, 28);
  {
    const RecordLog log = open_log(store_.path(), stated());
    EXPECT_EQ(log.recovery_report().index_state, IndexState::used);
    EXPECT_TRUE(log.recovery_report().tail_truncated);
    EXPECT_EQ(log.recovery_report().tail_bytes_discarded, 28U);
  }
  EXPECT_EQ(expect_as_without_state(store_.path(), IndexState::used), 0U);
}

// A watermark whose record was not read vouches for nothing: what no torn write leaves behind is cut only above one that does.
TEST_F(StateBelief, DoesNotTakeTheWordOfAWatermarkWhoseRecordItHasNotRead) {
  const std::uint64_t end = store_.get(last_).size();
  std::ofstream(store_.segment(last_), std::ios::app | std::ios::binary) << std::string(40, 'x');
  const std::string bytes = store_.get(last_);
  store_.put_watermark(last_, end - 1, 399);
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::corruption));
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), stated()), Errc::corruption)) << "as without it";
  store_.put_watermark(last_, end, 399);
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), stated()), Errc::corruption)) << "another record ends there";
  EXPECT_TRUE(store_.get(last_) == bytes) << "nothing is cut";
  store_.put_watermark(last_, end, 400);
  const RecordLog log = open_log(store_.path(), stated());
  EXPECT_EQ(log.recovery_report().index_state, IndexState::used);
  EXPECT_EQ(log.recovery_report().tail_bytes_discarded, 40U) << "above this one it is a tear";
}

TEST_F(StateBelief, TakesNoTxidFromAWatermarkWhoseRecordIsNotThere) {
  store_.put_watermark(last_, store_.get(last_).size() - 1, 1000);
  const RecordLog log = open_log(store_.path(), stated());
  EXPECT_EQ(log.recovery_report().index_state, IndexState::used);
  EXPECT_EQ(log.last_txid(), 400U);
}

// A loss of power may leave an older watermark than P; its record is found where all is read.
TEST_F(StateBelief, ReadsAllWhereOnlyAnOlderWatermarkTellsATearFromDamage) {
  const std::uint64_t end = store_.get(last_).size();
  const std::uint64_t before = reference_walk(last_, store_.get(last_)).records.back().offset;
  store_.put_watermark(last_, before, 399);
  std::ofstream(store_.segment(last_), std::ios::app | std::ios::binary) << std::string(40, 'x');
  const RecordLog log = open_log(store_.path(), stated());
  EXPECT_EQ(log.recovery_report().index_state, IndexState::stale);
  EXPECT_EQ(log.recovery_report().records_read, 400U);
  EXPECT_EQ(log.recovery_report().tail_bytes_discarded, 40U);
  EXPECT_EQ(store_.get(last_).size(), end);
}

TEST_F(StateBelief, ReadsAllWhereWhatLiesBehindPIsDamaged) {
  {
    RecordLog log = open_log(store_.path());
    must(log.append("behind"));
    must(log.rotate());
    must(log.append("newer"));
  }
  overwrite(last_, std::filesystem::file_size(store_.segment(last_)) - 5, "x");
  const Result<RecordLog> log = RecordLog::open(store_.path(), stated());
  ASSERT_TRUE(refused(log, Errc::corruption));
  EXPECT_EQ(log.error().segment, last_);
}

TEST_F(StateBelief, ARepairRemovesItFirst) {
  FaultyFileSystem files;
  (void)must(repair(store_.path(), {.file_system = &files}));
  const std::vector<std::string> trace = trace_of(files);
  EXPECT_TRUE(in_order(trace, {"unlink .state", "sync_directory " + store_.path().filename().string()}));
  const auto unlinked = std::ranges::find(trace, "unlink .state");
  EXPECT_TRUE(std::none_of(trace.begin(), unlinked, [](const std::string& step) {
    return step.starts_with("write") && step.find(".lock") == std::string::npos;
  }));
  EXPECT_FALSE(std::filesystem::exists(store_ / state_file));
  (void)expect_as_without_state(store_.path(), IndexState::absent);
}

TEST_F(StateBelief, ARepairThatCannotTellWhetherThereIsOneChangesNothing) {
  for (const std::string name : {".state", ".index"}) {
    FaultyFileSystem files;
    files.set_hook([&name](const FsOp& op) -> std::optional<safeatomic::test::Fault> {
      if (op.path.ends_with(name)) return safeatomic::test::Fault::error(EIO);
      return std::nullopt;
    });
    const Image before = store_.image();
    EXPECT_TRUE(refused(repair(store_.path(), {.file_system = &files}), Errc::io)) << name;
    EXPECT_EQ(store_.image(), before);
  }
}

TEST_F(StateBelief, ACheckpointDoesNotTakeIt) {
  must(open_log(store_.path(), stated()).checkpoint(store_.beside("checkpoint")));
  EXPECT_FALSE(std::filesystem::exists(store_.beside("checkpoint") / state_file));
  (void)expect_as_without_state(store_.beside("checkpoint"), IndexState::absent);
}

}  // namespace
}  // namespace datawal::test
