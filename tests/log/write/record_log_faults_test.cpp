// A log at work, with each operation at the seam failing in each way: the first, the second, ... until the work is over first.

#include <cerrno>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/operation_trace.hpp"
#include "log/write_paths.hpp"

namespace datawal {
namespace {

using safeatomic::test::fail_at;
using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using test::FsOp;
using test::OpKind;

bool is_write_or_read(const FsOp& op) { return op.kind == OpKind::write || op.kind == OpKind::read; }

// The watermark and what `.lock` says serve comfort: they may fail unheard.
bool may_go_unheard(const FsOp& op) {
  const bool comfort = op.path.ends_with(".watermark") || op.path.ends_with(".lock");
  // Less space than wanted is reserved then; and pages are got one by one, or a frame goes by `pwrite`.
  const bool hint = op.kind == OpKind::reserve || op.kind == OpKind::map || op.kind == OpKind::populate ||
                    op.kind == OpKind::prefer_huge_pages || op.kind == OpKind::map_write;
  return comfort || hint || op.kind == OpKind::unlock_directory || op.kind == OpKind::unlock_file;
}

// Does its work, whatever fails, and remembers what it was told.
class Workload {
 public:
  /// @param fails_once  what failed succeeds when it is tried again
  explicit Workload(RecordLog log, bool fails_once = true) : handle_(std::move(log)), fails_once_(fails_once) {}

  void run() {
    append("one", true);
    append("two", false);
    sync_by([this] { return log_.fsync(); });
    append("three, too long for one buffer " + std::string(70'000, '3'), false);
    append("four, far enough behind the sync to go by memory", false);
    sync_by([this] { return log_.rotate(); });
    append("five", false);
    append("six", true);
    append_batch({"seven", "eight, of the same batch"});
    append("nine, so long that a page is passed " + std::string(5'000, '9'), false);
    append("ten, by memory", true);
    append("eleven", false);
    close();
  }

  /// What must be found, in this order, and what may be found between.
  std::vector<std::string> appended{};   ///< these calls succeeded
  std::vector<std::string> attempted{};  ///< these were made
  std::optional<Error> failure{};        ///< the first

 private:
  void append(const std::string& payload, bool sync) {
    const std::uint64_t txid_before = log_.last_txid();
    attempted.push_back(payload);
    const Result<RecordRef> ref = log_.append(payload, {.sync = sync});
    if (ref) {
      EXPECT_EQ(ref->txid, txid_before + 1);
      appended.push_back(payload);
      return;
    }
    note(ref.error());
    if (log_.is_poisoned() || !fails_once_) return;
    EXPECT_EQ(log_.last_txid(), txid_before) << "nothing of a failed append may stay";
    EXPECT_EQ(test::must(log_.scan()).size(), appended.size());
    // There is room again, or whatever it was has passed: the same call succeeds.
    const Result<RecordRef> again = log_.append(payload, {.sync = sync});
    ASSERT_TRUE(test::ok(again));
    EXPECT_EQ(again->txid, txid_before + 1);
    appended.push_back(payload);
  }

  void append_batch(const std::vector<std::string>& payloads) {
    const std::uint64_t txid_before = log_.last_txid();
    std::vector<RecordInput> batch;
    for (const std::string& payload : payloads) batch.push_back({.payload = payload});
    attempted.insert(attempted.end(), payloads.begin(), payloads.end());
    Result<std::vector<RecordRef>> refs = log_.append_batch(batch);
    if (!refs) {
      note(refs.error());
      if (log_.is_poisoned() || !fails_once_) return;
      EXPECT_EQ(log_.last_txid(), txid_before) << "nothing of a failed batch may stay";
      refs = log_.append_batch(batch);
      ASSERT_TRUE(test::ok(refs));
    }
    EXPECT_EQ(refs->back().txid, txid_before + payloads.size());
    appended.insert(appended.end(), payloads.begin(), payloads.end());
  }

  template <class Call>
  void sync_by(Call call) {
    const Result<void> done = call();
    if (!done) note(done.error());
    if (done) {
      EXPECT_EQ(log_.durable_txid(), log_.last_txid());
    } else if (!log_.is_poisoned() && fails_once_) {
      EXPECT_TRUE(test::ok(call()));
    }
  }

  void close() {
    const bool was_poisoned = log_.is_poisoned();
    const Result<void> closed = log_.close();
    if (was_poisoned) {
      EXPECT_TRUE(test::refused(closed, Errc::poisoned));
    } else if (!closed) {
      failure = closed.error();
    }
    EXPECT_TRUE(test::refused(log_.append("behind the end"), Errc::closed));
    EXPECT_TRUE(test::refused(log_.scan(), Errc::closed));
    EXPECT_TRUE(test::ok(log_.close()));
    handle_.reset();
  }

  void note(const Error& error) {
    EXPECT_EQ(error.code == Errc::poisoned, log_.is_poisoned());
    if (!log_.is_poisoned()) {
      EXPECT_TRUE(error.code == Errc::io || error.code == Errc::no_space) << error.message();
      EXPECT_FALSE(failure && fails_once_) << "only one operation was made to fail";
      if (!failure) failure = error;
      return;
    }
    if (poison_) {
      EXPECT_EQ(error.os_errno, poison_->os_errno) << "the first cause is told again";
      EXPECT_EQ(error.action, poison_->action);
      return;
    }
    poison_ = failure = error;
    check_poisoned();
  }

  // Everything that changes fails, everything that reads goes on.
  void check_poisoned() {
    EXPECT_TRUE(test::refused(log_.append("behind the failure"), Errc::poisoned));
    EXPECT_TRUE(test::refused(log_.append_record(RecordType::Put, "k", "v"), Errc::poisoned));
    EXPECT_TRUE(test::refused(log_.fsync(), Errc::poisoned));
    EXPECT_TRUE(test::refused(log_.rotate(), Errc::poisoned));
    EXPECT_LT(log_.durable_txid(), log_.last_txid() + 1);
    check_readable();
  }

  void check_readable() {
    const Result<std::vector<Record>> records = log_.scan();
    ASSERT_TRUE(test::ok(records));
    ASSERT_GE(records->size(), appended.size());
    for (std::size_t n = 0; n < appended.size(); ++n) {
      EXPECT_EQ((*records)[n].payload, appended[n]);
      EXPECT_EQ(test::must(log_.read((*records)[n].ref)).payload, appended[n]);
    }
  }

  std::optional<RecordLog> handle_;
  RecordLog& log_ = *handle_;
  bool fails_once_;
  std::optional<Error> poison_{};
};

// Whether `found` holds all of `needed` in order, and between them nothing that is not in `possible`.
bool is_between(const std::vector<std::string>& found, const std::vector<std::string>& needed,
                const std::vector<std::string>& possible) {
  std::size_t next = 0;
  for (const std::string& payload : found) {
    if (next < needed.size() && payload == needed[next]) {
      ++next;
    } else if (std::ranges::find(possible, payload) == possible.end()) {
      return false;
    }
  }
  return next == needed.size();
}

class RecordLogFaults : public testing::TestWithParam<WritePath> {
 protected:
  // Runs the workload once for each operation, with `fault` at it, and hands each failed run to `check`.
  template <class Check>
  void for_each_operation(const Fault& fault, Check check, bool (*applies)(const FsOp&) = nullptr) {
    for (std::uint64_t n = 1;; ++n) {
      const test::Store store;
      FaultyFileSystem file_system;
      Workload work(store.open({.write_path = GetParam(), .file_system = &file_system}));
      file_system.restart();
      file_system.set_hook([&](const FsOp& op) {
        return op.ordinal == n && (applies == nullptr || applies(op)) ? std::optional(fault) : std::nullopt;
      });
      work.run();
      file_system.set_hook(nullptr);
      if (file_system.operation_count() < n) {
        EXPECT_FALSE(work.failure);
        EXPECT_GT(n, 20U) << "hardly anything was tried";
        return;
      }
      const std::vector<FsOp> operations = file_system.operations();
      SCOPED_TRACE("operation " + std::to_string(n) + ": " + describe(operations.at(n - 1)));
      check(work, operations, static_cast<std::size_t>(n - 1));
      expect_survivors(store, work);
      if (HasFatalFailure()) return;
    }
  }

  static void expect_survivors(const test::Store& store, const Workload& work) {
    Result<RecordLog> log = RecordLog::open(store.path());
    ASSERT_TRUE(test::ok(log));
    const Result<std::vector<Record>> records = log->scan();
    ASSERT_TRUE(test::ok(records));
    std::vector<std::string> found;
    for (const Record& record : *records) {
      found.push_back(record.payload);
      EXPECT_EQ(record.txid, found.size());
    }
    EXPECT_TRUE(is_between(found, work.appended, work.attempted)) << testing::PrintToString(found.size());
    ASSERT_TRUE(test::ok(log->append("after all", {.sync = true})));
    ASSERT_TRUE(test::ok(log->close()));
    EXPECT_EQ(test::must(store.open().scan()).size(), found.size() + 1);
  }

  // What the failed operation must have led to.
  static void expect_documented(const Workload& work, const std::vector<FsOp>& operations, std::size_t failed) {
    const FsOp& op = operations.at(failed);
    if (may_go_unheard(op)) {
      EXPECT_FALSE(work.failure);
      return;
    }
    ASSERT_TRUE(work.failure) << "a failure was not told";
    const bool is_sync = op.kind == OpKind::sync_data || op.kind == OpKind::sync_all ||
                         op.kind == OpKind::sync_directory;
    if (is_sync) {
      EXPECT_EQ(work.failure->code, Errc::poisoned);
    }
    if (op.kind == OpKind::write) {
      EXPECT_NE(work.failure->code, Errc::poisoned) << "it could be undone";
    }
    if (work.failure->code != Errc::poisoned) return;
    for (std::size_t n = failed + 1; n < operations.size(); ++n) {
      EXPECT_FALSE(is_change(operations[n].kind)) << "on a poisoned log: " << describe(operations[n]);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, RecordLogFaults, test::both_write_paths, test::name_of_path);

TEST_P(RecordLogFaults, OfEachOperationLeaveALogThatKeepsItsPromises) {
  for (const int reason : {EIO, ENOSPC, EDQUOT}) {
    SCOPED_TRACE("errno " + std::to_string(reason));
    for_each_operation(Fault::error(reason),
                       [&](const Workload& work, const std::vector<FsOp>& operations, std::size_t at) {
                         expect_documented(work, operations, at);
                         if (!work.failure || work.failure->code == Errc::poisoned) return;
                         EXPECT_EQ(work.failure->code, reason == EIO ? Errc::io : Errc::no_space);
                         EXPECT_EQ(work.failure->os_errno, reason);
                       });
  }
}

TEST_P(RecordLogFaults, ThatWereDoneNeverthelessLeaveALogThatKeepsItsPromises) {
  for_each_operation({.os_errno = EIO, .is_done_anyway = true},
                     [](const Workload& work, const std::vector<FsOp>& operations, std::size_t at) {
                       expect_documented(work, operations, at);
                     });
}

TEST_P(RecordLogFaults, InTheMiddleOfAWriteAreUndone) {
  for (const std::uint64_t bytes : {1, 23, 24, 30}) {
    for_each_operation(
        {.os_errno = ENOSPC, .at_most = bytes},
        [](const Workload& work, const std::vector<FsOp>& operations, std::size_t at) {
          if (operations.at(at).kind == OpKind::write) expect_documented(work, operations, at);
        },
        [](const FsOp& op) { return op.kind == OpKind::write; });
  }
}

TEST_P(RecordLogFaults, ThatAreInterruptionsAreNotNoticed) {
  for_each_operation(
      Fault::error(EINTR),
      [](const Workload& work, const std::vector<FsOp>&, std::size_t) { EXPECT_FALSE(work.failure); },
      is_write_or_read);
}

TEST_P(RecordLogFaults, ThatAreShortWritesAndReadsAreNotNoticed) {
  for (const std::uint64_t bytes : {1, 24, 27}) {
    for_each_operation(
        Fault::shortened(bytes),
        [](const Workload& work, const std::vector<FsOp>&, std::size_t) { EXPECT_FALSE(work.failure); },
        is_write_or_read);
  }
}

TEST_P(RecordLogFaults, ThatLastNeverCostWhatWasAppendedBefore) {
  // From the failure on nothing can be changed any more: neither undone, nor synced, nor closed.
  for (const int reason : {EIO, ENOSPC}) {
    for (std::uint64_t n = 1;; ++n) {
      SCOPED_TRACE("from operation " + std::to_string(n));
      const test::Store store;
      FaultyFileSystem file_system;
      Workload work(store.open({.write_path = GetParam(), .file_system = &file_system}), false);
      file_system.restart();
      file_system.set_hook([&](const FsOp& op) {
        return op.ordinal >= n && is_change(op.kind) ? std::optional(Fault::error(reason)) : std::nullopt;
      });
      work.run();
      file_system.set_hook(nullptr);
      if (file_system.operation_count() < n) break;
      expect_survivors(store, work);
    }
  }
}

// All records are durable already; of a write that was undone behind them a loss of power could bring bytes back.
TEST(UndoneWrite, IsSyncedByASyncThatHasNothingElseToDo) {
  for (const bool fails : {false, true}) {
    const test::Store store;
    FaultyFileSystem file_system;
    RecordLog log = store.open({.write_path = WritePath::append, .file_system = &file_system});
    test::must(log.append("durable", {.sync = true}));
    file_system.set_hook([](const FsOp& op) {
      return op.kind == OpKind::write && test::is_segment_name(op.path)
                 ? std::optional(Fault{.os_errno = ENOSPC, .at_most = 30})
                 : std::nullopt;
    });
    EXPECT_TRUE(test::refused(log.append("undone"), Errc::no_space));
    int syncs = 0;
    file_system.set_hook([&](const FsOp& op) {
      if (op.kind != OpKind::sync_data || !test::is_segment_name(op.path)) return std::optional<Fault>();
      ++syncs;
      return fails ? std::optional(Fault::error(EIO)) : std::nullopt;
    });
    EXPECT_EQ(log.fsync().has_value(), !fails);
    EXPECT_EQ(syncs, 1);
    EXPECT_EQ(log.is_poisoned(), fails);
    if (fails) continue;
    EXPECT_TRUE(test::ok(log.fsync()));
    EXPECT_EQ(syncs, 1) << "there is nothing to sync any more";
  }
}

}  // namespace
}  // namespace datawal
