// The state of a log: what it saves, when it is written, and that nothing is lost where it cannot be.

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <thread>

#include <datawal/saved_state.hpp>

#include "log/operation_trace.hpp"
#include "log/process_kill_support.hpp"
#include "log/saved/state_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;

std::string temporary_in(const std::filesystem::path& dir) {
  for (const std::string& name : names_in(dir)) {
    if (name.starts_with(".tmp-")) return name;
  }
  return {};
}

TEST(LogState, SavesTheReadingOfAllButTheTail) {
  const Store store;
  fill_log(store.path(), 1500);
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::absent), 1500U);
  save_state_of(store.path());
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 0U);
  {
    RecordLog log = open_log(store.path(), {.max_segment_bytes = 4000});
    append_records(log, 300);
  }
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 300U);
}

TEST(LogState, FollowsEveryWayOfAppending) {
  for (const WritePath path : {WritePath::append, WritePath::mapped}) {
    const Store store;
    {
      RecordLog log = open_log(store.path(), stated({.max_segment_bytes = 700, .write_path = path}));
      must(log.append("one"));
      must(drop_value(log.append_record(RecordType::Put, "key", std::string(200, 'v'))));
      must(drop_value(log.append_batch(std::vector<RecordInput>{
          {.type = RecordType::Raw, .payload = "a"}, {.type = RecordType::Delete, .key = "key"}, {.payload = "c"}})));
      must(log.append(std::string(600, 'x')));
      must(log.rotate());
      must(log.append("two", {.sync = true}));
      must(log.save_state());
      must(log.append("behind"));
    }
    EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 1U);
    EXPECT_EQ(must(check_state(store.path())).state, IndexState::used);
    EXPECT_EQ(must(check_state(store.path())).records_covered, 7U);
  }
}

TEST(LogState, OfAnEmptyLogIsNone) {
  const Store store;
  RecordLog log = open_log(store.path(), stated());
  must(log.save_state());
  EXPECT_FALSE(std::filesystem::exists(store / state_file));
  must(log.append("first"));
  must(log.save_state());
  must(log.close());
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 0U);
}

TEST(LogState, HasItsPInASealedSegmentWhereTheActiveOneIsEmpty) {
  const Store store;
  fill_log(store.path(), 100);
  {
    RecordLog log = open_log(store.path(), stated());
    must(log.rotate());
    must(log.save_state());
  }
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 0U);
  {
    RecordLog log = open_log(store.path(), stated());
    must(log.append("behind"));
    must(log.close());
  }
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 1U);
}

TEST(LogState, IsOfTheOwnerAlone) {
  const Store store;
  fill_log(store.path(), 10);
  save_state_of(store.path());
  EXPECT_EQ(std::filesystem::status(store / state_file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(LogState, IsWrittenOnlyWhereItIsEnabled) {
  const Store store;
  RecordLog log = open_log(store.path(), {.max_segment_bytes = 4000});
  append_records(log, 1000);
  EXPECT_TRUE(refused(log.save_state(), Errc::invalid_argument));
  must(log.close());
  EXPECT_FALSE(std::filesystem::exists(store / state_file));
}

TEST(LogState, OfADisabledOneIsLeftAlone) {
  const Store store;
  fill_log(store.path(), 100);
  save_state_of(store.path());
  const std::string bytes = read_file(store / state_file);
  {
    RecordLog log = open_log(store.path());
    EXPECT_EQ(log.recovery_report().index_state, IndexState::absent);
    append_records(log, 1);
    must(log.close());
  }
  EXPECT_EQ(read_file(store / state_file), bytes);
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 1U);
}

TEST(LogState, IsWrittenAtCloseIfThatPays) {
  const Store store;
  OpenOptions options;
  options.state = {.is_enabled = true, .write_at_rotation = false, .least_bytes = 2000};
  const auto append_to = [&](int records) {
    RecordLog log = open_log(store.path(), options);
    append_records(log, records);
    must(log.close());
    return log;
  };
  (void)append_to(20);
  EXPECT_FALSE(std::filesystem::exists(store / state_file)) << "too few bytes";
  (void)append_to(60);
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 0U);
  const std::string bytes = read_file(store / state_file);
  (void)append_to(0);
  EXPECT_EQ(read_file(store / state_file), bytes) << "nothing to tell";
  (void)append_to(1);
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 0U)
      << "the next open would have had to look at what lies before it in its segment";
  options.max_segment_bytes = 100;
  (void)append_to(1);
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 1U) << "but not where that is sealed";
  options.state.write_at_close = false;
  (void)append_to(100);
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 101U);
}

TEST(LogState, WrittenAtCloseIsOfTheLastChangeOfTheLog) {
  for (const WritePath path : {WritePath::append, WritePath::mapped}) {
    const Store store;
    must(drop_value(open_log(store.path(), always_stated({.write_path = path})).append("record")));  // as close
    const std::string bytes = read_file(store / state_file);
    std::int64_t noted = 0;
    std::memcpy(&noted, bytes.data() + log::saved_header_len + 24, sizeof noted);
    struct stat status{};
    ASSERT_EQ(::stat(store.segment(1).c_str(), &status), 0);
    EXPECT_EQ(noted, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec);
  }
}

TEST(LogState, IsWrittenAtRotationInProportionToWhatWasAppended) {
  const Store store;
  OpenOptions options = always_stated({.max_segment_bytes = 8000});
  options.state.write_at_close = false;
  FaultyFileSystem files;
  options.file_system = &files;
  RecordLog log = open_log(store.path(), options);
  const std::uint64_t segments = 400;
  std::uint64_t bytes_written = 0;
  files.restart();
  while (log.active_segment() < segments) must(log.append(std::string(1000, 'x')));
  std::uint64_t times = 0;
  for (const FsOp& op : files.operations()) {
    if (op.kind != OpKind::write || op.path.find(".tmp-") == std::string::npos) continue;
    bytes_written += op.size;
    ++times;
  }
  EXPECT_GT(times, 10U);
  EXPECT_LT(bytes_written, segments * 8000 / 8) << "rounded up to pages";
  must(log.close());
  EXPECT_LT(expect_as_without_state(store.path(), IndexState::used), segments * 8 / 2);
}

TEST(LogState, OfARotationIsFollowedByLittle) {
  const Store store;
  OpenOptions options = always_stated({.max_segment_bytes = 100'000});
  options.state.write_at_close = false;
  {
    RecordLog log = open_log(store.path(), options);
    for (int i = 0; i < 1000; ++i) must(log.append(std::string(500, 'x')));
    must(log.rotate());
    append_records(log, 3);
  }
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 3U);
}

TEST(LogState, IsWrittenInTheOrderThatACrashDependsOn) {
  const Store store;
  const std::string sync_directory = "sync_directory " + store.path().filename().string();
  FaultyFileSystem files;
  RecordLog log = open_log(store.path(), always_stated({.write_path = WritePath::append, .file_system = &files}));
  append_records(log, 100);
  files.restart();
  must(log.save_state());
  EXPECT_TRUE(in_order(trace_of(files), {"sync_data 00000001.dwal", "open_file .tmp", "write .tmp", "sync_all .tmp",
                                         "rename .tmp -> .state", sync_directory}));
  append_records(log, 100);
  files.restart();
  must(log.rotate());
  EXPECT_TRUE(in_order(trace_of(files), {"sync_data 00000001.dwal", "open_file .tmp", "write .tmp", "sync_all .tmp",
                                         "rename .tmp -> .state", "open_file 00000002.dwal", sync_directory}));
  EXPECT_EQ(count_of(trace_of(files), sync_directory), 1U) << "one for both names";
  append_records(log, 100);
  files.restart();
  must(log.close());
  EXPECT_TRUE(in_order(trace_of(files), {"sync_data 00000002.dwal", "open_file .tmp", "write .tmp", "sync_all .tmp",
                                         "rename .tmp -> .state", sync_directory}));
}

// At save_state(), at a rotation and at close.
TEST(LogState, CostsOnlyItselfWhateverOperationFails) {
  for (const int os_errno : {EIO, ENOSPC}) {
    for (const char step : {'s', 'r', 'c'}) {
      bool reached = true;
      for (std::uint64_t ordinal = 1; reached; ++ordinal) {
        SCOPED_TRACE(std::string(1, step) + " " + std::to_string(os_errno) + " at " + std::to_string(ordinal));
        const Store store;
        fill_log(store.path(), 60);
        save_state_of(store.path());
        FaultyFileSystem files;
        std::vector<Listed> records;
        {
          RecordLog log = open_log(store.path(),
                                   always_stated({.write_path = WritePath::append, .file_system = &files}));
          must(log.append("later"));
          records = listing_of(log);
          files.restart();
          files.set_hook(safeatomic::test::fail_at(ordinal, Fault::error(os_errno)));
          const Result<void> done = step == 's' ? log.save_state() : (step == 'r' ? log.rotate() : log.close());
          reached = files.operation_count() >= ordinal;
          files.set_hook(nullptr);
          if (!done) {
            EXPECT_TRUE(done.error().code == Errc::io || done.error().code == Errc::no_space ||
                        done.error().code == Errc::poisoned);
            EXPECT_EQ(done.error().code == Errc::poisoned, log.is_poisoned());
          }
          if (step != 'c' && !log.is_poisoned()) {
            EXPECT_EQ(listing_of(log), records);
            must(log.append("after that"));
            must(log.save_state());
            records = listing_of(log);
          }
        }
        EXPECT_EQ(listing_of(open_log(store.path(), stated())), records);
        (void)expect_as_without_state(store.path(), IndexState::used);
      }
    }
  }
}

TEST(LogState, IsNotWrittenOnAFullDiskAndTheLogGoesOn) {
  const Store store;
  FaultyFileSystem files;
  RecordLog log = open_log(store.path(), always_stated({.file_system = &files}));
  append_records(log, 100);
  files.set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::write && op.path.find(".tmp-") != std::string::npos) return Fault::error(ENOSPC);
    return std::nullopt;
  });
  EXPECT_TRUE(refused(log.save_state(), Errc::no_space));
  EXPECT_FALSE(log.is_poisoned());
  must(log.rotate());
  append_records(log, 100);
  must(log.close());
  files.set_hook(nullptr);
  EXPECT_EQ(temporary_in(store.path()), "");
  EXPECT_FALSE(std::filesystem::exists(store / state_file));
  EXPECT_EQ(listing_of(open_log(store.path())).size(), 200U);
}

TEST(LogState, AFailedSyncOfTheLogPoisonsAsEver) {
  const Store store;
  fill_log(store.path(), 60);
  save_state_of(store.path());
  const std::string bytes = read_file(store / state_file);
  FaultyFileSystem files;
  RecordLog log = open_log(store.path(), always_stated({.write_path = WritePath::append, .file_system = &files}));
  must(log.append("later"));
  files.set_hook(safeatomic::test::fail_every(OpKind::sync_data, Fault::error(EIO)));
  EXPECT_TRUE(refused(log.save_state(), Errc::poisoned));
  EXPECT_TRUE(log.is_poisoned());
  EXPECT_TRUE(refused(log.close(), Errc::poisoned));
  EXPECT_EQ(read_file(store / state_file), bytes);
}

TEST(LogState, ProvesWhatAWatermarkWouldProve) {
  const Store store;
  {
    RecordLog log = open_log(store.path(), stated({.write_path = WritePath::append}));
    append_records(log, 1000);
    must(log.save_state());
    must(log.close());
  }
  store.remove_watermark();
  FaultyFileSystem files;
  must(open_log(store.path(), stated({.write_path = WritePath::append, .file_system = &files})).close());
  EXPECT_FALSE(contains(trace_of(files), "write 00000001.dwal")) << "nothing lies behind P";
}

TEST(LogState, WritesAgainWhatLiesBehindItAfterAKill) {
  const Store store;
  {
    RecordLog log = open_log(store.path(), stated({.write_path = WritePath::append}));
    append_records(log, 1000);
    must(log.save_state());
    append_records(log, 1);
    must(log.close());
  }
  store.remove_watermark();
  FaultyFileSystem files;
  must(open_log(store.path(), stated({.write_path = WritePath::append, .file_system = &files})).close());
  EXPECT_TRUE(in_order(trace_of(files), {"write 00000001.dwal", "sync_data 00000001.dwal"}));
}

TEST(LogState, OfALogThatOthersAppendToMeanwhileIsThatOfOneInstant) {
  for (int round = 0; round < 6; ++round) {
    const Store store;
    const OpenOptions options = always_stated({.max_segment_bytes = 20'000});
    {
      RecordLog log = open_log(store.path(), options);
      must(log.append("first"));
      std::thread writer([&log] { append_records(log, 2000); });
      for (int i = 0; i < 5; ++i) must(log.save_state());
      writer.join();
    }
    EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used, options), 0U);
    EXPECT_EQ(must(check_state(store.path())).state, IndexState::used);
  }
}

TEST(LogState, ThatCannotBeLookedAtIsNotCalledAbsentWhenItIsDropped) {
  const Store store;
  fill_log(store.path(), 20);
  save_state_of(store.path());
  FaultyFileSystem files;
  bool has_failed = false;
  files.set_hook([&has_failed](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::info_of || !op.path.ends_with(".state") || has_failed) return std::nullopt;
    has_failed = true;
    return Fault::error(EIO);
  });
  EXPECT_TRUE(refused(drop_state(store.path(), {.file_system = &files}), Errc::io));
  EXPECT_TRUE(has_failed);
  EXPECT_TRUE(must(drop_state(store.path())));
  EXPECT_FALSE(must(drop_state(store.path())));
}

TEST(LogState, BelongsToTheProcessThatOpenedTheLog) {
  const Store store;
  fill_log(store.path(), 100);
  {
    RecordLog log = open_log(store.path(), always_stated());
    must(log.append("later"));
    in_child([&] {
      EXPECT_TRUE(refused(log.save_state(), Errc::closed));
      EXPECT_FALSE(std::filesystem::exists(store / state_file));
      [[maybe_unused]] const RecordLog gone = std::move(log);
    });
    EXPECT_FALSE(std::filesystem::exists(store / state_file));
    must(log.append("more"));
  }
  EXPECT_EQ(expect_as_without_state(store.path(), IndexState::used), 0U);
}

TEST(LogState, IsOfALogThatIsKilledAgainAndAgain) {
  for (const WritePath path : {WritePath::append, WritePath::mapped}) {
    const Store store;
    OpenOptions options = always_stated({.max_segment_bytes = 30'000, .write_path = path});
    for (int life = 0; life < 12; ++life) {
      Child writer([&](Talk& talk) {
        RecordLog log = open_log(store.path(), options);
        append_records(log, 100 + 37 * life);
        if (life % 3 == 0) must(log.save_state());
        append_records(log, life * 5);
        talk.tell("done");
        (void)talk.hear();
      });
      ASSERT_EQ(writer.talk().hear(), "done");
      EXPECT_EQ(writer.kill(), SIGKILL);
      SCOPED_TRACE(life);
      {
        const RecordLog log = open_log(store.path(), options);
        EXPECT_EQ(log.recovery_report().index_state, IndexState::used) << log.recovery_report().index_reason;
        const std::vector<Listed> all = listing_of(log);
        EXPECT_EQ(all.size(), log.recovery_report().records_replayed);
        for (std::size_t n = 0; n < all.size(); ++n) {
          ASSERT_EQ(all[n].payload, "record " + std::to_string(n + 1));
        }
      }
      (void)expect_as_without_state(store.path(), IndexState::used, options);
    }
  }
}

TEST(LogState, SurvivesKillsAtRandomInstants) {
  std::mt19937_64 random = seeded_random();
  for (const WritePath path : {WritePath::append, WritePath::mapped}) {
    const Store store;
    MortalLog(store.path(), random).die(12, always_stated({.max_segment_bytes = 100'000, .write_path = path}), {});
    (void)expect_as_without_state(store.path(), IndexState::used);
    EXPECT_EQ(must(check_state(store.path())).state, IndexState::used);
  }
}

TEST(LogState, ServesReadersThatRefresh) {
  const Store store;
  fill_log(store.path(), 1000, 0);  // one segment
  save_state_of(store.path());
  const ReaderOptions with{.uses_state = true};
  RecordLogReader one = must(RecordLogReader::open(store.path(), with));
  RecordLogReader two = must(RecordLogReader::open(store.path(), with));
  RecordLogReader plain = must(RecordLogReader::open(store.path()));
  EXPECT_EQ(must(one.durable_end()), must(plain.durable_end()));
  EXPECT_FALSE(must(one.refresh()));
  RecordLog log = open_log(store.path(), always_stated());
  append_records(log, 3);
  EXPECT_TRUE(must(one.refresh()));
  EXPECT_TRUE(must(two.refresh()));
  EXPECT_TRUE(must(plain.refresh()));
  EXPECT_EQ(read(one).records.size(), 1003U);
  EXPECT_EQ(read(two).records.size(), 1003U);
  must(log.rotate());
  EXPECT_FALSE(must(one.refresh()));
  EXPECT_FALSE(must(plain.refresh()));
  EXPECT_EQ(must(one.durable_end()), must(plain.durable_end()));
  append_records(log, 1);
  must(log.fsync());
  EXPECT_TRUE(must(two.refresh()));
  EXPECT_TRUE(must(plain.refresh()));
  EXPECT_EQ(must(two.durable_end()), must(plain.durable_end()));
}

TEST(LogState, SavesAReaderTheReadingOfTheLastSegment) {
  const Store store;
  fill_log(store.path(), 5000, 0);
  save_state_of(store.path());
  std::uint64_t bytes[2] = {};
  for (const bool uses_state : {false, true}) {
    FaultyFileSystem files;
    RecordLogReader reader = must(
        RecordLogReader::open(store.path(), {.uses_state = uses_state, .file_system = &files}));
    EXPECT_FALSE(must(reader.refresh()));
    for (const FsOp& op : files.operations()) bytes[uses_state ? 1 : 0] += op.kind == OpKind::read ? op.size : 0;
  }
  EXPECT_LT(bytes[1], bytes[0]);
}

}  // namespace
}  // namespace datawal::test
