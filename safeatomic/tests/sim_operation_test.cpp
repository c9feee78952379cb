// What the simulator says about operations, for people who replay a crash.
#include <set>

#include "sim_support.hpp"

namespace safeatomic::test {
namespace {

TEST(SimOperation, IsDescribedByKindNameAndPlace) {
  const struct {
    const char* want;
    Operation op;
  } rows[] = {
      {"write f 512+80", {.kind = OpKind::write, .directory = "/d", .name = "f", .offset = 512, .size = 80}},
      {"truncate f to 12", {.kind = OpKind::truncate, .directory = "/d", .name = "f", .offset = 12}},
      {"sync_directory d", {.kind = OpKind::sync_directory, .directory = "/home/d"}},
      {"open_root /", {.kind = OpKind::open_root, .directory = "/"}},
      {"rename .tmp -> x",
       {.kind = OpKind::rename, .directory = "/d", .name = ".tmp-0123456789abcdef.dwal-tmp", .target = "x"}},
  };
  for (const auto& row : rows) EXPECT_EQ(sim::describe(row.op), row.want);
}

TEST(SimOperation, HasANameOfItsOwnForEveryKind) {
  std::set<std::string_view> names;
  constexpr int last = static_cast<int>(OpKind::prefer_huge_pages);
  for (int kind = 0; kind <= last; ++kind) names.insert(sim::to_string(static_cast<OpKind>(kind)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_EQ(sim::to_string(static_cast<OpKind>(last + 1)), "unknown operation");
}

}  // namespace
}  // namespace safeatomic::test
