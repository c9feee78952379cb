// Checkpoints, salvage, retention and counting while one operation after the other fails: nothing by half, nothing left behind,
// and the log goes on.
#include <cerrno>
#include <functional>

#include <datawal/repair.hpp>

#include "log/operation_trace.hpp"
#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::fail_at;
using safeatomic::test::Fault;

class CareFaults : public testing::Test {
 protected:
  CareFaults() {
    RecordLog log = must(RecordLog::open(store_.path(), {.max_segment_bytes = 100}));
    for (int i = 1; i <= 10; ++i) must(log.append("record " + std::to_string(i)));
    must(log.checkpoint(store_.beside("earlier")));
    must(log.close());
  }

  /// Calls `call` with its first, second, ... operation failing, until none is left to fail; `check` looks at each result.
  template <class Call, class Check>
  void fail_each(Call call, Check check) {
    for (std::uint64_t ordinal = 1;; ++ordinal) {
      files_.restart();
      files_.set_hook(fail_at(ordinal, Fault::error(EIO)));
      const auto result = call();
      files_.set_hook(nullptr);
      const bool was_reached = files_.operation_count() >= ordinal;
      SCOPED_TRACE("operation " + std::to_string(ordinal));
      if (!was_reached) {
        EXPECT_TRUE(result.has_value()) << result.error().message();
        EXPECT_GT(ordinal, 5U);
        return;
      }
      if (!result) {
        EXPECT_THAT(result.error().code, testing::AnyOf(Errc::io, Errc::poisoned)) << result.error().message();
      }
      check(result.has_value());
      ASSERT_FALSE(testing::Test::HasFailure());
    }
  }

  void expect_whole_or_absent(const std::filesystem::path& copy, bool must_be_there) const {
    if (must_be_there || std::filesystem::exists(copy)) {
      EXPECT_EQ(read(copy).txids(), txids_up_to(10));
    }
    for (const auto& entry : std::filesystem::directory_iterator(copy.parent_path())) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".tmp-")) << entry.path();
    }
    std::filesystem::remove_all(copy);
  }

  const Store store_;
  FaultyFileSystem files_;
};

TEST_F(CareFaults, LeaveACheckpointOfALogWholeOrAbsent) {
  const RecordLog log = must(RecordLog::open(store_.path(), {.max_segment_bytes = 100, .file_system = &files_}));
  const std::filesystem::path copy = store_.beside("copy");
  fail_each([&] { return log.checkpoint(copy); }, [&](bool is_done) { expect_whole_or_absent(copy, is_done); });
  EXPECT_FALSE(log.is_poisoned());
}

TEST_F(CareFaults, LeaveACheckpointOnTopOfAnEarlierOneWholeOrAbsent) {
  const RecordLog log = must(RecordLog::open(store_.path(), {.max_segment_bytes = 100, .file_system = &files_}));
  const std::filesystem::path copy = store_.beside("copy");
  fail_each([&] { return log.checkpoint(copy, {.previous = store_.beside("earlier")}); },
            [&](bool is_done) { expect_whole_or_absent(copy, is_done); });
  EXPECT_EQ(read(store_.beside("earlier")).txids(), txids_up_to(10));
}

TEST_F(CareFaults, LeaveACheckpointByAReaderWholeOrAbsent) {
  const std::filesystem::path copy = store_.beside("copy");
  fail_each(
      [&]() -> Result<void> {
        const Result<RecordLogReader> reader = RecordLogReader::open(store_.path(), {.file_system = &files_});
        return reader ? reader->checkpoint(copy) : Result<void>(std::unexpected(reader.error()));
      },
      [&](bool is_done) { expect_whole_or_absent(copy, is_done); });
}

TEST_F(CareFaults, CopyWhereLinksAreRefused) {
  const RecordLog log = must(RecordLog::open(store_.path(), {.max_segment_bytes = 100, .file_system = &files_}));
  const std::filesystem::path copy = store_.beside("copy");
  for (const int refusal : {EXDEV, EPERM, EMLINK, EACCES, EOPNOTSUPP}) {
    files_.set_hook(safeatomic::test::fail_every(safeatomic::test::OpKind::link, Fault::error(refusal)));
    CheckpointReport report;
    must(log.checkpoint(copy, {.report = &report}));
    EXPECT_EQ(report.linked, 0U) << refusal;
    files_.set_hook(nullptr);
    expect_whole_or_absent(copy, true);
  }
}

TEST_F(CareFaults, LeaveTheDamagedStoreAsItIsAndWhatWasSalvagedWhole) {
  const std::filesystem::path out = store_.beside("out");
  fail_each([&] { return salvage(store_.path(), out, {.file_system = &files_}); },
            [&](bool is_done) {
              if (is_done) {
                EXPECT_EQ(read(out).txids(), txids_up_to(10));
              }
              std::filesystem::remove_all(out);  // "remove OUT, run it again"
              EXPECT_EQ(read(store_.path()).txids(), txids_up_to(10));
            });
}

TEST_F(CareFaults, LeaveALogThatBeginsWithOneOfItsSegments) {
  const std::filesystem::path used = store_.beside("used");
  const auto drop = [&]() -> Result<void> {
    std::filesystem::remove_all(used);
    std::filesystem::copy(store_.path(), used);
    std::filesystem::remove(used / ".watermark");  // the copies are other files
    Result<RecordLog> log = RecordLog::open(used, {.max_segment_bytes = 100, .file_system = &files_});
    return log ? log->drop_segments_before(3) : Result<void>(std::unexpected(log.error()));
  };
  fail_each(drop, [&](bool) {
    const std::vector<std::uint64_t> txids = read(used).txids();
    ASSERT_FALSE(txids.empty());
    EXPECT_EQ(txids.back(), 10U);
    EXPECT_EQ(txids.size(), txids.back() - txids.front() + 1) << "a hole";
  });
}

TEST_F(CareFaults, AreToldByCounting) {
  RecordLog log = must(RecordLog::open(store_.path(), {.max_segment_bytes = 100, .file_system = &files_}));
  write_file(store_.path() / "00000001.dwal.torn-7", "torn");
  const LogStats stats = must(log.stats());
  EXPECT_EQ(stats.segments, log.active_segment());
  EXPECT_EQ(stats.last_txid, 10U);
  EXPECT_EQ(stats.durable_txid, 10U);
  EXPECT_FALSE(stats.has_recovered_torn_tail);
  EXPECT_EQ(stats.quarantined_files, 1U);
  EXPECT_EQ(stats.quarantined_bytes, 4U);
  std::uint64_t bytes = 0;
  for (const Record& record : must(log.scan())) bytes += record.ref.len;
  EXPECT_EQ(stats.bytes, bytes);
  files_.restart();
  files_.set_hook(safeatomic::test::fail_every(safeatomic::test::OpKind::list, Fault::error(EIO)));
  EXPECT_TRUE(refused(log.stats(), Errc::io));
  files_.set_hook(nullptr);
  must(log.close());
  EXPECT_TRUE(refused(log.stats(), Errc::closed));
}

}  // namespace
}  // namespace datawal::test
