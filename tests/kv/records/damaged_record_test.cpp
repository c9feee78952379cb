// A live record that went bad: an error with its place, never an absence and never another key's value.

#include <functional>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

// "sealed" lies in segment 1, "active" in segment 2; both have neighbours before and behind them.
class DamagedRecord : public testing::TestWithParam<ReadPath> {
 protected:
  DamagedRecord() : kv_(open_kv(store_.path(), {.max_segment_bytes = 140, .read_path = GetParam()})) {
    for (const char* key : {"before", "sealed", "behind", "active", "newest"}) must(kv_.put(key, value_of(key)));
    must(kv_.fsync());
  }

  static std::string value_of(std::string_view key) { return "value of " + std::string(key); }

  // Calls `check` with each byte of the record of `key` inverted in turn, and puts it right again.
  void for_each_byte(std::string_view key, const std::function<void(const RecordRef&)>& check) {
    const RecordRef ref = must(kv_.ref_of(key)).value();
    for (std::uint64_t n = 0; n < ref.len; ++n) {
      SCOPED_TRACE(std::string(key) + ", byte " + std::to_string(n));
      damage(store_.segment(ref.segment), ref.offset + n);
      check(ref);
      damage(store_.segment(ref.segment), ref.offset + n);
      EXPECT_TRUE(has(kv_, key, value_of(key)));
    }
  }

  template <class T>
  static void expect_named(const Result<T>& result, const RecordRef& ref) {
    ASSERT_TRUE(refused(result, Errc::corruption));
    EXPECT_EQ(result.error().segment, ref.segment);
    EXPECT_EQ(result.error().offset, ref.offset);
  }

  Store store_;
  DataWal kv_;
};

TEST_P(DamagedRecord, LiesWhereTheOtherTestsBelieveItToLie) {
  EXPECT_EQ(must(kv_.ref_of("sealed"))->segment, 1U);
  EXPECT_EQ(must(kv_.ref_of("active"))->segment, 2U);
}

TEST_P(DamagedRecord, IsAnErrorWithItsPlaceAndNotAbsent) {
  for (const char* key : {"sealed", "active"}) {
    for_each_byte(key, [&](const RecordRef& ref) {
      expect_named(kv_.get(key), ref);
      expect_named(kv_.contains(key), ref);
      expect_named(kv_.ref_of(key), ref);
    });
  }
}

TEST_P(DamagedRecord, IsNotReplacedAndNotRemoved) {
  for (const char* key : {"sealed", "active"}) {
    for_each_byte(key, [&](const RecordRef& ref) {
      const Image before = store_.image();
      const std::uint64_t txid = kv_.log().last_txid();
      expect_named(kv_.put(key, "new"), ref);
      expect_named(kv_.erase(key), ref);
      EXPECT_EQ(kv_.log().last_txid(), txid);
      EXPECT_EQ(kv_.size(), 5U);
      EXPECT_EQ(store_.image(), before);
    });
  }
}

TEST_P(DamagedRecord, DoesNotTouchTheOtherKeys) {
  for_each_byte("sealed", [&](const RecordRef&) {
    for (const char* key : {"before", "behind", "active", "newest"}) EXPECT_TRUE(has(kv_, key, value_of(key)));
    EXPECT_TRUE(lacks(kv_, "absent"));
    EXPECT_TRUE(ok(kv_.put("newest", value_of("newest"))));
  });
}

TEST_P(DamagedRecord, EndsEveryWalkWithItsPlace) {
  for (const char* key : {"sealed", "active"}) {
    const RecordRef ref = must(kv_.ref_of(key)).value();
    damage(store_.segment(ref.segment), ref.offset + ref.len - 5);  // in the value
    expect_named(kv_.for_each([](std::string_view, std::string_view) { return true; }), ref);
    expect_named(kv_.keys(), ref);
    expect_named(kv_.items(), ref);
    expect_named(kv_.export_jsonl(store_.beside("export")), ref);
    expect_named(kv_.compact_to(store_.beside("target")), ref);
    EXPECT_FALSE(std::filesystem::exists(store_.beside("export")));
    EXPECT_EQ(names_in(store_.beside("target")), std::vector<std::string>());
    damage(store_.segment(ref.segment), ref.offset + ref.len - 5);
  }
}

TEST_P(DamagedRecord, IsReadAgainOnceItIsWhole) {
  for_each_byte("active", [](const RecordRef&) {});
  EXPECT_EQ(contents_of(kv_).size(), 5U);
}

TEST_P(DamagedRecord, OfAnotherKeyThatIsWholeIsNotTakenForIt) {
  // Somebody writes a sound record of another key, just as long, over the one that the index points at.
  const RecordRef ref = must(kv_.ref_of("active")).value();
  overwrite(store_.segment(ref.segment), ref.offset, reference_encode(1, ref.txid, "others", "value of others"));
  const Result<std::optional<std::string>> got = kv_.get("active");
  EXPECT_TRUE(!got || !*got) << **got;
}

INSTANTIATE_TEST_SUITE_P(Reading, DamagedRecord, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

class TornTail : public testing::TestWithParam<ReadPath> {};

// The history in which the reference, whose index counts from the last record that it could read while the file goes on behind
// the torn bytes, returns another key's value.
TEST_P(TornTail, NeverMakesAKeyShowAnotherKeysValue) {
  const Store store;
  const OpenOptions options{.read_path = GetParam()};
  const Contents before{{"alpha", "1111"}, {"beta", "2222"}};
  fill(store.path(), before);
  const std::string torn = reference_encode(1, 3, "gamma", "3333");
  for (std::size_t cut = 1; cut < torn.size(); ++cut) {
    SCOPED_TRACE(std::to_string(cut) + " bytes");
    const Store copy;
    copy.put(1, store.get(1) + torn.substr(0, cut));
    Contents wanted = before;
    {
      DataWal kv = open_kv(copy.path(), options);
      const RecoveryReport& report = kv.log().recovery_report();
      EXPECT_EQ(report.tail_bytes_discarded + report.preallocated_bytes, cut) << "zeros at the end are no torn bytes";
      for (const auto& [key, value] : Contents{{"delta", "4444"}, {"alpha", "5555"}, {"omega", "6666"}}) {
        must(kv.put(key, value));
        wanted[key] = value;
        for (const auto& [known, its_value] : wanted) EXPECT_TRUE(has(kv, known, its_value));
      }
      EXPECT_TRUE(lacks(kv, "gamma"));
      EXPECT_EQ(contents_of(kv), wanted);
    }
    EXPECT_EQ(contents_of(open_kv(copy.path(), options)), wanted);
    EXPECT_EQ(contents_of(open_kv_reader(copy.path(), {.read_path = GetParam()})), wanted);
    EXPECT_EQ(reference_walk(1, copy.get(1)).end, copy.get(1).size()) << "bytes that are no record stand in the log";
  }
}

INSTANTIATE_TEST_SUITE_P(Reading, TornTail, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

// Recovery puts a copy in the place of a file that has a second name; from then on only that copy grows.
TEST(LinkedSegment, IsReadFromTheCopyThatTookItsPlace) {
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    const Store store;
    fill(store.path(), {{"a", "1"}});
    {
      must(open_kv(store.path()).put("a", "2"));
    }  // so that the replay looks at a record
    std::filesystem::create_hard_link(store.segment(1), store.beside("link"));
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 120, .read_path = path});
    must(kv.put("b", "in the copy alone"));
    must(kv.put("c", std::string(100, 'c')));
    ASSERT_EQ(must(kv.ref_of("b"))->segment, 1U);
    ASSERT_EQ(must(kv.ref_of("c"))->segment, 2U);
    EXPECT_TRUE(has(kv, "a", "2"));
    EXPECT_TRUE(has(kv, "b", "in the copy alone"));
  }
}

}  // namespace
}  // namespace datawal::test
