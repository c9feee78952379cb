// What append takes, refuses and numbers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/write_paths.hpp"

namespace datawal {
namespace {

using RecordLogAppend = test::OnBothWritePaths;
INSTANTIATE_TEST_SUITE_P(, RecordLogAppend, test::both_write_paths, test::name_of_path);

TEST_P(RecordLogAppend, SaysWhereTheRecordWent) {
  RecordLog log = store_.open();
  EXPECT_EQ(test::must(log.append("first")), test::ref_of(1, 0, 1, test::reference_encode(0, 1, "", "first")));
  EXPECT_EQ(test::must(log.append("")), test::ref_of(1, 33, 2, test::reference_encode(0, 2, "", "")));
  EXPECT_EQ(test::must(log.append_record(RecordType::Put, "k", "v")),
            test::ref_of(1, 61, 3, test::reference_encode(1, 3, "k", "v")));
  EXPECT_EQ(test::must(log.append_record(RecordType::Delete, "k", "")),
            test::ref_of(1, 91, 4, test::reference_encode(2, 4, "k", "")));
  EXPECT_EQ(log.last_txid(), 4U);
}

TEST_P(RecordLogAppend, WritesTheBytesOfTheFormat) {
  RecordLog log = store_.open();
  test::must(log.append("first"));
  test::must(log.append_record(RecordType::Raw, "a key", "keyed"));
  test::must(log.append_record(RecordType::Put, "", ""));
  test::must(log.append_record(RecordType::Delete, "k", "with a payload"));
  test::must(log.close());
  EXPECT_EQ(store_.get(1), test::reference_encode(0, 1, "", "first") + test::reference_encode(0, 2, "a key", "keyed") +
                               test::reference_encode(1, 3, "", "") +
                               test::reference_encode(2, 4, "k", "with a payload"));
}

TEST_P(RecordLogAppend, TakesAnyBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  all += "DWAL" + test::raw_frame(7, "a record in a record");
  {
    RecordLog log = store_.open();
    test::must(log.append_record(RecordType::Put, all, all));
    test::must(log.append("next"));
  }
  const std::vector<Record> records = test::must(store_.open().scan());
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].key, all);
  EXPECT_EQ(records[0].payload, all);
  EXPECT_EQ(records[1].payload, "next");
}

TEST_P(RecordLogAppend, TakesTheLongestKeyAndTheLongestPayload) {
  const std::string key(max_key_len, 'k');
  const std::string payload(max_payload_len, 'p');
  {
    RecordLog log = store_.open();
    EXPECT_EQ(test::must(log.append_record(RecordType::Put, key, payload)).len, 28U + max_key_len + max_payload_len);
    test::must(log.append("behind it"));
  }
  RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().records_replayed, 2U);
  const std::vector<Record> records = test::must(log.scan());
  EXPECT_TRUE(records.at(0).key == key && records.at(0).payload == payload);
  EXPECT_EQ(records.at(1).payload, "behind it");
}

TEST_P(RecordLogAppend, RefusesLongerOnesAndWritesNothing) {
  RecordLog log = store_.open();
  const std::string key(std::size_t{max_key_len} + 1, 'k');
  EXPECT_TRUE(test::refused(log.append_record(RecordType::Put, key, ""), Errc::invalid_argument));
  EXPECT_TRUE(test::refused(log.append(std::string(std::size_t{max_payload_len} + 1, 'p')), Errc::invalid_argument));
  EXPECT_TRUE(test::refused(log.append_record(RecordType{3}, "", ""), Errc::invalid_argument));
  EXPECT_EQ(store_.get(1), "");
  EXPECT_EQ(test::must(log.append("fits")).txid, 1U) << "a refused record has no txid";
}

TEST_P(RecordLogAppend, NumbersOnThroughRotationsAndOpenings) {
  std::uint64_t wanted = 0;
  for (int opening = 0; opening < 4; ++opening) {
    RecordLog log = store_.open();
    EXPECT_EQ(log.last_txid(), wanted);
    EXPECT_EQ(test::must(log.append("a")).txid, ++wanted);
    test::must(log.rotate());
    EXPECT_EQ(test::must(log.append("b")).txid, ++wanted);
    EXPECT_EQ(log.last_txid(), wanted);
  }
  const RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().txid_gaps, 0U);
  EXPECT_EQ(log.recovery_report().last_txid_seen, 8U);
}

TEST_P(RecordLogAppend, NumbersOnThroughOpeningsThatAppendNothing) {
  {
    RecordLog log = store_.open();
    test::must(log.append("one"));
    test::must(log.rotate());
  }
  for (int opening = 0; opening < 3; ++opening) EXPECT_EQ(store_.open().last_txid(), 1U);
  RecordLog log = store_.open();
  EXPECT_EQ(test::must(log.append("two")).txid, 2U);
}

TEST_P(RecordLogAppend, RefusesToNumberBeyondTheLastTxid) {
  store_.put(1, test::raw_frame(~std::uint64_t{0} - 1, "the last but one"));
  RecordLog log = store_.open();
  EXPECT_EQ(test::must(log.append("the last")).txid, ~std::uint64_t{0});
  EXPECT_TRUE(test::refused(log.append("one too many"), Errc::invalid_argument));
  EXPECT_EQ(test::must(log.scan()).size(), 2U);
}

TEST_P(RecordLogAppend, IsDurableWhenASyncBehindItSucceeded) {
  RecordLog log = store_.open();
  test::must(log.append("one"));
  EXPECT_EQ(log.durable_txid(), 0U);
  test::must(log.append("two", {.sync = true}));
  EXPECT_EQ(log.durable_txid(), 2U);
  test::must(log.append("three"));
  test::must(log.fsync());
  EXPECT_EQ(log.durable_txid(), 3U);
  test::must(log.append("four"));
  EXPECT_EQ(log.durable_txid(), 3U);
  test::must(log.rotate());
  EXPECT_EQ(log.durable_txid(), 4U);
  test::must(log.append("five"));
  test::must(log.close());
  EXPECT_EQ(log.durable_txid(), 5U);
}

TEST_P(RecordLogAppend, IsDurableAtOnceWhereThePolicySaysSo) {
  RecordLog log = store_.open({.sync_policy = SyncPolicy::every_append()});
  test::must(log.append("one"));
  EXPECT_EQ(log.durable_txid(), 1U);
  test::must(log.append_record(RecordType::Put, "k", "v"));
  EXPECT_EQ(log.durable_txid(), 2U);
}

TEST_P(RecordLogAppend, IsSeenByTheNextScanAndNotByACursorFromBefore) {
  RecordLog log = store_.open();
  test::must(log.append("one"));
  RecordCursor cursor = log.records();
  test::must(log.append("two"));
  EXPECT_EQ(test::must(log.scan()).size(), 2U);
  EXPECT_TRUE(test::must(cursor.next()).has_value());
  EXPECT_FALSE(test::must(cursor.next()).has_value());
}

}  // namespace
}  // namespace datawal
