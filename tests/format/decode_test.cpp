#include <algorithm>

#include <gtest/gtest.h>

#include <datawal/format.hpp>

#include "format/frame.hpp"
#include "support/hex.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"

namespace datawal::format {
namespace {

using test::from_hex;

struct Row {
  const char *name, *hex;
  Stop want;
};

// In the order of the enumeration. A header is written as magic, version, type and flags, txid, key_len, payload_len.
constexpr Row rows[] = {
    {"a Raw record", "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706861 59e778f6", Stop::none},
    {"a record and garbage", "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706861 59e778f6 ffx40",
     Stop::none},

    {"nothing", "", Stop::end_of_input},

    {"one zero", "00", Stop::zeros},
    {"zeros, one less than a magic", "00x3", Stop::zeros},
    {"zeros, one less than a header", "00x23", Stop::zeros},
    {"zeros, a header's worth", "00x24", Stop::zeros},
    {"zeros, not a multiple of anything", "00x4097", Stop::zeros},

    {"one byte of a magic", "44", Stop::header_cut},
    {"a magic and no more", "4457414c", Stop::header_cut},
    {"one byte less than a header", "4457414c 0100 0000 0100000000000000 00000000 050000", Stop::header_cut},
    {"garbage shorter than a header", "ffx23", Stop::header_cut},
    {"another version, shorter than a header", "4457414c 0200", Stop::header_cut},
    {"zeros and one other byte, shorter than a header", "00x22 01", Stop::header_cut},
    {"a zero and one other byte", "00 01", Stop::header_cut},

    {"first byte of the magic did not land", "0057414c 0100 0000 0100000000000000 00x8", Stop::torn_magic},
    {"second byte of the magic did not land", "4400414c 0100 0000 0100000000000000 00x8", Stop::torn_magic},
    {"last byte of the magic did not land", "44574100 0100 0000 0100000000000000 00x8", Stop::torn_magic},
    {"first half of the magic did not land", "0000414c 0100 0000 0100000000000000 00x8", Stop::torn_magic},
    {"second half of the magic did not land", "44570000 0100 0000 0100000000000000 00x8", Stop::torn_magic},
    {"second half of the magic and the rest of the header did not land", "44570000 00x20", Stop::torn_magic},
    {"one byte of the magic landed", "00004100 0100 0000 0100000000000000 00x8", Stop::torn_magic},
    {"no byte of the magic landed", "00x4 0100 0000 0100000000000000 00x8", Stop::torn_magic},
    {"zeros, and far behind a byte", "00x4096 01", Stop::torn_magic},
    {"zeros, and the last byte of a header", "00x23 01", Stop::torn_magic},
    {"torn magic before an unknown version", "44574100 feca 0000 0100000000000000 00x8", Stop::torn_magic},

    {"no magic", "ffx24", Stop::bad_magic},
    {"a letter of the magic in lower case", "6457414c 0100 0000 0100000000000000 00x8", Stop::bad_magic},
    {"one bit of the magic flipped", "4457414d 0100 0000 0100000000000000 00x8", Stop::bad_magic},
    {"one byte of the magic wrong, the others zero", "00ff0000 0100 0000 0100000000000000 00x8", Stop::bad_magic},
    {"the magic backwards", "4c415744 0100 0000 0100000000000000 00x8", Stop::bad_magic},
    {"the magic one byte late", "004457414c 0100 0000 0100000000000000 00x8", Stop::bad_magic},
    {"no magic before an unknown version", "4457414d feca 0000 0100000000000000 00x8", Stop::bad_magic},

    {"header cut behind the magic, at the end", "4457414c 00x20", Stop::torn_header},
    {"header cut behind the magic, body landed", "4457414c 00x20 616c706861 59e778f6", Stop::torn_header},

    {"version 0, txid there", "4457414c 0000 0000 0100000000000000 00x8", Stop::unknown_version},
    {"version 0, last byte of the header there", "4457414c 00x19 01", Stop::unknown_version},
    {"version 0, type there", "4457414c 0000 0100 00x16", Stop::unknown_version},
    {"version 2", "4457414c 0200 0000 0100000000000000 00x8", Stop::unknown_version},
    {"version 256, which is 1 read backwards", "4457414c 0001 0000 0100000000000000 00x8", Stop::unknown_version},
    {"version 257", "4457414c 0101 0000 0100000000000000 00x8", Stop::unknown_version},
    {"version 0xCAFE", "4457414c feca 0000 0100000000000000 00x8", Stop::unknown_version},
    {"version 2 before an unknown type and long lengths", "4457414c 0200 09ff 0100000000000000 ffx8",
     Stop::unknown_version},

    {"type 3", "4457414c 0100 0300 0100000000000000 00x8", Stop::unknown_type},
    {"type 255", "4457414c 0100 ff00 0100000000000000 00x8", Stop::unknown_type},
    {"type 3 before flags and long lengths", "4457414c 0100 03ff 0100000000000000 ffx8", Stop::unknown_type},

    {"lowest flag", "4457414c 0100 0001 0100000000000000 00x8", Stop::unknown_flags},
    {"highest flag", "4457414c 0100 0280 0100000000000000 00x8", Stop::unknown_flags},
    {"a flag before long lengths", "4457414c 0100 0101 0100000000000000 ffx8", Stop::unknown_flags},

    {"key one over its limit", "4457414c 0100 0000 0100000000000000 01000100 00000000", Stop::key_too_long},
    {"key of 4 GiB", "4457414c 0100 0000 0100000000000000 ffffffff 00000000", Stop::key_too_long},
    {"key and payload too long", "4457414c 0100 0000 0100000000000000 01000100 01000004", Stop::key_too_long},

    {"payload one over its limit", "4457414c 0100 0000 0100000000000000 00000000 01000004", Stop::payload_too_long},
    {"payload of 4 GiB", "4457414c 0100 0000 0100000000000000 00000100 ffffffff", Stop::payload_too_long},

    {"both lengths at their limit, no body", "4457414c 0100 0000 0100000000000000 00000100 00000004", Stop::body_cut},
    {"an empty record without its CRC", "4457414c 0100 0000 0100000000000000 00x8", Stop::body_cut},
    {"an empty record with all but one byte", "4457414c 0100 0000 0100000000000000 00x8 ffx3", Stop::body_cut},
    {"a record with all but one byte", "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706861 59e778",
     Stop::body_cut},

    {"CRC wrong", "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706861 58e778f6", Stop::crc_mismatch},
    {"CRC zero", "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706861 00x4", Stop::crc_mismatch},
    {"CRC not inverted", "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706861 a6188709",
     Stop::crc_mismatch},
    {"payload wrong", "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706862 59e778f6", Stop::crc_mismatch},
    {"txid wrong", "4457414c 0100 0000 0200000000000000 00000000 05000000 616c706861 59e778f6", Stop::crc_mismatch},
    {"another type", "4457414c 0100 0100 0100000000000000 00000000 05000000 616c706861 59e778f6", Stop::crc_mismatch},
    {"key and payload divided otherwise", "4457414c 0100 0000 0100000000000000 01000000 04000000 616c706861 59e778f6",
     Stop::crc_mismatch},
    {"payload shorter, more behind it", "4457414c 0100 0000 0100000000000000 00000000 04000000 616c706861 59e778f6",
     Stop::crc_mismatch},
};

TEST(Decode, NamesEachWayToStop) {
  for (const Row& row : rows) {
    const std::string bytes = from_hex(row.hex);
    EXPECT_EQ(decode_next(bytes).stop, row.want) << row.name;
  }
}

TEST(Decode, ReferenceOfTheseTestsNamesThemAlike) {
  for (const Row& row : rows) {
    const std::string bytes = from_hex(row.hex);
    EXPECT_EQ(test::reference_decode(bytes).stop, row.want) << row.name;
  }
}

TEST(Decode, RowsCoverEveryWayToStop) {
  for (int stop = 0; stop <= static_cast<int>(Stop::crc_mismatch); ++stop) {
    EXPECT_TRUE(std::ranges::any_of(rows, [&](const Row& row) { return static_cast<int>(row.want) == stop; }))
        << describe(static_cast<Stop>(stop));
  }
}

TEST(Decode, EveryPartOfTheMagicThatDidNotLandIsATear) {
  for (unsigned lost = 1; lost < 16; ++lost) {
    std::string bytes = test::reference_encode(1, 7, "k", "v");
    for (std::size_t n = 0; n < 4; ++n) {
      if ((lost >> n & 1) != 0) bytes[n] = 0;
    }
    EXPECT_EQ(decode_next(bytes).stop, Stop::torn_magic) << lost;
  }
}

TEST(Decode, SeesOneOtherByteAnywhereAmongZeros) {
  std::string bytes(5000, '\0');
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] = 1;
    EXPECT_EQ(decode_next(bytes).stop, at < 4 ? Stop::bad_magic : Stop::torn_magic) << at;
    bytes[at] = 0;
  }
}

TEST(Decode, ReturnsTheFieldsOfARecordAsViewsIntoTheInput) {
  const std::string bytes = test::reference_encode(1, 0x0102030405060708, "key", "payload") + "more";
  const DecodeOutcome outcome = decode_next(bytes);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome.record.type, RecordType::Put);
  EXPECT_EQ(outcome.record.txid, 0x0102030405060708U);
  EXPECT_EQ(outcome.record.key, "key");
  EXPECT_EQ(outcome.record.key.data(), bytes.data() + 24);
  EXPECT_EQ(outcome.record.payload, "payload");
  EXPECT_EQ(outcome.record.payload.data(), bytes.data() + 27);
  EXPECT_EQ(outcome.record.len, bytes.size() - 4);
}

TEST(Decode, ReadsADeleteWithAPayload) {
  const std::string bytes = test::reference_encode(2, 1, "key", "ignored by readers");
  const DecodeOutcome outcome = decode_next(bytes);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome.record.type, RecordType::Delete);
  EXPECT_EQ(outcome.record.payload, "ignored by readers");
}

TEST(Decode, AnEmptyRecordHasEmptyViews) {
  const std::string bytes = test::reference_encode(0, 1, "", "");
  const DecodeOutcome outcome = decode_next(bytes);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome.record.key, "");
  EXPECT_EQ(outcome.record.payload, "");
  EXPECT_EQ(outcome.record.len, 28U);
}

TEST(Decode, JudgesAnyHeaderAsTheWholeDecoderDoes) {
  for (const Row& row : rows) {
    const std::string bytes = from_hex(row.hex);
    if (bytes.size() < header_len || row.want == Stop::zeros) continue;
    const bool header_is_sound = row.want == Stop::none || row.want >= Stop::body_cut;
    EXPECT_EQ(is_sound_header(bytes.data()), header_is_sound) << row.name;
    EXPECT_EQ(judge_header(bytes), header_is_sound ? Stop::none : row.want) << row.name;
  }
}

TEST(Decode, DescribesEachStopInWordsOfItsOwn) {
  for (int left = 0; left <= static_cast<int>(Stop::crc_mismatch); ++left) {
    EXPECT_FALSE(describe(static_cast<Stop>(left)).empty());
    for (int right = 0; right < left; ++right) {
      EXPECT_NE(describe(static_cast<Stop>(left)), describe(static_cast<Stop>(right)));
    }
  }
}

}  // namespace
}  // namespace datawal::format
