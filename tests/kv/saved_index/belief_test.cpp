// When a persisted index is believed, and when not: the rules of docs/DURABILITY.md, one by one.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

#include <datawal/format.hpp>
#include <datawal/repair.hpp>

#include "kv/saved_index/saved_index_support.hpp"
#include "log/operation_trace.hpp"

namespace datawal::test {
namespace {

class IndexBelief : public testing::Test {
 protected:
  IndexBelief() {
    fill_for_index(store_.path(), 400);
    save_index_of(store_.path());
    last_ = static_cast<std::uint32_t>(std::ranges::count_if(
        names_in(store_.path()), [](const std::string& name) { return name.ends_with(".dwal"); }));
  }

  // The segment is another file with the same bytes.
  void copy_segment(std::uint32_t id) const {
    const std::filesystem::path copy = store_.beside("copy");
    std::filesystem::copy_file(store_.segment(id), copy, std::filesystem::copy_options::overwrite_existing);
    set_modified(copy, modified(store_.segment(id)));
    std::filesystem::rename(copy, store_.segment(id));
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
  // Changes a byte in the segment's file and leaves no other trace of it.
  void change_byte(std::uint32_t id, std::uint64_t offset, char to) const {
    const timespec before = modified(store_.segment(id));
    {
      std::fstream file(store_.segment(id), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(offset));
      file.put(to);
    }
    set_modified(store_.segment(id), before);
  }
  void rename_index_file(std::string_view to) const { std::filesystem::rename(store_ / index_file, store_.beside(to)); }

  const Store store_;
  std::uint32_t last_ = 0;  // segment
};

TEST_F(IndexBelief, IsThereWhereNothingChanged) { EXPECT_EQ(expect_as_without(store_.path(), IndexState::used), 0U); }

TEST_F(IndexBelief, OutlivesAnOpenWithoutIt) {
  must(open_kv(store_.path()).close());
  EXPECT_EQ(expect_as_without(store_.path(), IndexState::used), 0U);
}

TEST_F(IndexBelief, IsNotAskedForWhereAllShallBeVerified) {
  OpenOptions options = indexed();
  options.verification = Verification::full;
  const DataWal store = open_kv(store_.path(), options);
  EXPECT_EQ(store.log().recovery_report().index_state, IndexState::absent);
  EXPECT_EQ(store.log().recovery_report().records_read, store.log().recovery_report().records_replayed);
}

TEST_F(IndexBelief, NeedsARegularFile) {
  rename_index_file("elsewhere");
  std::filesystem::create_symlink(store_.beside("elsewhere"), store_ / index_file);
  (void)expect_as_without(store_.path(), IndexState::stale);
  std::filesystem::remove(store_ / index_file);
  std::filesystem::create_directory(store_ / index_file);
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, NeedsTheOnlyNameOfItsFile) {
  std::filesystem::create_hard_link(store_ / index_file, store_.beside("second name"));
  (void)expect_as_without(store_.path(), IndexState::stale);
  std::filesystem::remove(store_.beside("second name"));
  (void)expect_as_without(store_.path(), IndexState::used);
}

TEST_F(IndexBelief, EndsWithAnotherLayout) {
  std::string bytes = read_file(store_ / index_file);
  bytes[8] = 99;
  const std::uint32_t crc = format::crc32c(std::string_view(bytes).substr(0, 108));
  for (int i = 0; i < 4; ++i) bytes[108 + static_cast<std::size_t>(i)] = static_cast<char>(crc >> (8 * i));
  write_file(store_ / index_file, bytes);
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, EndsWhereASegmentIsMissing) {
  std::filesystem::remove(store_.segment(2));
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, EndsWhereASegmentWasAdded) {
  // An id below P's that was not there: 0 is none, so all move up by one in a store that begins at 2.
  std::filesystem::remove(store_.segment(1));
  save_index_of(store_.path());
  write_file(store_.segment(1), reference_encode(0, 1, {}, "x"));
  const DataWal store = open_kv(store_.path(), indexed());
  EXPECT_EQ(store.log().recovery_report().index_state, IndexState::stale);
}

TEST_F(IndexBelief, EndsWhereASealedSegmentIsAnotherFile) {
  copy_segment(1);
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, EndsWhereTheSegmentOfPIsAnotherFile) {
  copy_segment(last_);
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, EndsWhereASealedSegmentHasAnotherSize) {
  const timespec before = modified(store_.segment(2));
  std::ofstream(store_.segment(2), std::ios::app | std::ios::binary) << "x";
  set_modified(store_.segment(2), before);
  const Result<DataWal> store = DataWal::open(store_.path(), indexed());
  EXPECT_TRUE(refused(store, Errc::corruption)) << "as without an index";
}

TEST_F(IndexBelief, EndsWhereASealedSegmentWasChanged) {
  timespec later = modified(store_.segment(2));
  later.tv_nsec = (later.tv_nsec + 1) % 1'000'000'000;
  set_modified(store_.segment(2), later);
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, DoesNotAskWhenTheInodeWasChanged) {
  std::filesystem::permissions(store_.segment(2), std::filesystem::perms::owner_all);
  std::filesystem::create_hard_link(store_.segment(1), store_.beside("second name"));
  EXPECT_EQ(expect_as_without(store_.path(), IndexState::used), 0U);
}

TEST_F(IndexBelief, IsWrittenAgainWhereTheActiveSegmentHadToBeCopied) {
  OpenOptions options = indexed();
  options.index.write_at_close = true;
  options.index.least_records = 10;
  std::filesystem::create_hard_link(store_.segment(last_), store_.beside("second name"));
  must(open_kv(store_.path(), options).close());
  EXPECT_EQ(expect_as_without(store_.path(), IndexState::used), 0U);
}

TEST_F(IndexBelief, EndsWhereTheSegmentOfPIsShorter) {
  std::filesystem::remove(store_ / ".watermark");
  const std::string bytes = store_.get(last_);
  const std::uint64_t size = bytes.size();
  std::filesystem::resize_file(store_.segment(last_), size - 1);
  const DataWal store = open_kv(store_.path(), indexed());
  EXPECT_EQ(store.log().recovery_report().index_state, IndexState::stale);
  EXPECT_TRUE(store.log().recovery_report().tail_truncated);
}

TEST_F(IndexBelief, EndsWhereAnotherRecordEndsAtP) {
  std::filesystem::remove(store_ / ".watermark");
  std::string bytes = store_.get(last_);
  // The last record is a tombstone of as many bytes, with the same txid.
  std::vector<Record> records = read(store_.path()).records;
  const Record& last = records.back();
  const std::string other = reference_encode(2, last.ref.txid, std::string(last.key.size(), 'z'), {});
  ASSERT_EQ(other.size(), last.ref.len);
  const timespec before = modified(store_.segment(last_));
  std::fstream file(store_.segment(last_), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(last.ref.offset));
  file << other;
  file.close();
  set_modified(store_.segment(last_), before);
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, AsksForTheLastRecordOfWhatWasChangedJustBefore) {
  // Its time does not tell, since the clock had not ticked: but its last record is another one.
  const std::uint64_t size = std::filesystem::file_size(store_.segment(2));
  change_byte(2, size - 6, '\x7f');
  EXPECT_TRUE(refused(DataWal::open(store_.path(), indexed()), Errc::corruption)) << "as without an index";
}

TEST_F(IndexBelief, DoesNotReadWhatWasChangedLongBefore) {
  timespec long_ago = modified(store_.segment(2));
  long_ago.tv_sec -= 100;
  for (std::uint32_t id = 1; id <= last_; ++id) set_modified(store_.segment(id), long_ago);
  save_index_of(store_.path(), {.index = {}});
  for (std::uint64_t offset = 30; offset < 3000; offset += 25) change_byte(2, offset, '\x7f');
  // Damage in what nobody reads at open is met by whoever reads it.
  const DataWal store = open_kv(store_.path(), indexed());
  EXPECT_EQ(store.log().recovery_report().index_state, IndexState::used);
  EXPECT_TRUE(refused(store.items(), Errc::corruption));
}

TEST_F(IndexBelief, GoesOnBehindWhatOthersAppended) {
  append_plain(store_.path(), {{RecordType::Put, "key 1", "by another"}, {RecordType::Raw, "", "raw"}});
  {
    RecordLog log = must(RecordLog::open(store_.path()));
    must(log.rotate());
    must(drop_value(log.append_record(RecordType::Delete, "key 2", {})));
    must(log.close());
  }
  EXPECT_EQ(expect_as_without(store_.path(), IndexState::used), 3U);
  EXPECT_TRUE(has(open_kv(store_.path(), indexed()), "key 1", "by another"));
}

TEST_F(IndexBelief, EndsWithACompactionByOthers) {
  must(open_kv(store_.path()).compact({.min_garbage_ratio = 0}));
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, EndsWhereSegmentsAreDropped) {
  RecordLog log = must(RecordLog::open(store_.path()));
  must(log.drop_segments_before(2, {.with_keys = true}));
  must(log.close());
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, EndsInACopy) {
  std::filesystem::copy(store_.path(), store_.beside("copy"));
  (void)expect_as_without(store_.beside("copy"), IndexState::stale);
}

TEST_F(IndexBelief, HoldsForAnOlderIndex) {
  std::filesystem::copy_file(store_ / index_file, store_.beside("older"));
  {
    DataWal store = open_kv(store_.path(), indexed());
    for (int i = 0; i < 500; ++i) must(store.put("later " + std::to_string(i % 50), std::to_string(i)));
    must(store.save_index());
    must(store.close());
  }
  EXPECT_EQ(expect_as_without(store_.path(), IndexState::used), 0U);
  std::filesystem::copy_file(store_.beside("older"), store_ / index_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(expect_as_without(store_.path(), IndexState::used), 500U);
}

TEST_F(IndexBelief, EndsWhereTheLogWasRolledBackAndWentOnOtherwise) {
  const std::uint64_t size = std::filesystem::file_size(store_.segment(last_));
  {
    DataWal store = open_kv(store_.path(), indexed());
    for (int i = 0; i < 5; ++i) must(store.put("later", std::to_string(i)));
    must(store.save_index());
  }
  std::filesystem::remove(store_ / ".watermark");
  std::filesystem::resize_file(store_.segment(last_), size);
  {
    DataWal store = open_kv(store_.path());
    for (int i = 0; i < 5; ++i) must(store.put("other", std::to_string(i)));
  }
  (void)expect_as_without(store_.path(), IndexState::stale);
}

TEST_F(IndexBelief, ARepairRemovesItFirst) {
  FaultyFileSystem files;
  (void)must(repair(store_.path(), {.file_system = &files}));
  const std::vector<std::string> trace = trace_of(files);
  EXPECT_TRUE(in_order(trace, {"unlink .index", "sync_directory " + store_.path().filename().string()}));
  const auto unlinked = std::ranges::find(trace, "unlink .index");
  EXPECT_TRUE(std::none_of(trace.begin(), unlinked, [](const std::string& step) {
    return step.starts_with("write") && step.find(".lock") == std::string::npos;
  }));
  EXPECT_FALSE(std::filesystem::exists(store_ / index_file));
  (void)expect_as_without(store_.path(), IndexState::absent);
}

TEST_F(IndexBelief, ACheckpointDoesNotTakeIt) {
  must(open_kv(store_.path(), indexed()).checkpoint(store_.beside("checkpoint")));
  EXPECT_FALSE(std::filesystem::exists(store_.beside("checkpoint") / index_file));
  (void)expect_as_without(store_.beside("checkpoint"), IndexState::absent);
}

}  // namespace
}  // namespace datawal::test
