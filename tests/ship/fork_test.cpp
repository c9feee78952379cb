// What is not of the history of the stream is refused, never merged.

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ship/claim.hpp"
#include "ship/ship_fixture.hpp"
#include "ship/takeover.hpp"

namespace datawal::ship {
namespace {

using testing::HasSubstr;

TEST_F(Ship, AForkIsRefused) {
  append(at("log"), 10);
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 5, "one");
  append(at("copy"), 5, "another");
  (void)must(ship(at("log")));
  const Outcome<Shipped> shipped = ship(at("copy"));
  EXPECT_FALSE(shipped) << "it never shipped there";
  EXPECT_TRUE(fails_with(verify(*connect(), at("copy")), exit_other_history));
  // A copy of all, the hold too.
  std::filesystem::remove_all(at("copy"));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 5, "one");
  append(at("copy"), 5, "another");
  (void)must(ship(at("log")));
  EXPECT_TRUE(fails_with(ship(at("copy")), exit_other_history));
}

TEST_F(Ship, AnOlderCopyIsRefused) {
  append(at("log"), 10);
  (void)must(ship(at("log")));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 5);
  (void)must(ship(at("log")));
  const Outcome<Shipped> shipped = ship(at("copy"));
  ASSERT_TRUE(fails_with(shipped, exit_other_history));
  EXPECT_THAT(shipped.error().text, HasSubstr("Rebuild a store from the stream"));
}

TEST_F(Ship, AnOlderCopyIsNotTheSame) {
  append(at("log"), 10);
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  append(at("log"), 5);
  (void)must(ship(at("log")));
  append(at("copy"), 0);  // its writer makes it durable
  const Outcome<Verified> verified = verify(*connect(), at("copy"));
  ASSERT_TRUE(fails_with(verified, exit_other_history));
  EXPECT_THAT(verified.error().text, HasSubstr("ends with txid 10, and the stream with 15"));
}

// Copied to another disk, say: that it is all there is known once its writer has opened it.
TEST_F(Ship, ACopyThatIsNotKnownToBeDurableIsNoOtherHistory) {
  append(at("log"), 10);
  (void)must(ship(at("log")));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  const Outcome<Shipped> shipped = ship(at("copy"));
  ASSERT_TRUE(fails_with(shipped, exit_usage)) << "which a service tries again";
  EXPECT_THAT(shipped.error().text, HasSubstr("its writer"));
  EXPECT_TRUE(fails_with(verify(*connect(), at("copy")), exit_usage));
  append(at("copy"), 1);
  EXPECT_EQ(must(ship(at("copy"))).last, 11U);
}

// As if it began with its first record, since none is durable.
TEST_F(Ship, ACopyOfATrimmedStoreBeginsWhereItBegins) {
  append(at("log"), 300);
  {
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.drop_segments_before(3));
    must(log.close());
  }
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  EXPECT_FALSE(ship(at("copy")));
  append(at("copy"), 1);
  EXPECT_TRUE(fails_with(ship(at("copy")), exit_other_history));
}

TEST_F(Ship, AStoreWithoutItsBeginningOnlyIfThatIsSaid) {
  append(at("log"), 300);
  {
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.drop_segments_before(3));
    must(log.close());
  }
  EXPECT_TRUE(fails_with(ship(at("log")), exit_other_history));
  ShipOptions with = options(at("log"));
  with.from_here = true;
  EXPECT_GT(must(run(*connect(), with)).records, 0U);
  const Rebuilt rebuilt = must(rebuild(*connect(), at("again")));
  EXPECT_GT(rebuilt.floor, 0U);
  EXPECT_EQ(segments_of(at("again")), segments_of(at("log")));
}

// The parts of a record are held against the stream too, before the next one goes.
class ShipLongRecord : public Ship {
 protected:
  // "before", a record of some parts, "behind".
  static void append_long(const path& dir, const std::string& payload) {
    RecordLog log = must(RecordLog::open(dir));
    must(log.append(payload));
    must(log.append("behind"));
    must(log.close());
  }
  // Ships so many units.
  void ship_some(const path& dir, std::uint64_t units) const {
    std::atomic<bool> stop{false};
    ShipOptions with = options(dir);
    with.stop = &stop;
    with.on_unit = [&](const Shipped& shipped) { stop = shipped.units == units; };
    (void)must(run(*connect(), with));
  }
};

TEST_F(ShipLongRecord, AForkInsideIsRefused) {
  append(at("log"), 1, "before");
  (void)must(ship(at("log")));
  std::filesystem::copy(at("log"), at("older"), std::filesystem::copy_options::recursive);
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  std::string payload(20'000, 'x');
  append_long(at("log"), payload);
  payload.front() = 'y';  // in the first part, and the stream ends with the third one
  append_long(at("copy"), payload);
  ship_some(at("log"), 3);
  EXPECT_TRUE(fails_with(ship(at("copy")), exit_other_history)) << "another record in its place";
  append(at("older"), 0);  // its writer makes it durable
  EXPECT_TRUE(fails_with(ship(at("older")), exit_other_history)) << "no record in its place";
  append(at("older"), 1, "another one");
  EXPECT_TRUE(fails_with(ship(at("older")), exit_other_history)) << "a short one in its place";
  EXPECT_EQ(must(ship(at("log"))).last, 3U);
  EXPECT_EQ(must(verify(*connect(), at("log"))).compared, 3U);
}

// As where each batch ends with the same words: the last record alone says nothing.
TEST_F(Ship, AForkThatEndsWithTheSameRecordIsRefused) {
  append(at("log"), 2);
  (void)must(ship(at("log")));
  std::filesystem::copy(at("log"), at("copy"), std::filesystem::copy_options::recursive);
  for (const char* const name : {"log", "copy"}) {
    RecordLog log = must(RecordLog::open(at(name)));
    must(log.append(std::string("of the ") + name));
    must(log.append("end of batch"));
    must(log.close());
  }
  (void)must(ship(at("log")));
  EXPECT_TRUE(fails_with(ship(at("copy")), exit_other_history));
}

TEST_F(Ship, AStoreThatWasTrimmedBeyondTheStreamIsRefused) {
  append(at("log"), 100);
  (void)must(ship(at("log")));
  append(at("log"), 300);
  {
    must(drop_hold(at("log"), must(claims_of(at("log"), stream_name_)).front().hold_name()));
    RecordLog log = must(RecordLog::open(at("log")));
    must(log.drop_segments_before(4));
    must(log.close());
  }
  EXPECT_TRUE(fails_with(ship(at("log")), exit_other_history)) << "its claim is gone";
  EXPECT_TRUE(fails_with(take_over(*connect(), options(at("log"))), exit_other_history)) << "and so is the record";
}

}  // namespace
}  // namespace datawal::ship
