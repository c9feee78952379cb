// Each function, with each of its operations failing in each way: 1, 2, ... until none fails.

#include <cerrno>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>
#include <safeatomic/temporary.hpp>

#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

constexpr std::string_view old_content = "old content";
constexpr std::string_view new_content = "new content, which is longer";

struct Action {
  std::string name;
  std::set<std::string> contents_before;  ///< what `target` may hold if the action failed
  std::string content_after;              ///< what it holds if the action succeeded
  std::string target;
  std::function<void(const ScratchDirectory&)> prepare;
  std::function<Result<void>(const ScratchDirectory&, const Settings&)> run;
};

void PrintTo(const Action& action, std::ostream* out) { *out << action.name; }

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return propagate(result);
  return {};
}

const std::string absent = "<absent>";  // as slurp says it
const std::string old_text{old_content};
const std::string new_text{new_content};

std::vector<Action> actions() {
  const auto nothing = [](const ScratchDirectory&) {};
  const auto old_file = [](const ScratchDirectory& scratch) { spill(scratch / "f", old_content); };
  const auto atomic = [](const ScratchDirectory& scratch, const Settings& settings) {
    return write_atomic(scratch / "f", new_content, settings);
  };
  const auto once = [](const ScratchDirectory& scratch, const Settings& settings) {
    return without_value(write_once(scratch / "f", new_content, settings));
  };
  const auto parents = [](const ScratchDirectory& scratch, const Settings& settings) {
    return without_value(write_once_with_parents(scratch / "a/b/f", new_content, settings));
  };
  const auto append = [](const ScratchDirectory& scratch, const Settings& settings) {
    return write_append_fsync(scratch / "f", new_content, settings);
  };
  const auto move_over = [](const ScratchDirectory& scratch) {
    std::filesystem::create_directory(scratch / "a");
    spill(scratch / "a/from", new_content);
    spill(scratch / "f", old_content);
  };
  const auto move = [](const ScratchDirectory& scratch, const Settings& settings) {
    return rename_atomic(scratch / "a/from", scratch / "f", settings);
  };
  return {
      {"AtomicMakes", {absent, new_text}, new_text, "f", nothing, atomic},
      {"AtomicReplaces", {old_text, new_text}, new_text, "f", old_file, atomic},
      {"OnceMakes", {absent, new_text}, new_text, "f", nothing, once},
      {"OnceFinds", {old_text}, old_text, "f", old_file, once},
      {"ParentsMakes", {absent, new_text}, new_text, "a/b/f", nothing, parents},
      {"AppendMakes", {absent, "", new_text}, new_text, "f", nothing, append},
      {"AppendGoesOn", {old_text, old_text + new_text}, old_text + new_text, "f", old_file, append},
      {"RenameReplaces", {old_text, new_text}, new_text, "f", move_over, move},
  };
}

std::size_t open_descriptor_count() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

class EachFailure : public testing::TestWithParam<Action> {
 protected:
  /// Runs the action with the fault that `fault_for(n)` sets for n = 1, 2, ... until an n beyond its last operation,
  /// and calls `check` after each failure that was asked for.
  void enumerate(const std::function<FaultHook(std::uint64_t)>& fault_for,
                 const std::function<void(const ScratchDirectory&, const FsOp&, const Result<void>&)>& check) {
    for (std::uint64_t n = 1;; ++n) {
      const ScratchDirectory scratch(memory_backed_parent());
      GetParam().prepare(scratch);
      FaultyFileSystem faulty(posix_file_system(), fault_for(n));
      const std::size_t descriptors_before = open_descriptor_count();
      const Result<void> done = GetParam().run(scratch, {.file_system = &faulty});
      EXPECT_EQ(open_descriptor_count(), descriptors_before);
      if (faulty.operation_count() < n) {
        EXPECT_TRUE(succeeded(done));
        EXPECT_EQ(slurp(scratch / GetParam().target), GetParam().content_after);
        EXPECT_GE(n, 4U) << "hardly anything was tried";
        return;
      }
      const FsOp failed = faulty.operations().at(n - 1);
      SCOPED_TRACE("operation " + std::to_string(n) + ": " + describe(failed));
      check(scratch, failed, done);
    }
  }

  static void expect_old_or_new(const ScratchDirectory& scratch, const Result<void>& done) {
    const std::string content = slurp(scratch / GetParam().target);
    if (done) {
      EXPECT_EQ(content, GetParam().content_after) << "it claimed success";
    } else {
      EXPECT_TRUE(GetParam().contents_before.contains(content)) << content;
    }
  }

  static void expect_no_temporary(const ScratchDirectory& scratch) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path())) {
      EXPECT_FALSE(is_temporary_name(entry.path().filename().native())) << entry.path();
    }
  }
};

/// Operations whose failure is no failure of the action: the temporary's own name is removed as well as can be.
bool may_be_ignored(const FsOp& op) { return op.kind == OpKind::unlink; }

TEST_P(EachFailure, LeavesTheOldOrTheNewAndNoTemporary) {
  for (const int reason : {EIO, ENOSPC, EMFILE}) {
    enumerate([&](std::uint64_t n) { return fail_at(n, Fault::error(reason)); },
              [&](const ScratchDirectory& scratch, const FsOp& failed, const Result<void>& done) {
                expect_old_or_new(scratch, done);
                if (may_be_ignored(failed)) return;
                ASSERT_FALSE(done);
                EXPECT_EQ(done.error().code, errc_of(reason));
                EXPECT_EQ(done.error().os_errno, reason);
                expect_no_temporary(scratch);
              });
  }
}

TEST_P(EachFailure, LeavesTheOldOrTheNewIfItWasDoneAndReportedAsFailed) {
  enumerate([](std::uint64_t n) { return fail_at(n, {.os_errno = EIO, .is_done_anyway = true}); },
            [](const ScratchDirectory& scratch, const FsOp& failed, const Result<void>& done) {
              expect_old_or_new(scratch, done);
              // A file that was made although its opening failed has no owner.
              if (failed.kind != OpKind::open_file) expect_no_temporary(scratch);
            });
}

TEST_P(EachFailure, LeavesTheOldOrTheNewIfNothingWorksFromThereOn) {
  enumerate([](std::uint64_t n) { return fail_from(n, Fault::error(EIO)); },
            [](const ScratchDirectory& scratch, const FsOp& failed, const Result<void>& done) {
              const std::string content = slurp(scratch / GetParam().target);
              EXPECT_TRUE(!done || may_be_ignored(failed));
              EXPECT_TRUE(GetParam().contents_before.contains(content)) << content;
            });
}

TEST_P(EachFailure, IsSurvivedIfItIsAnInterruption) {
  enumerate(
      [](std::uint64_t n) -> FaultHook {
        return [n](const FsOp& op) -> std::optional<Fault> {
          const bool may_be_interrupted = op.kind == OpKind::write || op.kind == OpKind::read;
          if (op.ordinal == n && may_be_interrupted) return Fault::error(EINTR);
          return std::nullopt;
        };
      },
      [](const ScratchDirectory& scratch, const FsOp&, const Result<void>& done) {
        EXPECT_TRUE(succeeded(done));
        EXPECT_EQ(slurp(scratch / GetParam().target), GetParam().content_after);
        expect_no_temporary(scratch);
      });
}

TEST_P(EachFailure, IsSurvivedIfItIsAShortWrite) {
  for (const std::uint64_t bytes : {1, 5, 27}) {
    enumerate([&](std::uint64_t n) { return fail_at(n, Fault::shortened(bytes)); },
              [](const ScratchDirectory& scratch, const FsOp&, const Result<void>& done) {
                EXPECT_TRUE(succeeded(done));
                EXPECT_EQ(slurp(scratch / GetParam().target), GetParam().content_after);
                expect_no_temporary(scratch);
              });
  }
}

TEST_P(EachFailure, IsFollowedByASuccessOnTheNextTry) {
  enumerate([](std::uint64_t n) { return fail_at(n, Fault::error(EIO)); },
            [](const ScratchDirectory& scratch, const FsOp&, const Result<void>& done) {
              if (done || GetParam().name.starts_with("Append")) return;  // an append may have happened already
              if (slurp(scratch / "a/from") == absent && GetParam().name == "RenameReplaces") return;  // and a rename
              EXPECT_TRUE(succeeded(GetParam().run(scratch, {})));
              EXPECT_EQ(slurp(scratch / GetParam().target), GetParam().content_after);
            });
}

INSTANTIATE_TEST_SUITE_P(Of, EachFailure, testing::ValuesIn(actions()), testing::PrintToStringParamName());

}  // namespace
}  // namespace safeatomic::test
