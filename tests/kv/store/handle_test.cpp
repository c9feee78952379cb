// What is left of a handle that was closed, moved from, or belongs to another process.

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "faulty_file_system.hpp"
#include "kv/kv_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

class KvHandle : public testing::Test {
 protected:
  KvHandle() : kv_(open_kv(store_.path(), {.file_system = &files_})) { must(kv_.put("a", "1")); }

  void expect_every_call_refused(DataWal& kv) const {
    EXPECT_TRUE(refused(kv.put("a", "2"), Errc::closed));
    EXPECT_TRUE(refused(kv.put("a", "2", {.sync = true}), Errc::closed));
    EXPECT_TRUE(refused(kv.erase("a"), Errc::closed));
    EXPECT_TRUE(refused(kv.put_if("a", Expect::anything(), "2"), Errc::closed));
    EXPECT_TRUE(refused(kv.erase_if("a", Expect::anything()), Errc::closed));
    EXPECT_TRUE(refused(kv.find("a"), Errc::closed));
    Values values;
    EXPECT_TRUE(refused(kv.multi_get({}, values), Errc::closed));
    EXPECT_TRUE(refused(kv.get("a"), Errc::closed));
    EXPECT_TRUE(refused(kv.get("a", {}), Errc::closed));
    EXPECT_TRUE(refused(kv.contains("a"), Errc::closed));
    EXPECT_TRUE(refused(kv.ref_of("a"), Errc::closed));
    EXPECT_TRUE(refused(kv.keys(), Errc::closed));
    EXPECT_TRUE(refused(kv.items(), Errc::closed));
    EXPECT_TRUE(refused(kv.for_each([](std::string_view, std::string_view) { return true; }), Errc::closed));
    EXPECT_TRUE(refused(kv.for_each_key([](std::string_view) { return true; }), Errc::closed));
    EXPECT_TRUE(refused(kv.cursor(), Errc::closed));
    EXPECT_TRUE(refused(kv.view(), Errc::closed));
    EXPECT_TRUE(refused(kv.fsync(), Errc::closed));
    EXPECT_TRUE(refused(kv.compact_to(store_.beside("target")), Errc::closed));
    EXPECT_TRUE(refused(kv.export_jsonl(store_.beside("lines")), Errc::closed));
    EXPECT_TRUE(refused(kv.import_jsonl(store_.beside("absent")), Errc::closed));
    EXPECT_FALSE(std::filesystem::exists(store_.beside("target")));
    EXPECT_FALSE(std::filesystem::exists(store_.beside("lines")));
  }

  Store store_;
  FaultyFileSystem files_;
  DataWal kv_;
};

TEST_F(KvHandle, ThatWasClosedRefusesEveryCall) {
  must(kv_.close());
  expect_every_call_refused(kv_);
  EXPECT_TRUE(ok(kv_.close())) << "the second time is no error";
}

TEST_F(KvHandle, ThatWasMovedFromRefusesEveryCall) {
  const DataWal other = std::move(kv_);
  expect_every_call_refused(kv_);
  EXPECT_TRUE(refused(kv_.close(), Errc::closed));
  EXPECT_TRUE(kv_.empty());
  EXPECT_EQ(kv_.stats().live_keys, 0U);
  EXPECT_TRUE(refused(kv_.log().scan(), Errc::closed));
  EXPECT_EQ(kv_.log().last_txid(), 0U);
  EXPECT_FALSE(kv_.log().is_poisoned());
  EXPECT_TRUE(has(other, "a", "1"));
  EXPECT_EQ(other.log().last_txid(), 1U);
}

TEST_F(KvHandle, OfTheParentRefusesEveryCallOfTheChildAndTouchesNoFile) {
  const Fingerprint before = fingerprint_of(store_.path());
  in_child([&] {
    files_.restart();
    expect_every_call_refused(kv_);
    EXPECT_TRUE(refused(kv_.close(), Errc::closed));
    {
      const DataWal gone = std::move(kv_);
    }
    EXPECT_EQ(files_.operation_count(), 0U) << "the file system was asked for something";
    EXPECT_TRUE(refused(DataWal::open(store_.path()), Errc::locked));
  });
  EXPECT_EQ(fingerprint_of(store_.path()), before);
  EXPECT_TRUE(ok(kv_.put("b", "2")));
  EXPECT_TRUE(has(kv_, "a", "1"));
}

TEST_F(KvHandle, DoesNotHangInAChildForkedWhileAnotherThreadPuts) {
  // A write that waits holds the mutex for as long as it takes.
  std::mutex mutex;
  std::condition_variable changed;
  bool is_writing = false;
  bool may_go_on = false;
  files_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::write) return std::nullopt;
    std::unique_lock guard(mutex);
    is_writing = true;
    changed.notify_all();
    changed.wait(guard, [&] { return may_go_on; });
    return std::nullopt;
  });
  std::thread putting([&] { EXPECT_TRUE(ok(kv_.put("b", "2"))); });
  {
    std::unique_lock guard(mutex);
    changed.wait(guard, [&] { return is_writing; });
  }
  Child child([&](Talk&) {
    expect_every_call_refused(kv_);
    EXPECT_EQ(kv_.stats().live_keys, 0U);
    {
      const DataWal gone = std::move(kv_);
    }
  });
  EXPECT_EQ(child.talk().hear(), std::nullopt);  // throws if the child hangs
  EXPECT_EQ(child.wait(), 0);
  {
    const std::lock_guard guard(mutex);
    may_go_on = true;
  }
  changed.notify_all();
  putting.join();
  files_.set_hook(nullptr);
  EXPECT_TRUE(has(kv_, "b", "2"));
}

TEST_F(KvHandle, IsTheOnlyOneOfItsStore) {
  EXPECT_TRUE(refused(DataWal::open(store_.path()), Errc::locked));
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::locked));
  must(kv_.close());
  EXPECT_TRUE(has(open_kv(store_.path()), "a", "1"));
}

TEST_F(KvHandle, LeavesNothingOfAPutThatFoundNoRoom) {
  files_.set_hook(fail_every(OpKind::write, Fault::error(ENOSPC)));
  EXPECT_TRUE(refused(kv_.put("a", "2"), Errc::no_space));
  EXPECT_TRUE(refused(kv_.erase("a"), Errc::no_space));
  EXPECT_TRUE(refused(kv_.put("b", "2"), Errc::no_space));
  files_.set_hook(nullptr);
  EXPECT_EQ(contents_of(kv_), (Contents{{"a", "1"}}));
  must(kv_.put("b", "2"));
  must(kv_.close());
  EXPECT_EQ(contents_of(open_kv(store_.path())), (Contents{{"a", "1"}, {"b", "2"}}));
}

TEST_F(KvHandle, ShowsWhatItHasAfterAFailedSync) {
  must(kv_.put("b", "2"));
  files_.set_hook(fail_every(OpKind::sync_data, Fault::error(EIO)));
  EXPECT_TRUE(refused(kv_.fsync(), Errc::poisoned));
  files_.set_hook(nullptr);
  EXPECT_TRUE(refused(kv_.put("c", "3"), Errc::poisoned));
  EXPECT_EQ(contents_of(kv_), (Contents{{"a", "1"}, {"b", "2"}}));
}

TEST_F(KvHandle, ShowsWhatItHasWhileAnotherThreadsPutIsSynced) {
  must(kv_.close());
  kv_ = open_kv(store_.path(), {.sync_policy = SyncPolicy::every_append(), .file_system = &files_});
  std::optional<std::vector<std::string>> keys;
  std::jthread reader;
  bool was_ready = false;
  files_.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::sync_data || reader.joinable()) return std::nullopt;
    std::promise<void> done;
    std::future<void> ready = done.get_future();
    reader = std::jthread([&keys, this, done = std::move(done)]() mutable {
      keys = must(kv_.keys());
      done.set_value();
    });
    was_ready = ready.wait_for(std::chrono::seconds(20)) ==
                std::future_status::ready;  // for ever if the lock were held
    return std::nullopt;
  });
  must(kv_.put("b", "2"));
  files_.set_hook(nullptr);
  EXPECT_TRUE(was_ready);
  reader.join();
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "b"}));
}

TEST_F(KvHandle, GoesOnInTheNewSegmentWhenTheFirstRecordOfItFailed) {
  must(kv_.close());
  kv_ = open_kv(store_.path(), {.max_segment_bytes = 40, .file_system = &files_});
  files_.set_hook([&](const FsOp& op) {
    const bool is_first = op.kind == OpKind::write && op.path.ends_with("00000002.dwal");
    return is_first ? std::optional(Fault::error(ENOSPC)) : std::nullopt;
  });
  EXPECT_TRUE(refused(kv_.put("a", "2"), Errc::no_space));
  files_.set_hook(nullptr);
  EXPECT_EQ(contents_of(kv_), (Contents{{"a", "1"}}));
  must(kv_.compact_to(store_.beside("target")));
  must(kv_.put("a", "3"));
  must(kv_.put("b", "4"));
  EXPECT_EQ(must(kv_.ref_of("a"))->segment, 2U);
  EXPECT_EQ(contents_of(kv_), (Contents{{"a", "3"}, {"b", "4"}}));
}

// Reading and checking what a put replaces takes as long as it is; meanwhile the store's lock is free. The walk needs that, and no
// operation before its first record.
TEST(KvLongRecord, IsReadWithoutTheLockByAPutThatReplacesIt) {
  const Store store;
  FaultyFileSystem files;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 1000, .file_system = &files});
  must(kv.put("first", "1"));
  const std::string long_value(1 << 20, 'l');  // longer than the mapping of its segment
  must(kv.put("long", long_value));
  std::promise<void> walked;
  std::jthread walking;
  bool is_walked = false;
  files.set_hook([&](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::read || op.size < long_value.size() || walking.joinable()) return std::nullopt;
    walking = std::jthread([&] {
      must(kv.for_each([&](std::string_view, std::string_view) {
        walked.set_value();
        return false;
      }));
    });
    is_walked = walked.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    return std::nullopt;
  });
  must(kv.put("long", "now short"));
  files.set_hook(nullptr);
  EXPECT_TRUE(is_walked);
  EXPECT_TRUE(has(kv, "long", "now short"));
}

TEST(KvLongRecord, IsReplacedAndErasedOneByOneAndInBatches) {
  for (const ReadPath path : both_read_paths) {
    const Store store;
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 300'000, .read_path = path});
    Contents wanted;
    const std::string long_key(max_key_len, 'k');
    for (int round = 0; round < 3; ++round) {
      Batch batch;
      for (const std::string& key : {std::string("a"), std::string("b"), long_key}) {
        wanted[key] = std::string(100'000 + static_cast<std::size_t>(round), 'l');
        must(kv.put(key, wanted[key]));
        wanted[key] += "again";
        batch.put(key, "passing");
        batch.put(key, wanted[key]);
        batch.erase("none");
      }
      must(kv.write(batch));
      EXPECT_TRUE(contents_of(kv) == wanted);
      must(kv.compact({.min_garbage_ratio = 0}));
      EXPECT_TRUE(contents_of(kv) == wanted);
    }
    must(kv.erase("a"));
    must(kv.erase(long_key));
    EXPECT_TRUE(contents_of(kv) == (Contents{{"b", wanted["b"]}}));
  }
}

TEST(KvLongRecord, ThatIsDamagedIsNotReplaced) {
  for (const ReadPath path : both_read_paths) {
    const Store store;
    DataWal kv = open_kv(store.path(), {.read_path = path});
    must(kv.put("long", std::string(200'000, 'l')));
    const RecordRef ref = must(kv.ref_of("long")).value();
    for (const std::uint64_t byte : {std::uint64_t{3}, std::uint64_t{20}, std::uint64_t{25}, std::uint64_t{100'000}}) {
      damage(store.segment(ref.segment), ref.offset + byte);
      EXPECT_TRUE(refused(kv.put("long", "new"), Errc::corruption)) << byte;
      EXPECT_TRUE(refused(kv.erase("long"), Errc::corruption)) << byte;
      damage(store.segment(ref.segment), ref.offset + byte);
    }
    must(kv.put("long", "new"));
    EXPECT_EQ(contents_of(kv), (Contents{{"long", "new"}}));
  }
}

}  // namespace
}  // namespace datawal::test
