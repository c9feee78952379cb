// Each allocation of each function failing in turn: a success or std::bad_alloc, and nothing left behind.

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include <safeatomic/safeatomic.hpp>
#include <safeatomic/temporary.hpp>

#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace {

/// What happens to the allocations of this thread.
struct Memory {
  std::uint64_t left = 0;  ///< allocations before the one that fails; counts down while armed
  bool is_armed = false;
  bool is_for_good = false;  ///< all that follow fail too
  bool has_failed = false;
};
thread_local Memory memory;

bool is_refused() noexcept {
  if (!memory.is_armed || memory.left-- != 0) return false;
  memory.has_failed = true;
  memory.is_armed = memory.is_for_good;
  memory.left = 0;
  return true;
}

void* allocate(std::size_t size) {
  void* const bytes = is_refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (bytes == nullptr) throw std::bad_alloc();
  return bytes;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* bytes) noexcept { std::free(bytes); }
void operator delete[](void* bytes) noexcept { std::free(bytes); }
void operator delete(void* bytes, std::size_t) noexcept { std::free(bytes); }
void operator delete[](void* bytes, std::size_t) noexcept { std::free(bytes); }

namespace safeatomic::test {
namespace {

struct Call {
  std::string name;
  std::function<bool(const std::filesystem::path&)>
      run;  ///< in a directory that holds the file `there`; whether it succeeded
  bool may_leave_directories = false;
};

void PrintTo(const Call& call, std::ostream* out) { *out << call.name; }

std::vector<Call> calls() {
  return {
      {"WriteAtomicMakes", [](const std::filesystem::path& in) { return write_atomic(in / "f", "new").has_value(); }},
      {"WriteAtomicReplaces",
       [](const std::filesystem::path& in) { return write_atomic(in / "there", "new").has_value(); }},
      {"WriteAtomicIsRefused",
       [](const std::filesystem::path& in) { return !write_atomic(in / "directory", "new").has_value(); }},
      {"WriteOnce", [](const std::filesystem::path& in) { return write_once(in / "f", "new").has_value(); }},
      {"WriteOnceFinds", [](const std::filesystem::path& in) { return write_once(in / "there", "new").has_value(); }},
      {"WriteOnceWithParents",
       [](const std::filesystem::path& in) { return write_once_with_parents(in / "a/b/f", "new").has_value(); }, true},
      {"WriteAppendFsyncMakes",
       [](const std::filesystem::path& in) { return write_append_fsync(in / "f", "new").has_value(); }},
      {"WriteAppendFsyncGoesOn",
       [](const std::filesystem::path& in) { return write_append_fsync(in / "there", "new").has_value(); }},
      {"RenameAtomic",
       [](const std::filesystem::path& in) { return rename_atomic(in / "there", in / "f").has_value(); }},
      {"FsyncDir", [](const std::filesystem::path& in) { return fsync_dir(in).has_value(); }},
  };
}

std::size_t open_descriptor_count() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

class EachAllocation : public testing::TestWithParam<Call> {
 protected:
  /// Runs the call with allocation n = 1, 2, ... failing, until it has fewer.
  void enumerate(bool is_for_good) {
    for (std::uint64_t n = 0;; ++n) {
      SCOPED_TRACE("allocation " + std::to_string(n + 1));
      const ScratchDirectory scratch(memory_backed_parent());
      spill(scratch / "there", "old");
      std::filesystem::create_directory(scratch / "directory");
      const std::vector<std::string> names_before = scratch.names();
      const std::size_t descriptors_before = open_descriptor_count();
      bool is_done = false;
      memory = {.left = n, .is_armed = true, .is_for_good = is_for_good};
      try {
        is_done = GetParam().run(scratch.path());
      } catch (const std::bad_alloc&) {
      }
      const bool has_failed = std::exchange(memory, {}).has_failed;
      EXPECT_EQ(open_descriptor_count(), descriptors_before);
      if (!has_failed) {
        EXPECT_TRUE(is_done);
        EXPECT_GE(n, 3U) << "hardly any allocation failed";
        return;
      }
      if (is_done) continue;
      if (!GetParam().may_leave_directories) {
        EXPECT_EQ(scratch.names(), names_before);
      }
      EXPECT_EQ(slurp(scratch / "there"), "old");
      for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path())) {
        EXPECT_TRUE(entry.is_directory() || entry.path().filename() == "there") << entry.path();
      }
    }
  }
};

TEST_P(EachAllocation, ThatFailsIsToldAndLeavesNothing) { enumerate(false); }

TEST_P(EachAllocation, ThatFailsWithAllThatFollowIsToldAndLeavesNothing) { enumerate(true); }

INSTANTIATE_TEST_SUITE_P(Of, EachAllocation, testing::ValuesIn(calls()), testing::PrintToStringParamName());

}  // namespace
}  // namespace safeatomic::test
