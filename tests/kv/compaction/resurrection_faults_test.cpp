// Deleted keys must stay deleted also where compactions fail, are cancelled, or leave segments as they are. All on simulated disks.

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iostream>
#include <span>

#include <safeatomic/sim.hpp>
#include <safeatomic/temporary.hpp>

#include "kv/kv_support.hpp"
#include "log/operation_trace.hpp"
#include "support/allocator.hpp"
#include "support/mounts.hpp"

namespace datawal::test {
namespace {

using safeatomic::sim::DiskImage;
using safeatomic::sim::Operation;
using safeatomic::sim::SimFileSystem;
using SimFault = safeatomic::sim::Fault;

constexpr const char* store_dir = "/store";

// One step. What writes fills a segment of its own.
enum class Act : std::uint8_t {
  put_a,     // beside a value that stays and takes most of the segment: once "a" is dead, little of it is garbage
  erase_a,   // beside a value that dies with the next `junk`
  put_b,     // as put_a
  erase_b,   // as erase_a
  junk,      // two values, both dead with the next one
  merge,     // all that has garbage
  skip,      // leaves segments with little garbage
  no_space,  // as skip, but there is no room for one of the new files
  io_error,  // as skip, but a read, a sync or a rename of it fails
  cancel,    // as skip, but the caller wants it to stop
  reopen,
};
constexpr Act all_acts[] = {Act::put_a, Act::erase_a,  Act::put_b,    Act::erase_b, Act::junk,  Act::merge,
                            Act::skip,  Act::no_space, Act::io_error, Act::cancel,  Act::reopen};
constexpr const char* name_of(Act act) {
  constexpr const char* names[] = {"put_a", "erase_a",  "put_b",    "erase_b", "junk",  "merge",
                                   "skip",  "no_space", "io_error", "cancel",  "reopen"};
  return names[static_cast<std::size_t>(act)];
}

bool is_faulty(Act act) { return act == Act::no_space || act == Act::io_error || act == Act::cancel; }
bool is_merge(Act act) { return act == Act::merge || act == Act::skip || is_faulty(act); }

class History {
 public:
  /// @param nth  which new file has no room, which operation fails, which time the caller is asked
  explicit History(std::uint64_t nth, const DiskImage& disk = {}, Contents contents = {})
      : nth_(nth), machine_(disk), contents_(std::move(contents)) {
    open();
  }

  void run(std::span<const Act> acts) {
    for (const Act act : acts) {
      take(act);
      if (testing::Test::HasFailure()) return;
    }
  }

  /// The store must hold what a map holds, now and when it is opened again.
  void check() {
    compare();
    reopen();
    compare();
  }

  /// One compaction that meets `hook`.
  void merge_with(safeatomic::sim::FaultHook hook, double min_garbage) {
    machine_.set_hook(std::move(hook));
    (void)kv_->compact({.min_garbage_ratio = min_garbage});
    machine_.set_hook(nullptr);
    if (kv_->log().is_poisoned()) reopen();
  }

  [[nodiscard]] DiskImage shut_down() {
    (void)kv_->close();
    return machine_.shut_down();
  }
  [[nodiscard]] const Contents& contents() const noexcept { return contents_; }

 private:
  void open() { kv_.emplace(open_kv(store_dir, {.max_segment_bytes = 170, .file_system = &machine_})); }
  void reopen() {
    (void)kv_->close();
    kv_.reset();
    open();
  }
  void put(const std::string& key, std::size_t len) {
    contents_[key] = std::to_string(++step_);
    contents_[key].resize(len, 'v');
    must(kv_->put(key, contents_[key]));
  }
  void put_beside(const std::string& key) {
    put(key, 1);
    put("stays" + std::to_string(step_ + 1), 90);
  }
  void erase(const std::string& key) {
    contents_.erase(key);
    must(kv_->erase(key));
    put("junk", 90);
  }
  void take(Act act) {
    switch (act) {
      case Act::put_a: return put_beside("a");
      case Act::put_b: return put_beside("b");
      case Act::erase_a: return erase("a");
      case Act::erase_b: return erase("b");
      case Act::junk: put("junk", 10); return put("junk", 90);
      case Act::merge: must(kv_->compact({.min_garbage_ratio = 0})); return;
      case Act::skip: must(kv_->compact({.min_garbage_ratio = 0.5})); return;
      case Act::no_space: return merge_with(no_space(), 0.5);
      case Act::io_error: return merge_with(io_error(), 0.5);
      case Act::cancel: return cancel();
      case Act::reopen: return reopen();
    }
  }
  // The n-th write to a new file finds room for half of it.
  [[nodiscard]] safeatomic::sim::FaultHook no_space() const {
    return [left = nth_](const Operation& op) mutable {
      const bool is_one = op.kind == OpKind::write && op.directory.find("/.tmp-") != std::string_view::npos;
      return is_one && --left == 0 ? SimFault::enospc : SimFault::none;
    };
  }
  // Every third one of the files that are opened, read, synced or renamed.
  [[nodiscard]] safeatomic::sim::FaultHook io_error() const {
    return [left = 3 * nth_](const Operation& op) mutable {
      const bool is_one = op.kind == OpKind::open_file || op.kind == OpKind::read || op.kind == OpKind::sync_all ||
                          op.kind == OpKind::rename || op.kind == OpKind::sync_directory;
      return is_one && --left == 0 ? SimFault::eio : SimFault::none;
    };
  }
  void cancel() {
    must(kv_->compact(
        {.min_garbage_ratio = 0.5, .on_progress = [left = nth_](const Progress&) mutable { return --left > 0; }}));
  }
  void compare() const {
    ASSERT_EQ(kv_->size(), contents_.size());
    ASSERT_EQ(contents_of(*kv_), contents_);
  }

  const std::uint64_t nth_;
  SimFileSystem machine_;
  int step_ = 0;
  Contents contents_;
  std::optional<DataWal> kv_;
};

std::string told(std::span<const Act> acts) {
  std::string text;
  for (const Act act : acts) text += std::string(name_of(act)) + ", ";
  return text;
}

// Neither of these says anything that another history does not say.
bool is_pointless(std::span<const Act> acts) {
  for (std::size_t i = 0; i < acts.size(); ++i) {
    if (i == 0 && acts[i] != Act::put_a) return true;
    const bool again = i > 0 && acts[i] == acts[i - 1] && (is_merge(acts[i]) || acts[i] == Act::reopen);
    if (again && !is_faulty(acts[i])) return true;
  }
  return false;
}

// Calls `use` with all sequences of `length` of these acts.
void for_all(std::span<const Act> alphabet, std::size_t length, const std::function<void(std::span<const Act>)>& use) {
  std::vector<std::size_t> digits(length, 0);
  std::vector<Act> acts(length, alphabet.front());
  for (;;) {
    for (std::size_t i = 0; i < length; ++i) acts[i] = alphabet[digits[i]];
    if (!is_pointless(acts)) use(acts);
    std::size_t at = length;
    while (at > 0 && ++digits[at - 1] == alphabet.size()) digits[--at] = 0;
    if (at == 0 || testing::Test::HasFailure()) return;
  }
}

// Under a sanitizer, all of them would take minutes.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t steps_max = 4;
#else
constexpr std::size_t steps_max = 6;
#endif

class KvResurrectionWithFaultsUpTo : public testing::TestWithParam<Act> {
 protected:
  static void SetUpTestSuite() { keep_freed_memory(); }
};

TEST_P(KvResurrectionWithFaultsUpTo, HappensInNoHistoryOfUpToSixSteps) {
  std::size_t ran = 0;
  for (std::size_t length = 1; length < steps_max; ++length) {
    for_all(all_acts, length, [&](std::span<const Act> begin) {
      std::vector<Act> acts(begin.begin(), begin.end());
      acts.push_back(GetParam());
      const bool has_fault = std::ranges::any_of(acts, is_faulty);
      for (std::uint64_t nth = 1; nth <= (has_fault ? 3 : 1) && !testing::Test::HasFailure(); ++nth) {
        SCOPED_TRACE(told(acts) + "the faults at number " + std::to_string(nth));
        History history(nth);
        history.run(acts);
        history.check();
        ++ran;
      }
    });
  }
  std::cout << ran << " histories\n";
}

INSTANTIATE_TEST_SUITE_P(LastAct, KvResurrectionWithFaultsUpTo,
                         testing::Values(Act::merge, Act::skip, Act::no_space, Act::io_error, Act::cancel),
                         [](const auto& tested) { return name_of(tested.param); });

class KvResurrectionAtEveryOperation : public testing::TestWithParam<SimFault> {
 protected:
  static void SetUpTestSuite() { keep_freed_memory(); }
};

TEST_P(KvResurrectionAtEveryOperation, OfACompactionThatFailsDoesNotHappen) {
  constexpr Act before[] = {Act::put_a, Act::erase_a, Act::junk, Act::skip};
  std::size_t ran = 0;
  const auto fail_at = [&ran](const DiskImage& disk, const Contents& contents, std::uint64_t n) {
    bool was_reached = false;
    History history(1, disk, contents);
    history.merge_with(
        [&was_reached, left = n](const Operation&) mutable {
          if (--left != 0) return SimFault::none;
          was_reached = true;
          return GetParam();
        },
        n % 2 == 0 ? 0.5 : 0.0);
    constexpr Act again[] = {Act::skip};
    history.run(again);
    history.check();
    ++ran;
    return was_reached;
  };
  for (std::size_t length = 3; length < steps_max; ++length) {
    for_all(before, length, [&](std::span<const Act> acts) {
      SCOPED_TRACE(told(acts));
      History prepared(1);
      prepared.run(acts);
      const DiskImage disk = prepared.shut_down();
      std::uint64_t n = 1;
      while (fail_at(disk, prepared.contents(), n) && !testing::Test::HasFailure()) ++n;
      if (testing::Test::HasFailure()) std::cout << "operation " << n << '\n';
    });
  }
  std::cout << ran << " compactions\n";
}

INSTANTIATE_TEST_SUITE_P(Each, KvResurrectionAtEveryOperation, testing::Values(SimFault::eio, SimFault::enospc),
                         [](const auto& tested) { return tested.param == SimFault::eio ? "eio" : "enospc"; });

// So many live Puts are moved by asking the new file where they are.
TEST(KvResurrection, BehindASegmentThatCouldNotBeReadBackDoesNotHappen) {
  constexpr std::uint64_t count = (1 << 20) + 1000;
  const Store store;
  std::string segment = reference_encode(1, 1, "ghost", "") + reference_encode(1, 2, "junk", "");
  for (std::uint64_t n = 3; n <= count; ++n) segment += reference_encode(1, n, std::to_string(n), "");
  store.put(1, segment);
  store.put(2, reference_encode(1, count + 1, "junk", ""));
  FaultyFileSystem files;
  {
    DataWal kv = open_kv(store.path(), {.file_system = &files});
    files.set_hook([](const FsOp& op) -> std::optional<safeatomic::test::Fault> {
      const bool is_back = op.kind == OpKind::read && op.path.find(".tmp-") != std::string::npos;
      if (is_back) return safeatomic::test::Fault::error(EIO);
      return std::nullopt;
    });
    EXPECT_TRUE(refused(kv.compact({.min_garbage_ratio = 0}), Errc::io));
    files.set_hook(nullptr);
    must(kv.erase("ghost"));
    for (int i = 0; i < 3; ++i) must(kv.put("junk", std::to_string(i)));
    must(kv.compact({.min_garbage_ratio = 0}));
    EXPECT_TRUE(lacks(kv, "ghost"));
    EXPECT_TRUE(has(kv, std::to_string(count), ""));
  }
  const DataWal again = open_kv(store.path());
  EXPECT_TRUE(lacks(again, "ghost"));
  EXPECT_TRUE(has(again, std::to_string(count), ""));
  EXPECT_EQ(again.size(), count - 1);
}

TEST(KvResurrection, OnADiskThatIsFullAtFirstDoesNotHappen) {
  if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
  const Store store;
  in_child([&store] {
    constexpr std::uint64_t mebibyte = 1 << 20;
    must_leave_mount_namespace();
    mount_tmpfs(store.path(), "size=6m");
    const std::filesystem::path dir = store.path() / "kv";
    const std::string value(10'000, 'v');
    DataWal kv = open_kv(dir, {.max_segment_bytes = mebibyte});
    const auto seal = [&kv] { must(kv.compact({.min_garbage_ratio = 1})); };
    must(kv.put("ghost", ""));
    for (int i = 0; i < 100; ++i) must(kv.put("first" + std::to_string(i), value));
    seal();
    must(kv.erase("ghost"));
    for (int i = 0; i < 60; ++i) must(kv.put("second" + std::to_string(i), value));
    for (int i = 0; i < 40; ++i) must(kv.put("junk", value));
    seal();
    for (int i = 0; i < 100; ++i) must(kv.put("junk", value));
    seal();
    ASSERT_EQ(kv.log().active_segment(), 4U);
    const std::uint64_t room = std::filesystem::space(store.path()).available;
    ASSERT_GT(room, 300'000U);
    ASSERT_LT(room, 6 * mebibyte) << "this is not the small disk";
    std::ofstream(store.path() / "ballast") << std::string(room - 300'000, 'b') << std::flush;

    const CompactionStats stats = must(kv.compact({.min_garbage_ratio = 0.3}));
    EXPECT_EQ(stats.segments_rewritten, 2U);
    must(kv.close());
    EXPECT_TRUE(lacks(open_kv(dir), "ghost"));
  });
}

}  // namespace
}  // namespace datawal::test
