// A reader beside another process that overwrites and compacts all the time.

#include "kv/kv_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

TEST(KvProcessRefresh, NeverShowsFewerKeysThanThereAlwaysWere) {
  constexpr int keys = 40;
  const Store store;
  const auto put_all = [](DataWal& kv, int round) {
    for (int n = 0; n < keys; ++n) must(kv.put("key " + std::to_string(n), std::to_string(round)));
  };
  Child writer([&](Talk& talk) {
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 1500,
                                        .write_path = WritePath::append,
                                        .auto_compact = {.is_enabled = true, .garbage_ratio = 0.01}});
    put_all(kv, 0);
    talk.tell("open");
    for (int round = 1; round <= 200; ++round) put_all(kv, round);
    talk.tell("done");
  });
  ASSERT_EQ(writer.talk().hear(), "open");
  DataWalReader reader = open_kv_reader(store.path());
  for (int n = 0; writer.talk().is_open() && !writer.talk().has_news(); ++n) {
    const Result<bool> refreshed = reader.refresh();
    if (!refreshed && refreshed.error().code == Errc::snapshot_expired) continue;
    ASSERT_TRUE(ok(refreshed));
    ASSERT_EQ(reader.size(), std::uint64_t{keys}) << n;
    ASSERT_EQ(contents_of(reader).size(), std::size_t{keys}) << n;
  }
  EXPECT_EQ(writer.wait(), 0);
  must(reader.refresh());
  EXPECT_TRUE(has(reader, "key 0", "200"));
}

}  // namespace
}  // namespace datawal::test
