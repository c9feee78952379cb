// Programs that look for old files set their times: that makes no other file of one.

#include <chrono>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

class TouchedFiles : public testing::TestWithParam<ReadPath> {
 protected:
  static constexpr int keys = 40;

  static std::string key_of(int n) { return "key " + std::to_string(n); }

  // Segments of a few records each.
  [[nodiscard]] DataWal open(AutoCompact auto_compact = {}) const {
    return open_kv(store_.path(), {.max_segment_bytes = 400, .read_path = GetParam(), .auto_compact = auto_compact});
  }
  void put_all(DataWal& kv, const std::string& value) {
    for (int n = 0; n < keys; ++n) {
      must(kv.put(key_of(n), value));
      wanted_[key_of(n)] = value;
    }
  }
  void touch() const {
    for (const auto& entry : std::filesystem::directory_iterator(store_.path())) {
      std::filesystem::last_write_time(entry.path(), entry.last_write_time() + std::chrono::hours(1));
    }
  }

  Store store_;
  Contents wanted_;
};

TEST_P(TouchedFiles, AreReadByTheirWriter) {
  DataWal kv = open();
  put_all(kv, "value");
  touch();
  for (const auto& [key, value] : wanted_) EXPECT_TRUE(has(kv, key, value));
  EXPECT_EQ(contents_of(kv), wanted_);
  EXPECT_EQ(must(kv.log().scan()).size(), std::size_t{keys});
  EXPECT_TRUE(ok(kv.log().read(must(kv.log().scan()).front().ref)));
}

TEST_P(TouchedFiles, AreCompactedByTheirWriter) {
  DataWal kv = open();
  put_all(kv, "old");
  put_all(kv, "new");
  touch();
  EXPECT_GT(must(kv.compact({.min_garbage_ratio = 0})).bytes_reclaimed, 0U);
  touch();
  EXPECT_EQ(contents_of(kv), wanted_);
  must(kv.compact_to(store_.beside("copy")));
  EXPECT_EQ(contents_of(open_kv_reader(store_.beside("copy"))), wanted_);
}

TEST_P(TouchedFiles, AreReadByAReaderOfMoreThanItKeepsOpen) {
  DataWal kv = open();
  for (int round = 0; round < 60; ++round) put_all(kv, std::to_string(round));
  DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam()});
  const RecordLogReader log = must(RecordLogReader::open(store_.path()));
  ASSERT_GT(log.segments().size(), 200U);
  touch();
  EXPECT_EQ(contents_of(reader), wanted_);
  EXPECT_FALSE(must(reader.refresh()));
  EXPECT_EQ(read(log).error, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Reading, TouchedFiles, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
