// put_if() and erase_if(): done if the key's newest record is what is expected, and in one step with that.

#include <atomic>
#include <charconv>
#include <thread>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

class Conditional : public testing::TestWithParam<ReadPath> {
 protected:
  Conditional() : kv_(open()) {}

  DataWal open() { return open_kv(store_.path(), {.max_segment_bytes = 2000, .read_path = GetParam()}); }
  RecordRef ref_of(std::string_view key) { return must(kv_.ref_of(key)).value(); }

  // Nothing was changed by a call that `outcome` tells of, and `there` is what it met.
  void expect_not_done(const ChangeOutcome& outcome, const std::optional<RecordRef>& there) {
    EXPECT_FALSE(outcome.is_done);
    EXPECT_EQ(outcome.ref, std::nullopt);
    EXPECT_EQ(outcome.previous, there);
    EXPECT_EQ(kv_.log().last_txid(), txid_before_);
  }
  void note_txid() { txid_before_ = kv_.log().last_txid(); }

  Store store_;
  DataWal kv_;
  std::uint64_t txid_before_ = 0;
};

INSTANTIATE_TEST_SUITE_P(ReadPaths, Conditional, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

TEST_P(Conditional, PutOfAnAbsentKeyIsDoneOnce) {
  const ChangeOutcome first = must(kv_.put_if("a", Expect::absent(), "1"));
  EXPECT_TRUE(first.is_done);
  EXPECT_EQ(first.previous, std::nullopt);
  EXPECT_EQ(first.ref, ref_of("a"));
  note_txid();
  expect_not_done(must(kv_.put_if("a", Expect::absent(), "2")), first.ref);
  EXPECT_TRUE(has(kv_, "a", "1"));
}

TEST_P(Conditional, PutReplacesTheRecordThatWasReadAndNoOther) {
  must(kv_.put("a", "1"));
  const StoredValue read = must(kv_.find("a")).value();
  EXPECT_EQ(read.value, "1");
  EXPECT_EQ(read.ref, ref_of("a"));
  const ChangeOutcome done = must(kv_.put_if("a", read.ref, "2"));
  EXPECT_TRUE(done.is_done);
  EXPECT_EQ(done.previous, read.ref);
  EXPECT_EQ(done.ref, ref_of("a"));
  note_txid();
  expect_not_done(must(kv_.put_if("a", read.ref, "3")), done.ref);
  EXPECT_TRUE(has(kv_, "a", "2"));
}

TEST_P(Conditional, EraseTakesTheRecordThatWasReadAndNoOther) {
  must(kv_.put("a", "expired"));
  const RecordRef expired = ref_of("a");
  must(kv_.put("a", "expired"));  // the same value, but put anew
  note_txid();
  expect_not_done(must(kv_.erase_if("a", expired)), ref_of("a"));
  EXPECT_TRUE(has(kv_, "a", "expired"));
  const RecordRef newest = ref_of("a");
  const ChangeOutcome done = must(kv_.erase_if("a", newest));
  EXPECT_TRUE(done.is_done);
  EXPECT_EQ(done.previous, newest);
  EXPECT_TRUE(lacks(kv_, "a"));
  note_txid();
  expect_not_done(must(kv_.erase_if("a", newest)), std::nullopt);
}

TEST_P(Conditional, ChangeThatExpectsAnythingTellsWhatThereWas) {
  EXPECT_EQ(must(kv_.put_if("a", Expect::anything(), "1")).previous, std::nullopt);
  const RecordRef first = ref_of("a");
  EXPECT_EQ(must(kv_.put_if("a", Expect::anything(), "2")).previous, first);
  EXPECT_TRUE(must(kv_.erase_if("a", Expect::anything())).previous.has_value());
  const ChangeOutcome again = must(kv_.erase_if("a", Expect::anything()));
  EXPECT_TRUE(again.is_done);
  EXPECT_FALSE(again.previous.has_value());
}

TEST_P(Conditional, ExpectationMayBeWhatRefOfTold) {
  EXPECT_TRUE(must(kv_.put_if("a", must(kv_.ref_of("a")), "1")).is_done);
  EXPECT_TRUE(must(kv_.put_if("a", must(kv_.ref_of("a")), "2")).is_done);
  EXPECT_TRUE(has(kv_, "a", "2"));
}

TEST_P(Conditional, RecordThatWasErasedAndPutAgainIsAnother) {
  must(kv_.put("a", "1"));
  const RecordRef first = ref_of("a");
  must(kv_.erase("a"));
  must(kv_.put("a", "1"));
  EXPECT_FALSE(must(kv_.put_if("a", first, "2")).is_done);
}

// Its txid, its place and its length were given to another record, after a loss of power.
TEST_P(Conditional, RecordWithTheSameTxidAndPlaceButAnotherChecksumIsAnother) {
  must(kv_.put("a", "pay Bob"));
  RecordRef lost = ref_of("a");
  lost.crc ^= 1;
  EXPECT_FALSE(must(kv_.put_if("a", lost, "2")).is_done);
  EXPECT_FALSE(must(kv_.erase_if("a", lost)).is_done);
}

TEST_P(Conditional, RecordThatACompactionMovedIsTheSame) {
  must(kv_.put("first", std::string(500, 'f')));
  must(kv_.put("small", "1"));
  must(kv_.put("long", std::string(200'000, 'l')));
  must(kv_.put("erased", "1"));
  const RecordRef small = ref_of("small");
  const RecordRef longer = ref_of("long");
  const RecordRef erased = ref_of("erased");
  must(kv_.erase("first"));
  must(kv_.compact({.min_garbage_ratio = 0}));
  ASSERT_NE(ref_of("small"), small) << "nothing was moved";
  EXPECT_TRUE(is_same_record(ref_of("small"), small));
  EXPECT_TRUE(must(kv_.put_if("small", small, "2")).is_done);
  EXPECT_TRUE(must(kv_.put_if("long", longer, "2")).is_done);
  EXPECT_TRUE(must(kv_.erase_if("erased", erased)).is_done);
}

TEST_P(Conditional, LongRecordIsToldWithItsWholeRef) {
  must(kv_.put("a", std::string(1'000'000, 'v')));
  const RecordRef there = ref_of("a");
  note_txid();
  expect_not_done(must(kv_.put_if("a", Expect::absent(), "2")), there);
  RecordRef other = there;
  other.crc ^= 1;
  expect_not_done(must(kv_.put_if("a", other, "2")), there);
  EXPECT_EQ(must(kv_.put_if("a", there, "2")).previous, there);
}

TEST_P(Conditional, ChangeOfADamagedRecordIsAnErrorWhateverIsExpected) {
  must(kv_.put("a", "value"));
  must(kv_.fsync());
  const RecordRef ref = ref_of("a");
  damage(store_.segment(ref.segment), ref.offset + ref.len - 5);
  note_txid();
  for (const Expect& expected : {Expect(ref), Expect::absent(), Expect::anything()}) {
    EXPECT_TRUE(refused(kv_.put_if("a", expected, "2"), Errc::corruption));
    EXPECT_TRUE(refused(kv_.erase_if("a", expected), Errc::corruption));
  }
  EXPECT_TRUE(refused(kv_.find("a"), Errc::corruption));
  EXPECT_EQ(kv_.log().last_txid(), txid_before_);
}

TEST_P(Conditional, ChangeThatIsSyncedIsDurable) {
  must(kv_.put("before", "1"));
  const ChangeOutcome done = must(kv_.put_if("a", Expect::absent(), "1", {.sync = true}));
  EXPECT_GE(kv_.log().durable_txid(), done.ref->txid);
}

TEST_P(Conditional, ChangeBehindABatchMeetsTheLastOfItsRecords) {
  Batch batch;
  batch.put("a", "1");
  batch.erase("a");
  batch.put("a", "2");
  must(kv_.write(batch));
  const ChangeOutcome met = must(kv_.put_if("a", Expect::absent(), "3"));
  EXPECT_FALSE(met.is_done);
  EXPECT_EQ(met.previous, ref_of("a"));
  EXPECT_TRUE(must(kv_.put_if("a", *met.previous, "3")).is_done);
}

// With threads.

int number_of(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class ConditionalConcurrency : public Conditional {
 protected:
  void increment(const std::string& key, const WriteOptions& options) {
    for (;;) {
      const std::optional<StoredValue> seen = must(kv_.find(key));
      const std::string next = std::to_string(seen ? number_of(seen->value) + 1 : 1);
      const Expect expected = seen ? Expect(seen->ref) : Expect::absent();
      if (must(kv_.put_if(key, expected, next, options)).is_done) return;
    }
  }

  // `rounds` of eight threads, while a ninth compacts and a tenth writes batches.
  void count_to(int rounds, const WriteOptions& options) {
    std::atomic<bool> is_over{false};
    std::jthread compacts([&] {
      while (!is_over) must(kv_.compact({.min_garbage_ratio = 0}));
    });
    std::jthread writes([&] {
      for (int n = 0; !is_over; ++n) {
        Batch batch;
        for (int i = 0; i < 10; ++i) batch.put("other " + std::to_string(i), std::to_string(n));
        must(kv_.write(batch));
        std::this_thread::yield();
      }
    });
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&] {
          for (int n = 0; n < rounds; ++n) increment("counter", options);
        });
      }
    }
    is_over = true;
  }
};

INSTANTIATE_TEST_SUITE_P(ReadPaths, ConditionalConcurrency, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

TEST_P(ConditionalConcurrency, LosesNoIncrement) {
  count_to(300, {});
  EXPECT_TRUE(has(kv_, "counter", "2400"));
  must(kv_.close());
  EXPECT_TRUE(has(open(), "counter", "2400"));
}

TEST_P(ConditionalConcurrency, LosesNoIncrementWhereEachIsSynced) {
  count_to(10, {.sync = true});
  EXPECT_TRUE(has(kv_, "counter", "80"));
}

// Whoever erases what has expired looks first and erases then; what was put in between stays.
TEST_P(ConditionalConcurrency, EraseOfWhatHasExpiredNeverTakesWhatWasPutSince) {
  std::atomic<bool> is_over{false};
  std::jthread erases([&] {
    while (!is_over) {
      const std::optional<StoredValue> seen = must(kv_.find("a"));
      if (seen && seen->value.starts_with("expired")) must(kv_.erase_if("a", seen->ref));
    }
  });
  for (int n = 0; n < 3000; ++n) {
    must(kv_.put("a", "expired"));
    const std::string fresh = "fresh " + std::to_string(n);
    must(kv_.put("a", fresh));
    ASSERT_TRUE(has(kv_, "a", fresh));
  }
  is_over = true;
}

}  // namespace
}  // namespace datawal::test
