// Root looks after a store of somebody else: its owner must be able to go on with it afterwards, whatever root did there and
// wherever root's process died.

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include <datawal/data_wal.hpp>
#include <datawal/repair.hpp>
#include <datawal/verify.hpp>
#include <safeatomic/temporary.hpp>

#include "faulty_file_system.hpp"
#include "log/store_support.hpp"
#include "support/child.hpp"

namespace datawal {
namespace {

using safeatomic::test::fail_from;
using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;

constexpr uid_t owner = 1234;
constexpr gid_t group = 2345;
constexpr std::uint64_t segment_bytes = 4096;

struct stat status_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

class StoreOfAnotherUser : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
    ASSERT_EQ(::chmod(store_.path().parent_path().c_str(), 0711), 0);
    ASSERT_EQ(::chown(store_.path().c_str(), owner, group), 0);
    ASSERT_EQ(::chmod(store_.path().c_str(), 0750), 0);
  }

  static OpenOptions options_of(safeatomic::FileSystem* file_system = nullptr) {
    return {.max_segment_bytes = segment_bytes, .file_system = file_system};
  }

  static void as_owner(const std::function<void()>& body) {
    test::in_child([&] {
      if (::setgroups(0, nullptr) != 0 || ::setgid(group) != 0 || ::setuid(owner) != 0) FAIL() << "still root";
      body();
    });
  }

  // `rounds` puts of each of 20 keys: several segments, most of which is superseded.
  static void put_all(DataWal& store, int rounds, const std::string& value) {
    for (int round = 0; round < rounds; ++round) {
      for (int key = 0; key < 20; ++key) test::must(store.put(std::to_string(key), value + std::string(100, 'v')));
    }
  }

  void make_as_owner(std::uint32_t mode = 0640) const {
    as_owner([&] {
      OpenOptions options = options_of();
      options.file_mode = mode;
      DataWal store = test::must(DataWal::open(store_.path(), options));
      put_all(store, 5, "owner's");
      test::must(store.close());
    });
  }

  void expect_is_the_owners(std::uint32_t mode = 0640) const {
    for (const auto& entry : std::filesystem::directory_iterator(store_.path())) {
      const struct stat status = status_of(entry.path());
      EXPECT_EQ(status.st_uid, owner) << entry.path();
      EXPECT_EQ(status.st_gid, group) << entry.path();
      EXPECT_EQ(status.st_mode & 07777, mode) << entry.path();
    }
  }

  void expect_owner_goes_on() const {
    as_owner([&] {
      DataWal store = test::must(DataWal::open(store_.path(), options_of()));
      put_all(store, 2, "later");
      EXPECT_TRUE(test::ok(store.compact()));
      EXPECT_EQ(test::must(store.get("7")), "later" + std::string(100, 'v'));
      EXPECT_TRUE(test::ok(store.close()));
      EXPECT_TRUE(test::ok(verify(store_.path())));
    });
  }

  test::Store store_;
};

TEST_F(StoreOfAnotherUser, StaysHisWhenRootPutsAndCompacts) {
  make_as_owner();
  for (const char* name : {".lock", ".watermark"}) std::filesystem::remove(store_ / name);
  DataWal store = test::must(DataWal::open(store_.path(), options_of()));
  put_all(store, 5, "root's");
  EXPECT_TRUE(test::ok(store.compact({.min_garbage_ratio = 0})));
  EXPECT_TRUE(test::ok(store.close()));
  expect_is_the_owners();
  expect_owner_goes_on();
}

TEST_F(StoreOfAnotherUser, StaysHisWhenRootIsTheFirstWhoOpensIt) {
  DataWal store = test::must(DataWal::open(store_.path(), options_of()));
  put_all(store, 5, "root's");
  EXPECT_TRUE(test::ok(store.close()));
  expect_is_the_owners(0600);
  expect_owner_goes_on();
}

TEST_F(StoreOfAnotherUser, StaysHisWhenRootRecoversATornTail) {
  make_as_owner();
  const std::string torn = test::raw_frame(1'000, "torn").substr(0, 30);
  std::uint32_t last = 1;
  while (std::filesystem::exists(store_.segment(last + 1))) ++last;
  test::write_file(store_.segment(last), store_.get(last) + torn);
  DataWal store = test::must(DataWal::open(store_.path(), options_of()));
  EXPECT_FALSE(store.log().recovery_report().quarantine_path.empty());
  EXPECT_TRUE(test::ok(store.close()));
  expect_is_the_owners();
  expect_owner_goes_on();
}

TEST_F(StoreOfAnotherUser, StaysHisWhenRootRepairsIt) {
  make_as_owner();
  std::string bytes = store_.get(1);
  bytes[bytes.size() / 2] ^= 1;
  test::write_file(store_.segment(1), bytes);
  const RepairReport report = test::must(repair(store_.path(), options_of()));
  EXPECT_GE(report.quarantine_paths.size(), 2U);
  expect_is_the_owners();
  expect_owner_goes_on();
}

TEST_F(StoreOfAnotherUser, IsHisWhenRootSalvagesOrCompactsIntoHisDirectory) {
  make_as_owner();
  for (const bool is_salvage : {true, false}) {
    const std::filesystem::path out = store_.beside(is_salvage ? "salvaged" : "compacted");
    std::filesystem::create_directory(out);
    ASSERT_EQ(::chown(out.c_str(), owner, group), 0);
    if (is_salvage) {
      EXPECT_TRUE(test::ok(salvage(store_.path(), out, options_of())));
    } else {
      EXPECT_TRUE(test::ok(test::must(DataWal::open(store_.path(), options_of())).compact_to(out)));
    }
    as_owner([&] {
      const DataWal store = test::must(DataWal::open(out, options_of()));
      EXPECT_TRUE(test::must(store.get("7")).has_value());
    });
  }
}

TEST_F(StoreOfAnotherUser, IsRootsOwnWhereRootMakesItsDirectory) {
  make_as_owner();
  EXPECT_TRUE(test::ok(salvage(store_.path(), store_.beside("salvaged"), options_of())));
  EXPECT_EQ(status_of(store_.beside("salvaged") / "00000001.dwal").st_uid, 0U);
}

// What a crash leaves of root's under a temporary name is removed by the next opening; under any other it would stay.
TEST_F(StoreOfAnotherUser, HoldsNothingOfRootsWhereverRootsProcessDies) {
  for (std::uint64_t n = 1;; ++n) {
    SCOPED_TRACE("dead from operation " + std::to_string(n) + " on");
    store_.clear();
    make_as_owner();
    for (const char* name : {".lock", ".watermark"}) std::filesystem::remove(store_ / name);
    FaultyFileSystem file_system(safeatomic::posix_file_system(), fail_from(n, Fault::error(EIO)));
    {
      Result<RecordLog> log = RecordLog::open(store_.path(), options_of(&file_system));
      if (log) {
        (void)log->append("root's");
        (void)log->rotate();
        (void)log->append("root's");
      }
    }
    if (file_system.operation_count() < n) break;
    for (const auto& entry : std::filesystem::directory_iterator(store_.path())) {
      if (safeatomic::is_temporary_name(entry.path().filename().string())) continue;
      EXPECT_EQ(status_of(entry.path()).st_uid, owner) << entry.path();
    }
    if (HasFailure()) return;
  }
  expect_owner_goes_on();
}

// The directory's owner could have put there a name of any file of root's.
TEST_F(StoreOfAnotherUser, IsGivenNothingThatRootHasNotJustMade) {
  make_as_owner();
  for (const char* name : {".lock", ".watermark"}) {
    std::filesystem::remove(store_ / name);
    test::write_file(store_ / name, "root's own");
  }
  EXPECT_TRUE(test::ok(test::must(RecordLog::open(store_.path(), options_of())).close()));
  EXPECT_EQ(status_of(store_ / ".lock").st_uid, 0U);
}

}  // namespace
}  // namespace datawal
