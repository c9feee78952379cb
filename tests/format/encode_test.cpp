#include <gtest/gtest.h>

#include <datawal/format.hpp>

#include "format/frame.hpp"
#include "support/hex.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"
#include "support/seed.hpp"

namespace datawal::format {
namespace {

using test::from_hex;
using test::reference_encode;
using test::to_hex;

std::string encoded(RecordType type, std::uint64_t txid, std::string_view key, std::string_view payload) {
  std::string out(static_cast<std::size_t>(frame_len(key.size(), payload.size())), '\xEE');
  const std::expected<std::size_t, EncodeError> len = encode(type, txid, key, payload, out);
  EXPECT_TRUE(len.has_value());
  EXPECT_EQ(len.value_or(0), out.size());
  return out;
}

// As the reference implementation writes them.
TEST(Encode, WritesTheReferencesBytes) {
  static constexpr struct {
    const char* name;
    RecordType type;
    std::uint64_t txid;
    const char *key, *payload, *hex;
  } rows[] = {
      {"Raw", RecordType::Raw, 1, "", "alpha",
       "4457414c 0100 0000 0100000000000000 00000000 05000000 616c706861 59e778f6"},
      {"Put", RecordType::Put, 2, "beta", "2",
       "4457414c 0100 0100 0200000000000000 04000000 01000000 62657461 32 a91d1db8"},
      {"Delete", RecordType::Delete, 4, "beta", "",
       "4457414c 0100 0200 0400000000000000 04000000 00000000 62657461 de5ce364"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(to_hex(encoded(row.type, row.txid, row.key, row.payload)), to_hex(from_hex(row.hex))) << row.name;
  }
}

TEST(Encode, RefusesWhatNoReaderWouldTakeAndWritesNothing) {
  const std::string key(max_key_len + 1, 'k');
  const std::string payload(std::size_t{max_payload_len} + 1, 'p');
  const auto error_of = [](RecordType type, std::string_view k, std::string_view p, std::size_t room) {
    std::string out(room, '\xEE');
    const std::expected<std::size_t, EncodeError> len = encode(type, 1, k, p, out);
    EXPECT_EQ(out, std::string(room, '\xEE'));
    return len ? -1 : static_cast<int>(len.error());
  };
  EXPECT_EQ(error_of(RecordType::Raw, key, "", 100'000), static_cast<int>(EncodeError::key_too_long));
  EXPECT_EQ(error_of(RecordType::Raw, "", payload, 100), static_cast<int>(EncodeError::payload_too_long));
  EXPECT_EQ(error_of(RecordType::Raw, key, payload, 100), static_cast<int>(EncodeError::key_too_long));
  EXPECT_EQ(error_of(RecordType::Put, "k", "v", 29), static_cast<int>(EncodeError::no_room));
  EXPECT_EQ(error_of(RecordType::Put, "", "", 0), static_cast<int>(EncodeError::no_room));
  const auto no_type = static_cast<RecordType>(3);  // NOLINT(clang-analyzer-optin.core.EnumCastOutOfRange): the point
  EXPECT_EQ(error_of(no_type, "k", "v", 30), static_cast<int>(EncodeError::unknown_type));
}

TEST(Encode, LeavesTheRoomBehindTheFrameAlone) {
  std::string out(64, '\xEE');
  ASSERT_EQ(encode(RecordType::Put, 1, "k", "v", out), 30U);
  EXPECT_EQ(out.substr(30), std::string(34, '\xEE'));
}

TEST(Encode, TheLargestRecordComesBack) {
  std::mt19937_64 random = test::seeded_random();
  const std::string key = test::random_bytes(random, max_key_len);
  const std::string payload = test::random_bytes(random, max_payload_len);
  const std::string frame = encoded(RecordType::Put, ~std::uint64_t{0}, key, payload);
  EXPECT_EQ(frame.size(), max_frame_len);
  const DecodeOutcome outcome = decode_next(frame);
  ASSERT_TRUE(outcome) << describe(outcome.stop);
  EXPECT_EQ(outcome.record.txid, ~std::uint64_t{0});
  EXPECT_TRUE(outcome.record.key == key);
  EXPECT_TRUE(outcome.record.payload == payload);
}

TEST(Encode, RandomRecordsComeBackAndAreTheReferencesBytes) {
  std::mt19937_64 random = test::seeded_random();
  for (int round = 0; round < 3000; ++round) {
    const auto type = static_cast<RecordType>(test::between(random, 0, 2));
    const std::uint64_t txid = random() >> test::between(random, 0, 63);
    const std::string key = test::random_bytes(random, test::between(random, 0, 40));
    const std::string payload = test::random_bytes(random, test::between(random, 0, round % 100 == 0 ? 20'000 : 600));
    const std::string frame = encoded(type, txid, key, payload);
    ASSERT_EQ(frame, reference_encode(static_cast<int>(type), txid, key, payload)) << "round " << round;

    const DecodeOutcome outcome = decode_next(frame);
    ASSERT_TRUE(outcome) << "round " << round << ": " << describe(outcome.stop);
    ASSERT_EQ(outcome.record.type, type);
    ASSERT_EQ(outcome.record.txid, txid);
    ASSERT_EQ(outcome.record.key, key);
    ASSERT_EQ(outcome.record.payload, payload);
    ASSERT_EQ(outcome.record.len, frame.size());
  }
}

TEST(Encode, AHeaderComesBack) {
  const Header header{
      .type = RecordType::Delete, .txid = 0x1122334455667788, .key_len = 65'536, .payload_len = 67'108'864};
  char bytes[header_len];
  encode_header(header, bytes);
  EXPECT_EQ(to_hex({bytes, header_len}), "4457414c0100020088776655443322110000010000000004");
  EXPECT_TRUE(is_sound_header(bytes));
  const Header loaded = load_header(bytes);
  EXPECT_EQ(loaded.type, header.type);
  EXPECT_EQ(loaded.txid, header.txid);
  EXPECT_EQ(loaded.key_len, header.key_len);
  EXPECT_EQ(loaded.payload_len, header.payload_len);
  EXPECT_EQ(frame_len(loaded), max_frame_len);
}

}  // namespace
}  // namespace datawal::format
