// The reference implementation's stores: opened, listed and written again.

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/store_support.hpp"
#include "support/sha256.hpp"

namespace datawal {
namespace {

const std::filesystem::path fixtures = DATAWAL_FIXTURES;

class RecoveryOfFixtures : public testing::Test {
 protected:
  // Replaces the store by a copy of a fixture.
  void take(const std::string& fixture) {
    store_.clear();
    for (const auto& [name, content] : test::image_of(fixtures / fixture)) test::write_file(store_ / name, content);
  }

  void expect_unchanged_segments(const std::string& fixture) {
    test::Image now = store_.image();
    now.erase(".watermark");
    EXPECT_TRUE(now == test::image_of(fixtures / fixture));
  }

  test::Store store_;
};

TEST_F(RecoveryOfFixtures, OpensTheSoundOnesAndChangesNothing) {
  for (const char* fixture :
       {"corpus/valid_log", "corpus/delete_tombstone", "corpus/compact_to_output", "mixed/store", "mixed/compacted"}) {
    SCOPED_TRACE(fixture);
    take(fixture);
    std::uint64_t expected = 0;
    for (const auto& [name, content] : test::image_of(fixtures / fixture)) {
      expected += test::reference_walk(1, content).records.size();
    }
    EXPECT_GE(expected, 2U);
    RecordLog log = store_.open();
    EXPECT_EQ(log.recovery_report().records_replayed, expected);
    EXPECT_FALSE(log.recovery_report().tail_truncated);
    ASSERT_TRUE(test::ok(log.close()));
    expect_unchanged_segments(fixture);
  }
}

TEST_F(RecoveryOfFixtures, CutsTheTruncatedTail) {
  take("corpus/truncated_tail");
  const std::string whole = store_.get(1);
  RecordLog log = store_.open();
  EXPECT_TRUE(log.recovery_report().tail_truncated);
  EXPECT_EQ(log.recovery_report().tail_bytes_discarded, 28U);
  EXPECT_EQ(log.recovery_report().records_replayed, 2U);
  EXPECT_EQ(store_.get(1), whole.substr(0, 62));
  EXPECT_EQ(test::read_file(store_ / "00000001.dwal.torn-62"), whole.substr(62));
}

TEST_F(RecoveryOfFixtures, RefusesTheWrongChecksumInASealedSegment) {
  take("corpus/bad_crc");
  const Result<RecordLog> log = RecordLog::open(store_.path());
  ASSERT_TRUE(test::refused(log, Errc::corruption));
  EXPECT_EQ(log.error().segment, 2U);
  EXPECT_EQ(log.error().offset, 0U);
  EXPECT_THAT(log.error().message(), testing::HasSubstr("checksum"));
  EXPECT_TRUE(store_.image() == test::image_of(fixtures / "corpus/bad_crc"));
}

TEST_F(RecoveryOfFixtures, RefusesTheUnknownVersion) {
  take("corpus/unknown_version");
  const Result<RecordLog> log = RecordLog::open(store_.path());
  ASSERT_TRUE(test::refused(log, Errc::unsupported_version));
  EXPECT_EQ(log.error().segment, 1U);
  EXPECT_EQ(log.error().offset, 0U);
  EXPECT_TRUE(store_.image() == test::image_of(fixtures / "corpus/unknown_version"));
}

std::string_view name_of(RecordType type) {
  switch (type) {
    case RecordType::Raw: return "Raw";
    case RecordType::Put: return "Put";
    case RecordType::Delete: return "Delete";
  }
  return "?";
}

TEST_F(RecoveryOfFixtures, ListsTheMixedStoreAsTheReferenceDoes) {
  take("mixed/store");
  const RecordLog log = store_.open();
  std::ostringstream listing;
  listing << "segment offset len type txid key_len key_sha256_16 payload_len payload_sha256_16\n";
  for (const Record& record : test::must(log.scan())) {
    listing << record.ref.segment << ' ' << record.ref.offset << ' ' << record.ref.len << ' ' << name_of(record.type)
            << ' ' << record.txid << ' ' << record.key.size() << ' ' << test::Sha256::hex(record.key).substr(0, 16)
            << ' ' << record.payload.size() << ' ' << test::Sha256::hex(record.payload).substr(0, 16) << '\n';
  }
  EXPECT_EQ(listing.str(), test::read_file(fixtures / "mixed/scan.txt"));
}

TEST_F(RecoveryOfFixtures, ReportsTheMixedStoreAsTheReferenceDoes) {
  take("mixed/store");
  const RecordLog log = store_.open();
  const RecoveryReport& report = log.recovery_report();
  std::ostringstream text;
  text << "files_scanned=" << report.files_scanned << "\nrecords_replayed=" << report.records_replayed
       << "\ntail_truncated=" << report.tail_truncated << "\ntail_bytes_discarded=" << report.tail_bytes_discarded
       << "\nmid_stream_errors=" << report.mid_stream_errors << "\nunsupported_versions=" << report.unsupported_versions
       << "\nlast_txid_seen=" << report.last_txid_seen << '\n';
  EXPECT_EQ(text.str(), test::read_file(fixtures / "mixed/report.txt"));
}

TEST_F(RecoveryOfFixtures, AreTheBytesThatTheSameCallsWrite) {
  for (const char* fixture : {"mixed/store", "mixed/compacted", "corpus/valid_log", "corpus/delete_tombstone"}) {
    SCOPED_TRACE(fixture);
    store_.clear();
    {
      RecordLog log = store_.open();
      std::uint32_t segment = 0;
      for (const auto& [name, content] : test::image_of(fixtures / fixture)) {
        if (segment++ > 0) {
          ASSERT_TRUE(test::ok(log.rotate()));
        }
        for (const test::Listed& record : test::reference_walk(segment, content).records) {
          const Result<RecordRef> ref = record.type == 0 && record.key.empty()
                                            ? log.append(record.payload)
                                            : log.append_record(RecordType{static_cast<std::uint8_t>(record.type)},
                                                                record.key, record.payload);
          ASSERT_TRUE(test::ok(ref));
          EXPECT_EQ(*ref, test::ref_of(segment, record.offset, record.txid,
                                       test::reference_encode(record.type, record.txid, record.key, record.payload)));
        }
      }
      ASSERT_TRUE(test::ok(log.close()));
    }
    expect_unchanged_segments(fixture);
  }
}

}  // namespace
}  // namespace datawal
