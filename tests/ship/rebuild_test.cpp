// The directory in which a store is rebuilt belongs to one rebuild, from its first byte until it has its name.

#include <gtest/gtest.h>

#include <datawal/dir_lock.hpp>
#include <datawal/record_log.hpp>

#include "scratch_directory.hpp"
#include "ship/rebuild_draft.hpp"
#include "ship/ship_fixture.hpp"

namespace datawal::ship {
namespace {

class ShipDraft : public testing::Test {
 protected:
  [[nodiscard]] path at(const std::string& name) const { return directory_.path() / name; }

  safeatomic::test::ScratchDirectory directory_{safeatomic::test::memory_backed_parent()};
};

TEST_F(ShipDraft, IsLockedUntilItHasItsName) {
  RebuildDraft draft = must(RebuildDraft::make(at("draft")));
  std::filesystem::create_directories(at("out") / "not empty");
  ASSERT_FALSE(draft.name(at("out"))) << "as between its last byte and its name";
  EXPECT_TRUE(fails_with(RebuildDraft::make(at("draft")), exit_usage));
  std::filesystem::remove_all(at("out"));
  must(draft.name(at("out")));
  EXPECT_FALSE(std::filesystem::exists(at("out") / ".lock"));
  (void)must(DirLock::acquire(at("out")));
}

TEST_F(ShipDraft, OfOneThatWasKilledIsRemovedOnlyWithItsLock) {
  std::filesystem::create_directory(at("draft"));
  {
    const DirLock lock = must(DirLock::acquire(at("draft")));
    EXPECT_TRUE(fails_with(RebuildDraft::make(at("draft")), exit_usage));
    EXPECT_TRUE(std::filesystem::exists(at("draft")));
  }
  (void)must(RebuildDraft::make(at("draft")));
}

TEST_F(ShipDraft, IsNoLinkToWhatIsElsewhere) {
  {
    RecordLog log = must(RecordLog::open(at("store")));
    must(log.append("record", {.sync = true}));
    std::filesystem::create_symlink(at("store"), at("draft"));
    (void)must(RebuildDraft::make(at("draft")));
  }
  EXPECT_TRUE(std::filesystem::exists(at("store") / "00000001.dwal"));
}

}  // namespace
}  // namespace datawal::ship
