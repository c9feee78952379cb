// What is a key and a value, and what is not.

#include "kv/kv_support.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

class Records : public testing::TestWithParam<ReadPath> {
 protected:
  [[nodiscard]] OpenOptions options() const { return {.read_path = GetParam()}; }
  [[nodiscard]] DataWal open() const { return open_kv(store_.path(), options()); }
  [[nodiscard]] DataWalReader open_reader() const { return open_kv_reader(store_.path(), {.read_path = GetParam()}); }

  Store store_;
};

TEST_P(Records, ThatAreRawAreInvisibleAndSurvive) {
  append_plain(store_.path(), {{RecordType::Raw, "", "event 1"}, {RecordType::Raw, "k", "no value"}});
  {
    DataWal kv = open();
    EXPECT_TRUE(kv.empty());
    EXPECT_TRUE(lacks(kv, "k"));
    EXPECT_TRUE(lacks(kv, ""));
    must(kv.put("k", "v"));
    must(kv.erase("k"));
    must(kv.put("", "empty"));
    EXPECT_EQ(kv.stats().raw_records, 2U);
  }
  append_plain(store_.path(), {{RecordType::Raw, "", "event 2"}});
  EXPECT_EQ(contents_of(open()), (Contents{{"", "empty"}}));
  EXPECT_EQ(contents_of(open_reader()), (Contents{{"", "empty"}}));
  using Raw = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(raw_records_of(store_.path()), (Raw{{"", "event 1"}, {"k", "no value"}, {"", "event 2"}}));
}

TEST_P(Records, ThatAreRawWithAKeyLeaveItsValueAlone) {
  append_plain(store_.path(), {{RecordType::Put, "k", "v"}, {RecordType::Raw, "k", "other"}});
  EXPECT_TRUE(has(open(), "k", "v"));
  EXPECT_TRUE(has(open_reader(), "k", "v"));
}

TEST_P(Records, ThatAreDeletesWithAPayloadDelete) {
  append_plain(store_.path(), {{RecordType::Put, "k", "v"}, {RecordType::Delete, "k", "reason"}});
  EXPECT_TRUE(lacks(open(), "k"));
  EXPECT_TRUE(lacks(open_reader(), "k"));
  EXPECT_EQ(open().size(), 0U);
}

TEST_P(Records, OfTheEmptyKeyAndTheEmptyValueAreLikeAnyOther) {
  {
    DataWal kv = open();
    must(kv.put("", ""));
    EXPECT_TRUE(has(kv, "", ""));
    EXPECT_EQ(kv.size(), 1U);
    must(kv.put("k", ""));
    EXPECT_EQ(must(kv.keys()), (std::vector<std::string>{"", "k"}));
  }
  EXPECT_TRUE(has(open(), "", ""));
  {
    DataWal kv = open();
    must(kv.erase(""));
    EXPECT_TRUE(lacks(kv, ""));
  }
  EXPECT_TRUE(lacks(open(), ""));
  EXPECT_TRUE(has(open(), "k", ""));
}

TEST_P(Records, MayBeAsLongAsTheFormatAllows) {
  const std::string key(max_key_len, 'k');
  const std::string value(max_payload_len, 'v');
  {
    DataWal kv = open();
    must(kv.put(key, "key"));
    must(kv.put("value", value));
    EXPECT_TRUE(has(kv, key, "key"));
    EXPECT_TRUE(has(kv, "value", value));
    must(kv.put(key, value));
  }
  const DataWal kv = open();
  EXPECT_TRUE(has(kv, key, value));
  EXPECT_TRUE(has(kv, "value", value));
  EXPECT_TRUE(has(open_reader(), key, value));
  EXPECT_TRUE(lacks(kv, key.substr(1)));
}

TEST_P(Records, OverTheLimitAreRefusedAndNothingIsAppended) {
  DataWal kv = open();
  must(kv.put("k", "v"));
  const Image before = store_.image();
  EXPECT_TRUE(refused(kv.put(std::string(max_key_len + 1, 'k'), "v"), Errc::invalid_argument));
  EXPECT_TRUE(refused(kv.erase(std::string(max_key_len + 1, 'k')), Errc::invalid_argument));
  EXPECT_TRUE(refused(kv.put("k", std::string(max_payload_len + 1, 'v')), Errc::invalid_argument));
  EXPECT_TRUE(lacks(kv, std::string(max_key_len + 1, 'k')));
  EXPECT_EQ(store_.image(), before);
  EXPECT_TRUE(has(kv, "k", "v"));
  EXPECT_EQ(kv.size(), 1U);
}

TEST_P(Records, OfAnEraseAreAppendedThoughTheKeyIsAbsent) {
  {
    DataWal kv = open();
    must(kv.erase("nobody"));
    EXPECT_EQ(kv.log().last_txid(), 1U);
  }
  EXPECT_EQ(store_.get(1), reference_encode(2, 1, "nobody", ""));
  EXPECT_EQ(open().size(), 0U);
}

TEST_P(Records, LongerThanASegmentGetOneOfTheirOwn) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 100, .read_path = GetParam()});
  Contents wanted;
  for (const std::size_t bytes : {10, 5000, 10, 70, 100'000, 0}) {
    const std::string key = "key " + std::to_string(wanted.size());
    wanted[key] = std::string(bytes, 'v');
    must(kv.put(key, wanted[key]));
    EXPECT_EQ(contents_of(kv), wanted);
    for (const auto& [known, value] : wanted) EXPECT_TRUE(has(kv, known, value));
  }
}

TEST_P(Records, OfManyKeysAreEachFound) {
  std::mt19937_64 random = seeded_random();
  const std::uint64_t first = random();
  constexpr std::uint64_t count = 200'000;
  const auto key_of = [first](std::uint64_t n) { return std::to_string(first + n); };
  {
    DataWal kv = open();
    for (std::uint64_t n = 0; n < count; ++n) must(kv.put(key_of(n), std::to_string(n)));
    for (std::uint64_t n = 0; n < count; n += 3) must(kv.erase(key_of(n)));
  }
  const DataWal kv = open();
  std::uint64_t wrong = 0;
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::optional<std::string> value = must(kv.get(key_of(n)));
    if (value != (n % 3 == 0 ? std::nullopt : std::optional(std::to_string(n)))) ++wrong;
    if (must(kv.get(key_of(n) + "x"))) ++wrong;
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(kv.size(), count - (count + 2) / 3);
}

INSTANTIATE_TEST_SUITE_P(Reading, Records, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
