// What every lock must do.

#include "file_system_contract.hpp"
#include "outcome.hpp"

namespace safeatomic::test {
namespace {

TEST_P(FileSystemContract, OneOpeningHoldsALockAndOthersDoNot) {
  const auto first = new_file("f");
  const auto second = open_again("f");
  for (const LockKind kind : {LockKind::flock, LockKind::record}) {
    EXPECT_TRUE(value_of(first->try_lock(kind)));
    EXPECT_FALSE(value_of(second->try_lock(kind)));
    EXPECT_TRUE(value_of(first->try_lock(kind))) << "it has it already";
    EXPECT_TRUE(succeeded(first->unlock(kind)));
    EXPECT_TRUE(value_of(second->try_lock(kind)));
  }
}

TEST_P(FileSystemContract, ALockGoesWithItsOpening) {
  auto first = new_file("f");
  const auto second = open_again("f");
  for (const LockKind kind : {LockKind::flock, LockKind::record}) ASSERT_TRUE(value_of(first->try_lock(kind)));
  first.reset();
  for (const LockKind kind : {LockKind::flock, LockKind::record}) EXPECT_TRUE(value_of(second->try_lock(kind)));
}

TEST_P(FileSystemContract, AnotherOpeningThatClosesUnlocksNothing) {
  const auto first = new_file("f");
  ASSERT_TRUE(value_of(first->try_lock(LockKind::record)));
  ASSERT_TRUE(value_of(first->try_lock(LockKind::flock)));
  static_cast<void>(open_again("f"));
  const auto second = open_again("f");
  EXPECT_FALSE(value_of(second->try_lock(LockKind::record)));
  EXPECT_FALSE(value_of(second->try_lock(LockKind::flock)));
}

TEST_P(FileSystemContract, TheTwoKindsOfLockIgnoreEachOther) {
  const auto first = new_file("f");
  const auto second = open_again("f");
  EXPECT_TRUE(value_of(first->try_lock(LockKind::flock)));
  EXPECT_TRUE(value_of(second->try_lock(LockKind::record)));
}

TEST_P(FileSystemContract, AskingForALockSeesItAndTakesNothing) {
  const auto writer = new_file("f");
  const auto asker = open_again("f", false);
  EXPECT_FALSE(value_of(asker->is_locked()));
  ASSERT_TRUE(value_of(writer->try_lock(LockKind::record))) << "asking took it";
  EXPECT_TRUE(value_of(asker->is_locked()));
  EXPECT_TRUE(value_of(asker->is_locked()));
  EXPECT_FALSE(value_of(writer->is_locked())) << "only somebody else's counts";
  EXPECT_TRUE(succeeded(writer->unlock(LockKind::record)));
  EXPECT_FALSE(value_of(asker->is_locked()));
}

TEST_P(FileSystemContract, AnEmptyFileAndALongOneAreLockedAlike) {
  const auto writer = new_file("f");
  const auto asker = open_again("f", false);
  ASSERT_TRUE(value_of(writer->try_lock(LockKind::record)));
  ASSERT_TRUE(succeeded(writer->truncate(1 << 20)));
  EXPECT_TRUE(value_of(asker->is_locked()));
}

TEST_P(FileSystemContract, OneOpeningOfADirectoryHoldsItsLock) {
  const auto other = value_of(file_system().open_directory(root()));
  EXPECT_TRUE(value_of(directory().try_lock()));
  EXPECT_FALSE(value_of(other->try_lock()));
  EXPECT_TRUE(succeeded(directory().unlock()));
  EXPECT_TRUE(value_of(other->try_lock()));
}

}  // namespace
}  // namespace safeatomic::test
