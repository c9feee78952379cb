// The stores that the reference implementation wrote, segment by segment.

#include <sstream>

#include <gtest/gtest.h>

#include <datawal/format.hpp>

#include "support/files.hpp"
#include "support/hex.hpp"
#include "support/printing.hpp"
#include "support/sha256.hpp"

namespace datawal::format {
namespace {

const std::filesystem::path fixtures = DATAWAL_FIXTURES;

std::string short_hash(std::string_view bytes) { return test::Sha256::hex(bytes).substr(0, 16); }

TEST(Fixtures, HashOfThisSuiteIsSha256) {
  EXPECT_EQ(test::Sha256::hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(test::Sha256::hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(test::Sha256::hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

struct Walk {
  std::size_t records = 0;
  std::size_t end = 0;  // of the last record
  Stop stop = Stop::none;
};

// Hands each record and its offset to `each`.
template <class Each>
Walk walk(std::string_view segment, Each each) {
  Walk done;
  for (;;) {
    const DecodeOutcome outcome = decode_next(segment.substr(done.end));
    done.stop = outcome.stop;
    if (!outcome) return done;
    each(done.end, outcome.record);
    ++done.records;
    done.end += outcome.record.len;
  }
}

TEST(Fixtures, OfTheCorpusStopWhereTheirNamesSay) {
  static constexpr struct {
    const char* file;
    std::size_t records;
    std::size_t end;
    Stop stop;
  } rows[] = {
      {"valid_log/00000001.dwal", 3, 98, Stop::end_of_input},
      {"delete_tombstone/00000001.dwal", 4, 133, Stop::end_of_input},
      {"compact_to_output/00000001.dwal", 2, 75, Stop::end_of_input},
      {"truncated_tail/00000001.dwal", 2, 62, Stop::body_cut},
      {"unknown_version/00000001.dwal", 0, 0, Stop::unknown_version},
      {"bad_crc/00000001.dwal", 1, 32, Stop::end_of_input},
      {"bad_crc/00000002.dwal", 0, 0, Stop::crc_mismatch},
      {"bad_crc/00000003.dwal", 1, 33, Stop::end_of_input},
  };
  for (const auto& row : rows) {
    const std::string segment = test::read_file(fixtures / "corpus" / row.file);
    const Walk done = walk(segment, [](std::size_t, const DecodedRecord&) {});
    EXPECT_EQ(done.records, row.records) << row.file;
    EXPECT_EQ(done.end, row.end) << row.file;
    EXPECT_EQ(done.stop, row.stop) << row.file;
  }
}

std::string_view name_of(RecordType type) {
  switch (type) {
    case RecordType::Raw: return "Raw";
    case RecordType::Put: return "Put";
    case RecordType::Delete: return "Delete";
  }
  return "?";
}

TEST(Fixtures, OfTheMixedStoreReadAsListed) {
  std::ostringstream listing;
  listing << "segment offset len type txid key_len key_sha256_16 payload_len payload_sha256_16\n";
  for (int id = 1; id <= 3; ++id) {
    const std::string segment = test::read_file(fixtures / "mixed/store" / ("0000000" + std::to_string(id) + ".dwal"));
    const Walk done = walk(segment, [&](std::size_t offset, const DecodedRecord& record) {
      listing << id << ' ' << offset << ' ' << record.len << ' ' << name_of(record.type) << ' ' << record.txid << ' '
              << record.key.size() << ' ' << short_hash(record.key) << ' ' << record.payload.size() << ' '
              << short_hash(record.payload) << '\n';
    });
    EXPECT_EQ(done.stop, Stop::end_of_input) << id;
    EXPECT_EQ(done.end, segment.size()) << id;
  }
  EXPECT_EQ(listing.str(), test::read_file(fixtures / "mixed/scan.txt"));
}

TEST(Fixtures, AreTheBytesThatWeWriteForTheSameRecords) {
  for (const char* file : {"mixed/store/00000001.dwal", "mixed/store/00000002.dwal", "mixed/store/00000003.dwal",
                           "mixed/compacted/00000001.dwal", "corpus/delete_tombstone/00000001.dwal"}) {
    const std::string segment = test::read_file(fixtures / file);
    const Walk done = walk(segment, [&](std::size_t offset, const DecodedRecord& record) {
      std::string frame(record.len, '\0');
      ASSERT_EQ(encode(record.type, record.txid, record.key, record.payload, frame), frame.size());
      ASSERT_TRUE(frame == segment.substr(offset, record.len)) << file << " at " << offset;
    });
    EXPECT_EQ(done.end, segment.size()) << file;
  }
}

}  // namespace
}  // namespace datawal::format
