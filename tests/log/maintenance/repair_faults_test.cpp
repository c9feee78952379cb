// Repair, interrupted at each operation: what is left opens to the prefix or is refused, and running it again completes it. No
// byte is lost, and no txid is given out twice.

#include <cerrno>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/verify.hpp>

#include "log/operation_trace.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

using safeatomic::test::fail_at;
using safeatomic::test::fail_from;
using safeatomic::test::Fault;
using safeatomic::test::FaultHook;
using safeatomic::test::FaultyFileSystem;
using test::FsOp;
using test::OpKind;

const std::string one = test::raw_frame(1, "one");
const std::string two = test::raw_frame(2, "two");
const std::string three = test::raw_frame(3, "three");

struct State {
  const char* name;
  std::vector<std::string> payloads;  // of the valid prefix
  std::uint64_t highest_txid;         // seen anywhere, the watermark included
  std::vector<std::string> cut;       // what must be found in the quarantine
  std::function<void(const test::Store&)> prepare;
};

const std::vector<State>& states() {
  static const std::vector<State> all = {
      {"torn",
       {"one"},
       1,
       {two.substr(0, 30)},
       [](const test::Store& store) { store.put(1, one + two.substr(0, 30)); }},
      {"torn, whole records behind",
       {"one"},
       3,
       {two.substr(0, 30) + "x" + three},
       [](const test::Store& store) { store.put(1, one + two.substr(0, 30) + "x" + three); }},
      {"damage in a sealed segment",
       {"one"},
       9,
       {"text" + two, three, test::raw_frame(9, "nine")},
       [](const test::Store& store) {
         store.put(1, one + "text" + two);
         store.put(2, three);
         store.put(5, test::raw_frame(9, "nine"));
         store.put_watermark(5, 32, 9);
       }},
      {"cut at a record's end, below the watermark",
       {"one", "two"},
       7,
       {},
       [](const test::Store& store) {
         store.put(1, one + two);
         store.put_watermark(1, 200, 7);
       }},
      {"last segment missing",
       {"one"},
       7,
       {},
       [](const test::Store& store) {
         store.put(4, two);
         store.put_watermark(4, 31, 7);
         std::filesystem::remove(store.segment(4));
         store.put(1, one);
       }},
      {"all segments missing",
       {},
       7,
       {},
       [](const test::Store& store) {
         store.put(4, two);
         store.put_watermark(4, 31, 7);
         std::filesystem::remove(store.segment(4));
       }},
      {"damage with two names",
       {"one"},
       2,
       {"text" + two},
       [](const test::Store& store) {
         store.put(1, one + "text" + two);
         std::filesystem::remove(store.beside("backup"));
         std::filesystem::create_hard_link(store.segment(1), store.beside("backup"));
       }},
  };
  return all;
}

class RepairFaults : public testing::Test {
 protected:
  // Repairs each state with the faults of `hook_for(n)`, n = 1, 2, ... until a repair has fewer operations than that.
  template <class Check>
  static void for_each_repair(const std::function<FaultHook(std::uint64_t)>& hook_for, Check check) {
    for (const State& state : states()) {
      SCOPED_TRACE(state.name);
      for (std::uint64_t n = 1;; ++n) {
        const test::Store store;
        state.prepare(store);
        FaultyFileSystem file_system(safeatomic::posix_file_system(), hook_for(n));
        const Result<RepairReport> report = repair(store.path(), {.file_system = &file_system});
        if (file_system.operation_count() < n) {
          EXPECT_TRUE(test::ok(report));
          EXPECT_GT(n, 10U) << "hardly anything was tried";
          break;
        }
        const FsOp failed = file_system.operations().at(static_cast<std::size_t>(n - 1));
        SCOPED_TRACE("operation " + std::to_string(n) + ": " + describe(failed));
        check(store, state, report);
        if (HasFatalFailure()) return;
      }
    }
  }

  static void expect_repaired(const test::Store& store, const State& state) {
    EXPECT_TRUE(test::must(verify(store.path())).is_clean());
    expect_opens(store, state);
  }

  static void expect_opens(const test::Store& store, const State& state) {
    Result<RecordLog> log = RecordLog::open(store.path());
    ASSERT_TRUE(test::ok(log));
    std::vector<std::string> found;
    for (const Record& record : test::must(log->scan())) found.push_back(record.payload);
    EXPECT_EQ(found, state.payloads);
    EXPECT_GT(test::must(log->append("next")).txid, state.highest_txid) << "a txid was given out twice";
    expect_kept(store, state);
  }

  // What was cut is somewhere, whole.
  static void expect_kept(const test::Store& store, const State& state) {
    for (const std::string& cut : state.cut) {
      bool found = false;
      for (const auto& [name, content] : store.image()) found = found || content.find(cut) != std::string::npos;
      EXPECT_TRUE(found) << cut;
    }
  }
};

TEST_F(RepairFaults, OfEachOperationAreMendedByRunningItAgain) {
  for (const int reason : {EIO, ENOSPC}) {
    for_each_repair([&](std::uint64_t n) { return fail_at(n, Fault::error(reason)); },
                    [&](const test::Store& store, const State& state, const Result<RepairReport>& report) {
                      EXPECT_TRUE(report || report.error().code == (reason == EIO ? Errc::io : Errc::no_space));
                      expect_kept(store, state);
                      ASSERT_TRUE(test::ok(repair(store.path())));
                      expect_repaired(store, state);
                    });
  }
}

TEST_F(RepairFaults, ThatWereDoneNeverthelessAreMendedByRunningItAgain) {
  for_each_repair([](std::uint64_t n) { return fail_at(n, {.os_errno = EIO, .is_done_anyway = true}); },
                  [](const test::Store& store, const State& state, const Result<RepairReport>&) {
                    expect_kept(store, state);
                    ASSERT_TRUE(test::ok(repair(store.path())));
                    expect_repaired(store, state);
                  });
}

TEST_F(RepairFaults, ThatEndItAreMendedByRunningItAgain) {
  // As if the process had been killed there.
  for_each_repair([](std::uint64_t n) { return fail_from(n, Fault::error(EIO)); },
                  [](const test::Store& store, const State& state, const Result<RepairReport>&) {
                    expect_kept(store, state);
                    ASSERT_TRUE(test::ok(repair(store.path())));
                    expect_repaired(store, state);
                  });
}

TEST_F(RepairFaults, ThatEndItLeaveAStoreThatIsRefusedOrRepaired) {
  for_each_repair([](std::uint64_t n) { return fail_from(n, Fault::error(EIO)); },
                  [](const test::Store& store, const State& state, const Result<RepairReport>&) {
                    const std::string_view name = state.name;
                    const Result<RecordLog> log = RecordLog::open(store.path());
                    if (!log) {
                      EXPECT_TRUE(test::refused(log, Errc::corruption));
                      EXPECT_NE(name, "torn") << "that was never damage";
                      return;
                    }
                    EXPECT_EQ(test::must(log->scan()).size(), state.payloads.size());
                    // A tear is cut by every opening, which promises nothing about the txids behind it.
                    if (!name.starts_with("torn")) {
                      EXPECT_GE(log->last_txid(), state.highest_txid) << "it opens, and has forgotten";
                    }
                    expect_kept(store, state);
                  });
}

TEST_F(RepairFaults, NeverOverwriteAnEarlierQuarantine) {
  const test::Store store;
  store.put(1, one + "text");
  store.put(2, two);
  test::write_file(store / "00000002.dwal.torn-0", "earlier");
  FaultyFileSystem file_system;
  file_system.set_hook([](const FsOp& op) {
    const bool asks = op.kind == OpKind::info_of && op.path.ends_with(".torn-0");
    return asks ? std::optional(Fault::error(EIO)) : std::nullopt;
  });
  (void)repair(store.path(), {.file_system = &file_system});
  EXPECT_EQ(test::read_file(store / "00000002.dwal.torn-0"), "earlier");
}

}  // namespace
}  // namespace datawal
