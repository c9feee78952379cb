// Opening, with each operation at the seam failing in each way: afterwards, without faults, the store opens to the same records,
// and every byte that was cut is still there.

#include <cerrno>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>
#include <safeatomic/temporary.hpp>

#include "log/operation_trace.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

using safeatomic::test::fail_at;
using safeatomic::test::fail_every;
using safeatomic::test::fail_from;
using safeatomic::test::Fault;
using safeatomic::test::FaultHook;
using safeatomic::test::FaultyFileSystem;
using test::FsOp;
using test::OpKind;
using testing::HasSubstr;

// The watermark and `.lock` serve comfort, and without an answer about the filesystem the append path is taken.
bool may_go_unheard(const FsOp& op) {
  return op.path.ends_with(".watermark") || op.path.ends_with(".lock") || op.kind == OpKind::reserves_for_good;
}

const std::string torn = test::raw_frame(5, "the torn one, whose end did not land").substr(0, 50);

struct State {
  const char* name;
  bool is_torn;
  std::size_t records;
  std::function<void(const test::Store&)> prepare;
};

const std::vector<State>& states() {
  static const std::vector<State> all = {
      {"no segment", false, 0, [](const test::Store&) {}},
      {"clean, without a watermark", false, 4,
       [](const test::Store& store) {
         store.put(1, test::raw_frame(1, "one") + test::raw_frame(2, "two"));
         store.put(4, test::raw_frame(3, "three") + test::raw_frame(4, "four"));
       }},
      {"torn, zeros behind, a temporary beside", true, 4,
       [](const test::Store& store) {
         store.put(1, test::raw_frame(1, "one") + test::raw_frame(2, "two"));
         store.put(2, test::raw_frame(3, "three") + test::raw_frame(4, "four") + torn + std::string(4096, '\0'));
         test::write_file(store / ".tmp-0123456789abcdef.dwal-tmp", "of an interrupted operation");
       }},
      {"torn, with two names", true, 4,
       [](const test::Store& store) {
         std::filesystem::remove(store.beside("second name"));
         store.put(2, test::raw_frame(1, "one") + test::raw_frame(2, "two") + test::raw_frame(3, "three") +
                          test::raw_frame(4, "four") + torn);
         std::filesystem::create_hard_link(store.segment(2), store.beside("second name"));
       }},
      {"torn above its watermark", true, 4,
       [](const test::Store& store) {
         const std::string valid = test::raw_frame(3, "three") + test::raw_frame(4, "four");
         store.put(1, test::raw_frame(1, "one") + test::raw_frame(2, "two"));
         store.put(2, valid + torn);
         store.put_watermark(2, valid.size(), 4);
       }},
  };
  return all;
}

// All quarantined bytes are those of the tear, and they are there at least once.
void expect_quarantined(const test::Store& store) {
  std::size_t copies = 0;
  for (const auto& [name, content] : store.image()) {
    if (name.find(".torn-") == std::string::npos) continue;
    ++copies;
    EXPECT_EQ(content, torn) << name;
  }
  EXPECT_GE(copies, 1U);
}

void expect_recovers(const test::Store& store, const State& state) {
  Result<RecordLog> log = RecordLog::open(store.path());
  ASSERT_TRUE(test::ok(log));
  EXPECT_EQ(test::must(log->scan()).size(), state.records);
  EXPECT_EQ(test::must(log->append("later")).txid, state.records + 1);
  ASSERT_TRUE(test::ok(log->close()));
  EXPECT_EQ(test::must(store.open().scan()).size(), state.records + 1);
  if (state.is_torn) expect_quarantined(store);
  for (const std::string& name : store.names()) EXPECT_FALSE(safeatomic::is_temporary_name(name)) << name;
}

class RecoveryFaults : public testing::Test {
 protected:
  // Opens each state with the faults of `hook_for(n)`, n = 1, 2, ... until an opening has fewer operations than that.
  template <class Check>
  static void for_each_opening(const std::function<FaultHook(std::uint64_t)>& hook_for, Check check) {
    for (const State& state : states()) {
      SCOPED_TRACE(state.name);
      for (std::uint64_t n = 1;; ++n) {
        const test::Store store;
        state.prepare(store);
        FaultyFileSystem file_system(safeatomic::posix_file_system(), hook_for(n));
        Result<RecordLog> log = RecordLog::open(store.path(), {.file_system = &file_system});
        if (file_system.operation_count() < n) {
          EXPECT_TRUE(test::ok(log));
          EXPECT_GT(n, 15U) << "hardly anything was tried";
          break;
        }
        const FsOp failed = file_system.operations().at(static_cast<std::size_t>(n - 1));
        SCOPED_TRACE("operation " + std::to_string(n) + ": " + describe(failed));
        file_system.set_hook(nullptr);
        check(log, failed);
        if (log) {
          EXPECT_EQ(test::must(log->scan()).size(), state.records);
          ASSERT_TRUE(test::ok(log->close()));
        }
        expect_recovers(store, state);
        if (HasFatalFailure()) return;
      }
    }
  }
};

TEST_F(RecoveryFaults, OfEachOperationCostNothing) {
  for (const int reason : {EIO, ENOSPC}) {
    for_each_opening([&](std::uint64_t n) { return fail_at(n, Fault::error(reason)); },
                     [&](const Result<RecordLog>& log, const FsOp& failed) {
                       if (log) {
                         // Where zeros can be given back the quarantine is tried again.
                         const bool was_retried = reason == ENOSPC && log->recovery_report().preallocated_bytes > 0;
                         EXPECT_TRUE(may_go_unheard(failed) || was_retried || failed.kind == OpKind::unlink)
                             << "a failure went unheard";
                         return;
                       }
                       EXPECT_EQ(log.error().code, reason == EIO ? Errc::io : Errc::no_space) << log.error().message();
                     });
  }
}

TEST_F(RecoveryFaults, ThatWereDoneNeverthelessCostNothing) {
  for_each_opening([](std::uint64_t n) { return fail_at(n, {.os_errno = EIO, .is_done_anyway = true}); },
                   [](const Result<RecordLog>& log, const FsOp&) {
                     EXPECT_TRUE(log || log.error().code == Errc::io) << log.error().message();
                   });
}

TEST_F(RecoveryFaults, ThatLastCostNothing) {
  for_each_opening(
      [](std::uint64_t n) { return fail_from(n, Fault::error(EIO)); },
      [](const Result<RecordLog>& log, const FsOp& failed) { EXPECT_TRUE(!log || may_go_unheard(failed)); });
}

TEST_F(RecoveryFaults, ThatAreInterruptionsOrShortReadsAndWritesAreNotNoticed) {
  for (const Fault& fault : {Fault::error(EINTR), Fault::shortened(1), Fault::shortened(29)}) {
    for_each_opening(
        [&](std::uint64_t n) -> FaultHook {
          return [n, fault](const FsOp& op) {
            const bool applies = op.ordinal == n && (op.kind == OpKind::read || op.kind == OpKind::write);
            return applies ? std::optional(fault) : std::nullopt;
          };
        },
        [](const Result<RecordLog>& log, const FsOp&) { EXPECT_TRUE(test::ok(log)); });
  }
}

class RecoveryOnAFullDisk : public testing::Test {
 protected:
  static constexpr int zeros = 8192;

  RecoveryOnAFullDisk() { store_.put(1, valid_ + torn + std::string(zeros, '\0')); }

  // No room for a temporary's bytes.
  static std::optional<Fault> full(const FsOp& op) {
    const bool is_copy = op.kind == OpKind::write && op.path.ends_with(".dwal-tmp");
    return is_copy ? std::optional(Fault::error(ENOSPC)) : std::nullopt;
  }

  test::Store store_;
  const std::string valid_ = test::raw_frame(1, "one");
};

TEST_F(RecoveryOnAFullDisk, GivesTheZerosBackAndThenHasRoom) {
  bool given_back = false;
  FaultyFileSystem file_system(safeatomic::posix_file_system(), [&](const FsOp& op) {
    if (op.kind == OpKind::truncate && test::is_segment_name(op.path)) {
      EXPECT_TRUE(given_back || op.offset == valid_.size() + torn.size()) << "the torn bytes are not safe yet";
      given_back = true;
    }
    return given_back ? std::nullopt : full(op);
  });
  const RecordLog log = test::must(RecordLog::open(store_.path(), {.file_system = &file_system}));
  EXPECT_TRUE(given_back);
  EXPECT_EQ(log.recovery_report().preallocated_bytes, std::uint64_t{zeros});
  EXPECT_EQ(test::read_file(store_ / "00000001.dwal.torn-31"), torn);
  EXPECT_EQ(store_.get(1), valid_);
}

TEST_F(RecoveryOnAFullDisk, FailsAndSaysHowMuchIsNeeded) {
  FaultyFileSystem file_system(safeatomic::posix_file_system(), full);
  const Result<RecordLog> log = RecordLog::open(store_.path(), {.file_system = &file_system});
  ASSERT_TRUE(test::refused(log, Errc::no_space));
  EXPECT_EQ(log.error().segment, 1U);
  EXPECT_EQ(log.error().offset, valid_.size());
  EXPECT_THAT(log.error().message(), HasSubstr(std::to_string(torn.size()) + " bytes"));
  EXPECT_EQ(store_.get(1), valid_ + torn) << "only the zeros may go";
  EXPECT_THAT(store_.names(), testing::ElementsAre("00000001.dwal"));

  const RecordLog with_room = store_.open();
  EXPECT_EQ(test::read_file(store_ / "00000001.dwal.torn-31"), torn);
}

TEST_F(RecoveryOnAFullDisk, OpensWithoutTheCopyWhereTheOptionSaysSo) {
  FaultyFileSystem file_system(safeatomic::posix_file_system(), full);
  const RecordLog log = test::must(
      RecordLog::open(store_.path(), {.quarantine_torn_tail = false, .file_system = &file_system}));
  EXPECT_EQ(store_.get(1), valid_);
  EXPECT_EQ(test::must(log.scan()).size(), 1U);
}

TEST_F(RecoveryOnAFullDisk, ChangesNothingThatHasASecondName) {
  std::filesystem::create_hard_link(store_.segment(1), store_.beside("second name"));
  const test::Image before = store_.image();
  FaultyFileSystem file_system(safeatomic::posix_file_system(), full);
  EXPECT_TRUE(test::refused(RecordLog::open(store_.path(), {.file_system = &file_system}), Errc::no_space));
  EXPECT_TRUE(store_.image() == before);
}

}  // namespace
}  // namespace datawal
