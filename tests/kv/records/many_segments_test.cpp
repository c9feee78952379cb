// More segments than descriptors.

#include <sys/resource.h>

#include <fstream>

#include "kv/kv_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

// For this process and from here on.
void allow_descriptors(rlim_t count) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = count;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

class ManySegments : public testing::Test {
 protected:
  static constexpr std::uint32_t count = 10'000;

  static std::string key_of(std::uint32_t n) { return "key " + std::to_string(n); }
  static std::string value_of(std::uint32_t n) { return "value " + std::to_string(n); }

  Store store_;
};

class ManySegmentsRead : public ManySegments, public testing::WithParamInterface<ReadPath> {};

TEST_P(ManySegmentsRead, AreReadWithFewDescriptors) {
  for (std::uint32_t n = 1; n <= count; ++n) store_.put(n, reference_encode(1, n, key_of(n), value_of(n)));
  const auto expect_all = [](const auto& kv) {
    EXPECT_EQ(kv.size(), count);
    for (std::uint32_t n = 1; n <= count; ++n) ASSERT_TRUE(has(kv, key_of(n), value_of(n)));
    EXPECT_EQ(contents_of(kv).size(), count);
  };
  in_child([&] {
    allow_descriptors(1024);
    expect_all(open_kv_reader(store_.path(), {.read_path = GetParam()}));
    DataWal kv = open_kv(store_.path(), {.read_path = GetParam()});
    expect_all(kv);
    must(kv.put(key_of(7), "new"));
    EXPECT_TRUE(has(kv, key_of(7), "new"));
    const DataWalReader beside = open_kv_reader(store_.path(), {.read_path = GetParam()});
    EXPECT_TRUE(has(beside, key_of(7), "new"));
    EXPECT_TRUE(has(beside, key_of(8), value_of(8)));
  });
}

TEST_P(ManySegmentsRead, ThatOneProcessMadeAreCompactedWithFewDescriptors) {
  in_child([&] {
    allow_descriptors(100);
    DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 100, .read_path = GetParam()});
    Contents wanted;
    for (std::uint32_t n = 1; n <= 600; ++n) {
      wanted[key_of(n)] = value_of(n);
      must(kv.put(key_of(n), value_of(n)));
    }
    EXPECT_GE(kv.stats().segments, 300U);
    EXPECT_EQ(contents_of(kv), wanted);
    must(kv.compact_to(store_.beside("compacted")));
    EXPECT_EQ(contents_of(open_kv_reader(store_.beside("compacted"))), wanted);
    must(kv.close());
  });
}

// A process has 65,530 mappings by default, and needs some for itself.
TEST_F(ManySegments, OfAllStoresOfAProcessNoMoreThanAQuarterOfItsMappingsAreTaken) {
  constexpr std::uint32_t limit = 16'384;
  constexpr std::uint32_t more = limit + 100;
  for (std::uint32_t n = 1; n <= more; ++n) store_.put(n, reference_encode(1, n, key_of(n), value_of(n)));
  const auto mapped = [this] {
    std::ifstream maps("/proc/self/maps");
    std::uint32_t found = 0;
    for (std::string line; std::getline(maps, line);) found += line.contains(store_.path().native()) ? 1 : 0;
    return found;
  };
  {
    DataWal kv = open_kv(store_.path());
    const DataWalReader beside = open_kv_reader(store_.path());
    EXPECT_GE(mapped(), limit - 2);
    EXPECT_LE(mapped(), limit + 2) << "and the writer's own";
    for (std::uint32_t n = 1; n <= more; ++n) ASSERT_TRUE(has(kv, key_of(n), value_of(n)));
    for (std::uint32_t n = more - 200; n <= more; ++n) ASSERT_TRUE(has(beside, key_of(n), value_of(n)));
  }
  EXPECT_EQ(mapped(), 0U);
  const DataWal again = open_kv(store_.path());
  EXPECT_GE(mapped(), limit - 2) << "they were given back";
}

INSTANTIATE_TEST_SUITE_P(Reading, ManySegmentsRead, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
