// Files that take another one's place give nobody what its access control list did not.

#include <array>

#include "access_lists.hpp"
#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::AclEntry;
using safeatomic::test::AclKind;
using safeatomic::test::AclTag;

// `u::rw u:34567:rw g::--- m::rw o::---`: the middle permission bits say rw, which the owning group does not have.
constexpr std::array<AclEntry, 5> group_has_nothing = {
    {{AclTag::owner, 6}, {AclTag::user, 6, 34567}, {AclTag::group, 0}, {AclTag::mask, 6}, {AclTag::others, 0}}};

class KvAccessLists : public testing::Test {
 protected:
  void SetUp() override {
    write_file(store_.beside("probe"), "");
    if (!set_list(store_.beside("probe"), AclKind::access, group_has_nothing))
      GTEST_SKIP() << "no access control lists here";
  }
  void give_list(const std::filesystem::path& path) const {
    ASSERT_TRUE(set_list(path, AclKind::access, group_has_nothing));
  }

  const Store store_;
  const std::string list_ = encode_list(group_has_nothing);
};

TEST_F(KvAccessLists, AreKeptByCompaction) {
  DataWal kv = open_kv(store_.path());
  must(kv.put("key", "old"));
  must(kv.put("key", "new"));
  must(kv.put("other", "value"));
  give_list(store_.segment(1));
  must(kv.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(safeatomic::test::list_of(store_.segment(1)), list_);
}

TEST_F(KvAccessLists, AreKeptByACopyOfAnActiveSegmentWithTwoNames) {
  store_.put(1, raw_frame(1, "one"));
  give_list(store_.segment(1));
  std::filesystem::create_hard_link(store_.segment(1), store_.beside("backup"));
  must(must(RecordLog::open(store_.path())).append("two"));
  EXPECT_NE(inode_of(store_.segment(1)), inode_of(store_.beside("backup")));
  EXPECT_EQ(safeatomic::test::list_of(store_.segment(1)), list_);
}

TEST_F(KvAccessLists, AreKeptByAnExportThatReplacesAFile) {
  write_file(store_.beside("out"), "an older export");
  give_list(store_.beside("out"));
  must(open_kv(store_.path()).export_jsonl(store_.beside("out")));
  EXPECT_EQ(safeatomic::test::list_of(store_.beside("out")), list_);
}

TEST_F(KvAccessLists, GiveNothingToTheGroupOfAQuarantineFile) {
  store_.put(1, raw_frame(1, "one") + raw_frame(2, "two").substr(0, 30));
  give_list(store_.segment(1));
  const RecordLog log = must(RecordLog::open(store_.path()));
  ASSERT_FALSE(log.recovery_report().quarantine_path.empty());
  EXPECT_EQ(safeatomic::test::mode_of(log.recovery_report().quarantine_path), 0600U);
}

}  // namespace
}  // namespace datawal::test
