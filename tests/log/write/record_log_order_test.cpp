// In which order the log touches the disk: nothing is promised before what it rests on is durable.

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/crashed_writer.hpp"
#include "log/operation_trace.hpp"
#include "log/write_paths.hpp"

namespace datawal {
namespace {

using test::contains;
using test::count_of;
using test::FsOp;
using test::in_order;
using test::OpKind;
using testing::ElementsAre;
using testing::IsEmpty;

class RecordLogOrder : public test::OnBothWritePaths {
 protected:
  [[nodiscard]] RecordLog open(OpenOptions options = {}) {
    options.file_system = &file_system_;
    return store_.open(options);
  }

  /// Without the reserving of space, which changes no byte that anybody looks at.
  [[nodiscard]] std::vector<std::string> trace() const {
    std::vector<std::string> trace = test::trace_of(file_system_);
    std::erase_if(trace, [](const std::string& step) { return step.starts_with("reserve "); });
    return trace;
  }

  /// `steps` behind the cutting of reserved space, where there is any.
  [[nodiscard]] static std::vector<std::string> behind_the_cut(std::vector<std::string> steps) {
    if (is_mapped()) steps.insert(steps.begin(), "truncate 00000001.dwal");
    return steps;
  }

  safeatomic::test::FaultyFileSystem file_system_;
};

INSTANTIATE_TEST_SUITE_P(, RecordLogOrder, test::both_write_paths, test::name_of_path);

// Whether the operations kept the watermark a lower bound: when it is written, nothing in a segment, and no segment's name,
// waits for its sync.
testing::AssertionResult watermark_lags(const std::vector<FsOp>& operations) {
  std::set<std::string> unsynced_files;
  std::set<std::string> known_names;
  bool unsynced_name = false;
  for (const FsOp& op : operations) {
    const bool segment = test::is_segment_name(op.path);
    if (op.kind == OpKind::open_file && segment && known_names.insert(op.path).second) unsynced_name = true;
    if (op.kind == OpKind::rename && test::is_segment_name(op.target)) unsynced_name = true;
    if ((op.kind == OpKind::write || op.kind == OpKind::truncate) && segment) unsynced_files.insert(op.path);
    if ((op.kind == OpKind::sync_data || op.kind == OpKind::sync_all) && segment) unsynced_files.erase(op.path);
    if (op.kind == OpKind::sync_directory) unsynced_name = false;
    if (op.kind != OpKind::write || !op.path.ends_with(".watermark")) continue;
    if (!unsynced_files.empty()) {
      return testing::AssertionFailure() << "operation " << op.ordinal << " before " << *unsynced_files.begin();
    }
    if (unsynced_name) return testing::AssertionFailure() << "operation " << op.ordinal << " before a name";
  }
  return testing::AssertionSuccess();
}

TEST_P(RecordLogOrder, MakesTheFirstSegmentAfterTheWayToItIsDurable) {
  const std::filesystem::path dir = store_ / "a/b";
  {
    const RecordLog log = test::must(RecordLog::open(dir, {.file_system = &file_system_}));
    EXPECT_TRUE(in_order(trace(), {"make_directory a", "make_directory b", "sync_directory b",
                                   "open_file 00000001.dwal", "sync_directory b", "write .watermark"}));
  }
  std::vector<std::string> synced;
  for (const FsOp& op : file_system_.operations()) {
    if (op.kind == OpKind::open_file && op.path.ends_with("00000001.dwal")) break;
    if (op.kind == OpKind::sync_directory) synced.push_back(std::filesystem::path(op.path).lexically_normal().string());
  }
  for (std::filesystem::path at = dir; at != store_.path().parent_path(); at = at.parent_path()) {
    EXPECT_TRUE(contains(synced, at.string()) || contains(synced, at.string() + "/")) << at;
  }
}

TEST_P(RecordLogOrder, SyncsTheWayAgainWhenADirectoryWithoutSegmentIsFound) {
  const RecordLog log = open();
  std::size_t ancestors = 0;
  for (const FsOp& op : file_system_.operations()) {
    if (op.kind == OpKind::open_file && test::is_segment_name(op.path)) break;
    if (op.kind == OpKind::sync_directory) ++ancestors;
  }
  EXPECT_GE(ancestors, 2U) << "the directory itself, and at least the one above it";
}

TEST_P(RecordLogOrder, KeepsATornTailBeforeItIsCutAndCutsBeforeItAppends) {
  const std::string whole = test::raw_frame(1, "one") + test::raw_frame(2, "two");
  store_.put(1, whole.substr(0, whole.size() - 1));
  RecordLog log = open();
  test::must(log.append("three"));
  EXPECT_TRUE(in_order(trace(), {"write .tmp", "sync_all .tmp", "rename .tmp -> 00000001.dwal.torn-31",
                                 "sync_directory store", "truncate 00000001.dwal", "sync_data 00000001.dwal",
                                 "sync_directory store", "write .watermark", "write 00000001.dwal"}));
  EXPECT_EQ(count_of(trace(), "truncate 00000001.dwal"), 1U);
}

TEST_P(RecordLogOrder, SyncsACutThatAnEarlierOpeningMadeAndCouldNotSync) {
  // The earlier one died between cutting and syncing: the disk may still hold what was cut.
  {
    RecordLog log = store_.open();
    test::must(log.append("one", {.sync = true}));
  }
  file_system_.restart();
  RecordLog log = open();
  test::must(log.append("two"));
  EXPECT_TRUE(in_order(trace(), {"sync_data 00000001.dwal", "write 00000001.dwal"}));
}

TEST_P(RecordLogOrder, WritesAgainWhatNoWatermarkProves) {
  store_.put(1, test::raw_frame(1, "one") + test::raw_frame(2, "two"));
  store_.put_watermark(1, 31, 1);
  const RecordLog log = open();
  EXPECT_TRUE(in_order(trace(), {"write 00000001.dwal", "sync_data 00000001.dwal", "write .watermark"}));
  for (const FsOp& op : file_system_.operations()) {
    if (op.kind == OpKind::write && test::is_segment_name(op.path)) {
      EXPECT_EQ(op.offset, 31U);
      EXPECT_EQ(op.size, 31U);
    }
  }
}

TEST_P(RecordLogOrder, WritesTheWholeActiveSegmentAgainWithoutAWatermark) {
  std::string large;
  for (std::uint64_t txid = 1; txid <= 700; ++txid) large += test::raw_frame(txid, std::string(1000, 'x'));
  store_.put(1, large);
  {
    const RecordLog log = open();
  }
  std::uint64_t end = 0;
  for (const FsOp& op : file_system_.operations()) {
    if (op.kind != OpKind::write || !test::is_segment_name(op.path)) continue;
    EXPECT_EQ(op.offset, end);
    end += op.size;
  }
  EXPECT_EQ(end, large.size());
  EXPECT_TRUE(store_.get(1) == large);
}

TEST_P(RecordLogOrder, SyncsTheSealedSegmentsThatNoWatermarkCovers) {
  static constexpr struct {
    const char* name;
    std::uint32_t marked;  // segment that the watermark speaks of, 0: there is none
    std::vector<std::string> (*wanted)();
  } rows[] = {
      {"none", 0, [] { return std::vector<std::string>{"00000001.dwal", "00000003.dwal", "00000004.dwal"}; }},
      {"an old one", 3, [] { return std::vector<std::string>{"00000003.dwal", "00000004.dwal"}; }},
      {"the active one", 7, [] { return std::vector<std::string>(); }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    store_.clear();
    std::uint64_t txid = 0;
    for (const std::uint32_t id : {1U, 3U, 4U, 7U}) store_.put(id, test::raw_frame(++txid, "record"));
    if (row.marked != 0) store_.put_watermark(row.marked, 34, row.marked == 3 ? 2 : 4);
    file_system_.restart();
    const RecordLog log = open();
    for (const std::string& name : row.wanted()) {
      EXPECT_TRUE(in_order(trace(), {"sync_data " + name, "write .watermark"})) << name;
    }
    std::size_t synced = 0;
    for (const char* name : {"00000001.dwal", "00000003.dwal", "00000004.dwal"}) {
      synced += count_of(trace(), std::string("sync_data ") + name);
      EXPECT_FALSE(contains(trace(), std::string("write ") + name)) << "sealed segments never change";
    }
    EXPECT_EQ(synced, row.wanted().size());
  }
}

TEST_P(RecordLogOrder, RotatesInTheOrderThatLosesNothing) {
  RecordLog log = open();
  test::must(log.append("one"));
  file_system_.restart();
  test::must(log.rotate());
  EXPECT_EQ(trace(), behind_the_cut({"sync_data 00000001.dwal", "write .watermark", "open_file 00000002.dwal",
                                     "sync_directory store", "write .watermark"}));
  file_system_.restart();
  test::must(log.rotate());
  EXPECT_THAT(trace(), IsEmpty()) << "an empty segment is not rotated";
}

TEST_P(RecordLogOrder, DoesNotNameTheNextSegmentBeforeTheOldOneIsDurable) {
  RecordLog log = open();
  test::must(log.append("one"));
  file_system_.restart();
  file_system_.set_hook(safeatomic::test::fail_every(OpKind::sync_data, safeatomic::test::Fault::error(EIO)));
  EXPECT_TRUE(test::refused(log.rotate(), Errc::poisoned));
  EXPECT_FALSE(contains(trace(), "open_file 00000002.dwal"));
  EXPECT_FALSE(contains(trace(), "write .watermark"));
  EXPECT_FALSE(std::filesystem::exists(store_.segment(2)));
}

TEST_P(RecordLogOrder, SyncsTheUndoingOfAFailedWriteBeforeItGoesOn) {
  // Without, a loss of power could bring back what was undone: behind the next record, in a sealed segment, after a close.
  static constexpr struct {
    const char* name;
    Result<void> (*go_on)(RecordLog& log);
    const char* next_step;
  } rows[] = {
      {"append", [](RecordLog& log) -> Result<void> { return test::drop_value(log.append("two")); },
       "write 00000001.dwal"},
      {"rotate", [](RecordLog& log) { return log.rotate(); }, "open_file 00000002.dwal"},
      {"close", [](RecordLog& log) { return log.close(); }, "sync_data 00000001.dwal"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    store_.clear();
    {
      RecordLog log = open();
      test::must(log.append("one", {.sync = true}));
      file_system_.set_hook(safeatomic::test::fail_every(OpKind::write, {.os_errno = ENOSPC, .at_most = 5}));
      EXPECT_TRUE(test::refused(log.append("does not fit"), Errc::no_space));
      file_system_.set_hook(nullptr);
      file_system_.restart();
      ASSERT_TRUE(test::ok(row.go_on(log)));
    }
    std::vector<std::string> wanted{"sync_data 00000001.dwal"};
    if (wanted.front() != row.next_step) wanted.emplace_back(row.next_step);
    EXPECT_TRUE(in_order(trace(), wanted));
  }
}

TEST_P(RecordLogOrder, SyncsTheSegmentOnlyInFsync) {
  RecordLog log = open();
  test::must(log.append("one"));
  file_system_.restart();
  test::must(log.fsync());
  EXPECT_THAT(trace(), ElementsAre("sync_data 00000001.dwal", "write .watermark"));
  file_system_.restart();
  test::must(log.fsync());
  EXPECT_THAT(trace(), IsEmpty()) << "there was nothing new";
}

TEST_P(RecordLogOrder, SyncsEachAppendWhereThePolicySaysSo) {
  RecordLog log = open({.sync_policy = SyncPolicy::every_append()});
  for (const char* payload : {"one", "two"}) {
    file_system_.restart();
    test::must(log.append(payload));
    EXPECT_THAT(trace(), ElementsAre("write 00000001.dwal", "sync_data 00000001.dwal", "write .watermark"));
    EXPECT_EQ(log.durable_txid(), log.last_txid());
  }
}

TEST_P(RecordLogOrder, WritesOneFrameInOneCall) {
  RecordLog log = open();
  for (const std::size_t size : {0UL, 1UL, 65'000UL, 70'000UL, 3'000'000UL}) {
    file_system_.restart();
    test::must(log.append_record(RecordType::Put, "key", std::string(size, 'x')));
    if (is_mapped() && size > 60'000) {
      EXPECT_THAT(trace(), ElementsAre("write 00000001.dwal", "write 00000001.dwal")) << size;
      EXPECT_EQ(file_system_.operations().back().size, 4U) << "the magic comes last";
    } else {
      EXPECT_THAT(trace(), ElementsAre("write 00000001.dwal")) << size;
      EXPECT_EQ(file_system_.operations().back().size, 28 + 3 + size);
    }
  }
}

TEST_P(RecordLogOrder, WritesABatchInOneCall) {
  RecordLog log = open();
  const std::vector<RecordInput> batch(50, {.type = RecordType::Put, .key = "key", .payload = "value"});
  file_system_.restart();
  test::must(log.append_batch(batch, {.sync = true}));
  EXPECT_THAT(trace(), ElementsAre("write 00000001.dwal", "sync_data 00000001.dwal", "write .watermark"));
  EXPECT_EQ(log.durable_txid(), 50U);
}

TEST_P(RecordLogOrder, ClosesWithASyncAndAWatermarkOnce) {
  RecordLog log = open();
  test::must(log.append("one"));
  file_system_.restart();
  test::must(log.close());
  EXPECT_EQ(trace(), behind_the_cut({"sync_data 00000001.dwal", "write .watermark"}));
  file_system_.restart();
  test::must(log.close());
  EXPECT_EQ(file_system_.operation_count(), 0U);
}

TEST_P(RecordLogOrder, RewritesNothingAfterACleanClose) {
  {
    RecordLog log = store_.open({.max_segment_bytes = 1'000'000});
    for (int n = 0; n < 2500; ++n) test::must(log.append(std::string(1000, 'x')));
  }
  const test::Image before = store_.image();
  {
    const RecordLog log = open();
    EXPECT_EQ(log.recovery_report().files_scanned, 3U);
  }
  EXPECT_TRUE(store_.image() == before);
  std::map<std::string, std::uint64_t> read_up_to;
  for (const FsOp& op : file_system_.operations()) {
    if (!test::is_segment_name(op.path)) continue;
    EXPECT_TRUE(op.kind != OpKind::write && op.kind != OpKind::truncate) << describe(op);
    if (op.kind != OpKind::read) continue;
    EXPECT_EQ(op.offset, read_up_to[op.path]) << "each byte is read once, in order";
    read_up_to[op.path] += op.size;
  }
  for (const std::uint32_t id : {1U, 2U, 3U}) {
    EXPECT_EQ(read_up_to[store_.segment(id).string()], std::filesystem::file_size(store_.segment(id)));
  }
}

TEST_P(RecordLogOrder, NeverClaimsInTheWatermarkWhatIsNotDurableYet) {
  for (int opening = 0; opening < 3; ++opening) {
    RecordLog log = open({.max_segment_bytes = 200});
    for (int n = 0; n < 12; ++n)
      test::must(log.append(std::string(static_cast<std::size_t>(n * 9), 'x'), {.sync = n % 3 == 0}));
    test::must(log.rotate());
    test::must(log.append("the last one"));
    test::must(log.close());
    const std::uint32_t last = log.active_segment();
    if (opening == 0) {
      std::filesystem::resize_file(store_.segment(last), 20);
      store_.remove_watermark();
    }
    if (opening == 1) std::filesystem::create_hard_link(store_.segment(last), store_.beside("second name"));
  }
  EXPECT_TRUE(watermark_lags(file_system_.operations()));
}

}  // namespace
}  // namespace datawal
