// DataWal::compact() when the operating system says no: nothing is lost, and nothing becomes larger.

#include <cerrno>

#include <datawal/segment.hpp>

#include "kv/kv_support.hpp"
#include "log/operation_trace.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;

class KvCompactFaults : public testing::Test {
 protected:
  DataWal open() { return open_kv(store_.path(), {.max_segment_bytes = 200, .file_system = &files_}); }

  // Eight segments, most of which is dead; the newest values are in the active one and not synced.
  static Contents prepare(DataWal& kv) {
    Contents contents;
    for (int round = 0; round < 8; ++round) {
      for (const char* key : {"a", "b", "c"}) {
        contents[key] = std::to_string(round) + std::string(20, 'v');
        must(kv.put(key, contents[key]));
      }
      must(kv.put("once" + std::to_string(round), "stays"));
      contents["once" + std::to_string(round)] = "stays";
    }
    must(kv.put("gone", ""));
    must(kv.erase("gone"));
    return contents;
  }

  std::uint64_t bytes_now() const {
    std::uint64_t bytes = 0;
    for (const std::string& name : names_in(store_.path())) bytes += std::filesystem::file_size(store_.path() / name);
    return bytes;
  }

  const Store store_;
  FaultyFileSystem files_;
};

TEST_F(KvCompactFaults, TheOrderIsNewFileActiveSegmentRenameDirectory) {
  DataWal kv = open();
  (void)prepare(kv);
  must(kv.put("unsynced", "yes"));
  const std::string active = segment::filename(kv.log().active_segment());
  files_.restart();
  must(kv.compact({.min_garbage_ratio = 0}));
  const std::vector<std::string> trace = trace_of(files_);
  EXPECT_TRUE(in_order(trace, {"write .tmp", "sync_all .tmp", "rename .tmp -> 00000001.dwal",
                               "sync_directory " + store_.path().filename().string(), "rename .tmp -> 00000002.dwal"}));
  EXPECT_LT(std::ranges::find(trace, "sync_data " + active), std::ranges::find(trace, "rename .tmp -> 00000001.dwal"));
}

TEST_F(KvCompactFaults, EveryRecordIsThereAndWrittenBeforeTheSyncWhereASecondThreadWrites) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 16 << 20, .file_system = &files_});
  Contents contents;
  for (int i = 0; i < 12'000; ++i) contents[std::to_string(i)] = std::string(1000, static_cast<char>('a' + i % 26));
  for (const auto& [key, value] : contents) must(kv.put(key, value));
  for (int i = 0; i < 12'000; i += 3) {
    must(kv.erase(std::to_string(i)));
    contents.erase(std::to_string(i));
  }
  files_.restart();
  must(kv.compact({.min_garbage_ratio = 0}));
  std::uint64_t written = 0;
  bool is_synced = false;
  for (const safeatomic::test::FsOp& op : files_.operations()) {
    if (op.path.find(".tmp-") == std::string::npos) continue;
    if (op.kind == OpKind::write) {
      EXPECT_FALSE(is_synced) << "a write at " << op.offset;
      written += op.size;
    }
    is_synced = op.kind == OpKind::sync_all || (is_synced && op.kind != OpKind::rename);
  }
  EXPECT_GT(written, 7'000'000U) << "more than one thread's share";
  EXPECT_EQ(contents_of(kv), contents);
  must(kv.close());
  EXPECT_EQ(contents_of(open_kv(store_.path())), contents);
}

TEST_F(KvCompactFaults, AFailedSyncOfTheActiveSegmentPoisonsAndRenamesNothing) {
  DataWal kv = open();
  const Contents contents = prepare(kv);
  const std::string active = segment::filename(kv.log().active_segment() + 1);
  // Compaction rotates first; what is then put into the new active segment is what must be synced.
  must(kv.compact({.min_garbage_ratio = 1, .on_progress = [](const Progress&) { return false; }}));
  must(kv.put("a", "newest"));
  files_.restart();
  files_.set_hook([active](const FsOp& op) -> std::optional<Fault> {
    if (op.kind == OpKind::sync_data && op.path.ends_with(active)) return Fault::error(EIO);
    return std::nullopt;
  });
  const Result<CompactionStats> failed = kv.compact({.min_garbage_ratio = 0});
  files_.set_hook(nullptr);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::poisoned);
  EXPECT_TRUE(kv.log().is_poisoned());
  for (const std::string& step : trace_of(files_)) EXPECT_FALSE(step.starts_with("rename")) << step;
  EXPECT_TRUE(has(kv, "a", "newest"));
  EXPECT_TRUE(has(kv, "b", contents.at("b")));
}

TEST_F(KvCompactFaults, WhateverOperationFailsTheContentsAreTheSameNowAndLater) {
  for (const int os_errno : {EIO, ENOSPC}) {
    bool reached = true;
    for (std::uint64_t ordinal = 1; reached; ++ordinal) {
      SCOPED_TRACE("operation " + std::to_string(ordinal) + " fails with " + std::to_string(os_errno));
      const Store store;
      FaultyFileSystem files;
      const OpenOptions options{.max_segment_bytes = 200, .file_system = &files};
      Contents contents;
      {
        DataWal kv = open_kv(store.path(), options);
        contents = prepare(kv);
        files.restart();
        files.set_hook(safeatomic::test::fail_at(ordinal, Fault::error(os_errno)));
        const Result<CompactionStats> compacted = kv.compact({.min_garbage_ratio = 0});
        reached = files.operation_count() >= ordinal;
        files.set_hook(nullptr);
        ASSERT_EQ(contents_of(kv), contents);
        if (compacted || !kv.log().is_poisoned()) {
          must(kv.put("after", "works"));
          contents["after"] = "works";
          must(kv.compact({.min_garbage_ratio = 0}));
          ASSERT_EQ(contents_of(kv), contents);
        }
        (void)kv.close();
      }
      ASSERT_EQ(contents_of(open_kv(store.path(), options)), contents);
      for (const std::string& name : names_in(store.path())) ASSERT_FALSE(name.starts_with(".tmp")) << name;
    }
  }
}

TEST_F(KvCompactFaults, WithoutRoomItGivesBackWhatNeedsNoneAndSaysSo) {
  DataWal kv = open();
  const Contents contents = prepare(kv);
  for (int i = 0; i < 20; ++i) must(kv.put("d", std::string(20, 'd')));  // segments of which nothing is left
  const std::uint64_t before = bytes_now();
  // There is no room for any new file at all.
  files_.set_hook([](const FsOp& op) -> std::optional<Fault> {
    const bool makes = op.kind == OpKind::open_file && (op.path.find(".tmp-") != std::string::npos);
    if (makes || op.kind == OpKind::write) return Fault::error(ENOSPC);
    return std::nullopt;
  });
  const Result<CompactionStats> failed = kv.compact({.min_garbage_ratio = 0});
  files_.set_hook(nullptr);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::no_space);
  EXPECT_FALSE(kv.log().is_poisoned());
  EXPECT_LT(bytes_now(), before) << "segments without anything alive were given back";
  EXPECT_EQ(contents_of(kv).at("b"), contents.at("b"));
  must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(contents_of(kv).at("b"), contents.at("b"));
}

TEST_F(KvCompactFaults, AFileWithASecondNameIsReplacedAndNotChanged) {
  DataWal kv = open();
  const Contents contents = prepare(kv);
  const auto first = store_.path() / "00000001.dwal";
  const auto other = store_.beside("other name");
  std::filesystem::create_hard_link(first, other);
  const std::string image = read_file(other);
  must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(read_file(other), image);
  EXPECT_NE(read_file(first), image);
  EXPECT_EQ(contents_of(kv), contents);
}

}  // namespace
}  // namespace datawal::test
