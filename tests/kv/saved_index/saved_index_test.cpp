// The persisted index: what it saves, when it is written, and that nothing is lost where it cannot be.

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <thread>

#include <safeatomic/sim.hpp>

#include "kv/saved_index/close_rule.hpp"
#include "kv/saved_index/index_format.hpp"
#include "kv/saved_index/saved_index_support.hpp"
#include "log/operation_trace.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;

OpenOptions at_close(std::uint64_t least_records) {
  OpenOptions options = indexed();
  options.index.write_at_close = true;
  options.index.least_records = least_records;
  return options;
}

TEST(SavedIndex, SavesTheReadingOfAllButTheTail) {
  const Store dir;
  fill_for_index(dir.path(), 1500);
  EXPECT_GT(expect_as_without(dir.path(), IndexState::absent), 2000U);
  save_index_of(dir.path());
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
  {
    DataWal store = open_kv(dir.path(), {.max_segment_bytes = 8000});
    for (int i = 0; i < 300; ++i) must(store.put("key " + std::to_string(i * 5), "tail"));
    for (int i = 0; i < 100; ++i) must(store.erase("key " + std::to_string(i * 11)));
    for (int i = 0; i < 100; ++i) must(store.put("new " + std::to_string(i), "tail"));
  }
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 500U);
}

TEST(SavedIndex, IsNotReadAsAWholeForSpaceThatWasOnlyReserved) {
  using safeatomic::sim::Operation;
  safeatomic::sim::SimFileSystem machine;
  OpenOptions options = indexed();
  options.write_path = WritePath::mapped;
  options.file_system = &machine;
  {
    DataWal store = open_kv("/store", options);
    for (int i = 0; i < 20'000; ++i) must(store.put("key " + std::to_string(i), "value"));
    must(store.save_index());
    must(store.put("key 1", "tail"));
    machine.set_hook([](const Operation&) { return safeatomic::sim::Fault::process_kill; });
  }
  machine.start_process();
  std::uint64_t read = 0;
  machine.set_hook([&read](const Operation& op) {
    if (op.kind == safeatomic::sim::OpKind::read && op.directory.ends_with(index_file)) read += op.size;
    return safeatomic::sim::Fault::none;
  });
  const DataWal store = open_kv("/store", options);
  EXPECT_EQ(store.log().recovery_report().records_read, 1U);
  EXPECT_EQ(must(store.get("key 1")), "tail");
  EXPECT_LT(read, 100'000U);  // of 320,000
}

TEST(SavedIndex, OfAStoreThatGoesOnIsThatOfOneInstant) {
  const Store dir;
  OpenOptions options = indexed({.max_segment_bytes = 20'000});
  for (int round = 0; round < 6; ++round) {
    DataWal store = open_kv(dir.path(), options);
    must(store.put("first", ""));
    std::thread writer([&store, round] {
      for (int i = 0; i < 2000; ++i) must(store.put("key " + std::to_string(i * 7 % 3000), std::to_string(round)));
    });
    for (int i = 0; i < 5; ++i) must(store.save_index());
    writer.join();
    must(store.close());
    (void)expect_as_without(dir.path(), IndexState::used, options);
  }
}

TEST(SavedIndex, ServesLookUpsWhilePagesAreOnFile) {
  const Store dir;
  fill_for_index(dir.path(), 3000);
  save_index_of(dir.path());
  const Contents contents = contents_of(open_kv(dir.path()));
  for (const bool in_background : {false, true}) {
    OpenOptions options = indexed();
    options.index.loads_in_background = in_background;
    DataWal store = open_kv(dir.path(), options);
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader) {
      readers.emplace_back([&] {
        for (const auto& [key, value] : contents) EXPECT_TRUE(has(store, key, value));
        EXPECT_TRUE(lacks(store, "nobody"));
      });
    }
    // Splits pages and makes tables grow while others are loaded.
    for (int i = 0; i < 20'000; ++i) must(store.put("new " + std::to_string(i), "value"));
    for (std::thread& reader : readers) reader.join();
    for (int i = 0; i < 20'000; ++i) must(store.erase("new " + std::to_string(i)));
    EXPECT_EQ(contents_of(store), contents);
  }
}

TEST(SavedIndex, AnswersManyKeysAndAViewToo) {
  const Store dir;
  fill_for_index(dir.path(), 500);
  save_index_of(dir.path());
  const DataWal store = open_kv(dir.path(), indexed());
  Values values;
  const std::vector<std::string_view> keys = {"key 1", "nobody", "key 3"};
  must(store.multi_get(keys, values));
  EXPECT_EQ(values[0], "value 1");
  EXPECT_EQ(values[1], std::nullopt);
  EXPECT_EQ(values[2], "newer 3");
  const DataWalView view = must(store.view());
  EXPECT_TRUE(has(view, "key 4", "value 4"));
}

TEST(SavedIndex, KeepsEqualHashesTogether) {
  const Store dir;
  {
    DataWal store = open_kv(dir.path(), indexed());
    must(store.put("", "the empty key"));
    must(store.save_index());
  }
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
}

TEST(SavedIndex, OfAnEmptyLogIsNone) {
  const Store dir;
  DataWal store = open_kv(dir.path(), indexed());
  must(store.save_index());
  EXPECT_FALSE(std::filesystem::exists(dir / index_file));
  must(store.put("key", "value"));
  must(store.erase("key"));
  must(store.save_index());
  must(store.close());
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
}

TEST(SavedIndex, HasItsPInASealedSegmentWhereTheActiveOneIsEmpty) {
  const Store dir;
  fill_for_index(dir.path(), 100);
  {
    RecordLog log = must(RecordLog::open(dir.path()));
    must(log.rotate());
  }
  save_index_of(dir.path());
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
  must(open_kv(dir.path()).put("key 1", "behind"));
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 1U);
}

TEST(SavedIndex, IsOfTheStoresOwnerAlone) {
  const Store dir;
  fill_for_index(dir.path(), 10);
  save_index_of(dir.path());
  EXPECT_EQ(std::filesystem::status(dir / index_file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(SavedIndex, IsWrittenAtCloseIfThatPays) {
  const Store dir;
  fill_for_index(dir.path(), 300);
  must(open_kv(dir.path(), at_close(1000)).close());
  EXPECT_FALSE(std::filesystem::exists(dir / index_file)) << "too few records";
  must(open_kv(dir.path(), at_close(100)).close());
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
  for (const int puts : {50, 150}) {
    DataWal store = open_kv(dir.path(), at_close(100));
    for (int i = 0; i < puts; ++i) must(store.put("k", "v"));
  }  // as close
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U) << "50 and 150 lie behind it";
  {
    DataWal store = open_kv(dir.path(), at_close(100));
    for (int i = 0; i < 100; ++i) must(store.put("k", "v"));
    must(store.close());
  }
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 100U) << "no more than the least";
  OpenOptions off = at_close(0);
  off.index.write_at_close = false;
  must(open_kv(dir.path(), off).close());
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 100U);
}

// So that the next open need not look at the records before it.
TEST(SavedIndex, WrittenAtCloseIsOfTheLastChangeOfTheLog) {
  for (const WritePath path : {WritePath::append, WritePath::mapped}) {
    const Store store;
    OpenOptions options = at_close(0);
    options.write_path = path;
    must(open_kv(store.path(), options).put("key", "value"));
    const std::string bytes = read_file(store / index_file);
    std::int64_t noted = 0;
    std::memcpy(&noted, bytes.data() + log::saved_header_len + 24, sizeof noted);
    struct stat status{};
    ASSERT_EQ(::stat(store.segment(1).c_str(), &status), 0);
    EXPECT_EQ(noted, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec);
  }
}

TEST(SavedIndex, IsNotWorthMoreThanTenTimesTheReplay) {
  static constexpr struct {
    const char* name;
    std::uint64_t tail, bytes;
    bool is_worth_it;
  } rows[] = {
      {"a few puts", 20'000, 1 << 20, false},
      {"a long tail of a small store", 20'001, 64 << 20, true},
      {"a long tail of a large store", 40'000, 1600ULL << 20, false},
      {"most of a large store", 10'000'000, 1600ULL << 20, true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(kv::is_worth_writing(row.tail, 20'000, row.bytes), row.is_worth_it) << row.name;
  }
}

TEST(SavedIndex, IsWrittenAfterACompaction) {
  const Store dir;
  fill_for_index(dir.path(), 900);
  {
    DataWal store = open_kv(dir.path(), at_close(0));
    must(drop_value(store.compact({.min_garbage_ratio = 0})));
    const std::uint64_t written = std::filesystem::file_size(dir / index_file);
    EXPECT_GT(written, 0U);
  }
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
}

TEST(SavedIndex, RestoresWhichTombstonesAreNeeded) {
  const Store dir;
  fill_for_index(dir.path(), 900);
  {
    DataWal store = open_kv(dir.path(), at_close(0));
    must(drop_value(store.compact({.min_garbage_ratio = 0.9})));
    must(store.save_index());
  }
  DataWal store = open_kv(dir.path(), at_close(0));
  const Contents contents = contents_of(store);
  must(drop_value(store.compact({.min_garbage_ratio = 0})));
  EXPECT_EQ(contents_of(store), contents);
  must(store.close());
  EXPECT_EQ(contents_of(open_kv(dir.path())), contents);
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 0U);
}

TEST(SavedIndex, IsWrittenInTheOrderThatACrashDependsOn) {
  const Store dir;
  FaultyFileSystem files;
  DataWal store = open_kv(dir.path(), indexed({.write_path = WritePath::append, .file_system = &files}));
  for (int i = 0; i < 100; ++i) must(store.put("key " + std::to_string(i), "value"));
  files.restart();
  must(store.save_index());
  EXPECT_TRUE(in_order(trace_of(files), {"open_file .tmp", "write .tmp", "sync_all .tmp", "sync_data 00000001.dwal",
                                         "rename .tmp -> .index", "sync_directory " + dir.path().filename().string()}));
}

TEST(SavedIndex, CostsOnlyItselfWhateverOperationFails) {
  for (const int os_errno : {EIO, ENOSPC}) {
    bool reached = true;
    for (std::uint64_t ordinal = 1; reached; ++ordinal) {
      SCOPED_TRACE(std::to_string(os_errno) + " at " + std::to_string(ordinal));
      const Store dir;
      fill_for_index(dir.path(), 60);
      save_index_of(dir.path());
      FaultyFileSystem files;
      Contents contents;
      {
        DataWal store = open_kv(dir.path(), indexed({.write_path = WritePath::append, .file_system = &files}));
        must(store.put("later", "value"));
        contents = contents_of(store);
        files.restart();
        files.set_hook(safeatomic::test::fail_at(ordinal, Fault::error(os_errno)));
        const Result<void> saved = store.save_index();
        reached = files.operation_count() >= ordinal;
        files.set_hook(nullptr);
        EXPECT_EQ(contents_of(store), contents);
        if (!store.log().is_poisoned()) {
          EXPECT_TRUE(saved || saved.error().code == Errc::io || saved.error().code == Errc::no_space);
          must(store.put("after", "that"));
          contents["after"] = "that";
          must(store.save_index());
        }
      }
      EXPECT_EQ(contents_of(open_kv(dir.path(), indexed())), contents);
      (void)expect_as_without(dir.path(), IndexState::used);
    }
  }
}

TEST(SavedIndex, IsNotWrittenOnAFullDiskAndCloseGoesOn) {
  const Store dir;
  fill_for_index(dir.path(), 100);
  FaultyFileSystem files;
  OpenOptions options = at_close(0);
  options.file_system = &files;
  DataWal store = open_kv(dir.path(), options);
  must(store.put("later", "value"));
  files.set_hook([](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::write && op.path.find(".tmp-") != std::string::npos) return Fault::error(ENOSPC);
    return std::nullopt;
  });
  EXPECT_TRUE(refused(store.save_index(), Errc::no_space));
  EXPECT_FALSE(store.log().is_poisoned());
  must(store.close());
  files.set_hook(nullptr);
  for (const std::string& name : names_in(dir.path())) EXPECT_EQ(name.find(".tmp-"), std::string::npos) << name;
  EXPECT_FALSE(std::filesystem::exists(dir / index_file));
  EXPECT_TRUE(has(open_kv(dir.path()), "later", "value"));
}

TEST(SavedIndex, ProvesWhatAWatermarkWouldProve) {
  const Store dir;
  {
    DataWal store = open_kv(dir.path(), indexed({.write_path = WritePath::append}));
    for (int i = 0; i < 1000; ++i) must(store.put("key " + std::to_string(i), std::string(100, 'v')));
    must(store.save_index());
    must(store.close());
  }
  std::filesystem::remove(dir / ".watermark");
  FaultyFileSystem files;
  must(open_kv(dir.path(), indexed({.write_path = WritePath::append, .file_system = &files})).close());
  EXPECT_FALSE(contains(trace_of(files), "write 00000001.dwal")) << "nothing lies behind P";
}

TEST(SavedIndex, OfADisabledOneIsLeftAlone) {
  const Store dir;
  fill_for_index(dir.path(), 100);
  save_index_of(dir.path());
  const std::string bytes = read_file(dir / index_file);
  {
    DataWal store = open_kv(dir.path());
    EXPECT_EQ(store.log().recovery_report().index_state, IndexState::absent);
    must(store.put("key", "value"));
    must(store.close());
  }
  EXPECT_EQ(read_file(dir / index_file), bytes);
  EXPECT_EQ(expect_as_without(dir.path(), IndexState::used), 1U);
}

TEST(SavedIndex, IsWrittenInTheBackgroundWhereMuchWasAppended) {
  const Store store;
  OpenOptions options = indexed();
  options.index.least_records = 0;
  options.index.writes_in_background = true;
  const std::string value(1 << 20, 'v');
  {
    DataWal kv = open_kv(store.path(), options);
    for (int i = 0; i < 63; ++i) must(kv.put("key " + std::to_string(i), value));
    EXPECT_FALSE(std::filesystem::exists(store / index_file)) << "less than 64 MiB";
    for (int i = 0; i < 20; ++i) must(kv.put("later " + std::to_string(i), value));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(store / index_file); }));
    must(kv.close());
  }
  EXPECT_LE(expect_as_without(store.path(), IndexState::used), 20U);
}

TEST(SavedIndex, IsWrittenInTheBackgroundAfterAsManyBytesAsItIsTold) {
  const Store store;
  OpenOptions options = indexed({.max_segment_bytes = 1 << 16});
  options.index.least_records = 0;
  options.index.writes_in_background = true;
  options.index.least_bytes = 1 << 18;
  DataWal kv = open_kv(store.path(), options);
  for (int i = 0; i < 3; ++i) must(kv.put("key " + std::to_string(i), std::string(1 << 16, 'v')));
  EXPECT_FALSE(std::filesystem::exists(store / index_file));
  for (int i = 3; i < 8; ++i) must(kv.put("key " + std::to_string(i), std::string(1 << 16, 'v')));
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(store / index_file); }));
}

}  // namespace
}  // namespace datawal::test
