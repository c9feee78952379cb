// Oracle: decode_next says of every string what the reference codec says, and a record encodes to the bytes it came from.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <datawal/format.hpp>

#include "support/oracle.hpp"
#include "support/reference_codec.hpp"

namespace datawal::fuzz {
namespace {

void compare(std::string_view bytes) {
  const format::DecodeOutcome got = format::decode_next(bytes);
  const test::ReferenceOutcome want = test::reference_decode(bytes);
  require(got.stop == want.stop, "the reason to stop is the reference's",
          std::string(format::describe(got.stop)) + ", not " + std::string(format::describe(want.stop)));
  if (!got) return;
  require(static_cast<int>(got.record.type) == want.type, "the type is the reference's");
  require(got.record.txid == want.txid, "the txid is the reference's");
  require(got.record.key == want.key, "the key is the reference's");
  require(got.record.payload == want.payload, "the payload is the reference's");
  require(got.record.len == want.len, "the length is the reference's");
  require(got.record.key.data() >= bytes.data() &&
              got.record.payload.data() + got.record.payload.size() <= bytes.data() + bytes.size(),
          "the views lie in the bytes");

  std::string again(got.record.len, '\0');
  const auto encoded = format::encode(got.record.type, got.record.txid, got.record.key, got.record.payload, again);
  require(encoded.has_value() && *encoded == got.record.len, "a decoded record can be encoded");
  require(again == bytes.substr(0, got.record.len), "encoding gives the same bytes");
  const auto shorter = format::encode(got.record.type, got.record.txid, got.record.key, got.record.payload,
                                      std::span(again.data(), again.size() - 1));
  require(shorter == std::unexpected(format::EncodeError::no_room), "a frame that lacks a byte of room is refused");
}

}  // namespace
}  // namespace datawal::fuzz

// NOLINTBEGIN(readability-identifier-naming): libFuzzer's names
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of its own, so that the address sanitizer sees a read behind the end.
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  datawal::fuzz::compare(bytes);
  std::string_view rest = bytes;  // and from every place where a record may end
  while (const datawal::format::DecodeOutcome outcome = datawal::format::decode_next(rest)) {
    rest.remove_prefix(outcome.record.len);
    datawal::fuzz::compare(rest);
  }
  return 0;
}

#ifdef DATAWAL_LIBFUZZER
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

// Half of the time the result gets lengths that fit and a right checksum.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  namespace test = datawal::test;
  std::minstd_rand random(seed + 1);
  size = LLVMFuzzerMutate(data, size, max_size);
  if (size < 28 || random() % 2 == 0) return size;
  std::string frame(reinterpret_cast<const char*>(data), size);
  if (random() % 2 == 0) frame.replace(0, 8, std::string_view("DWAL\x01\0\0\0", 8));
  const std::size_t room = frame.size() - 28;
  const std::size_t key_len = room == 0 ? 0 : random() % (room + 1);
  const std::size_t payload_len = room == key_len ? 0 : random() % (room - key_len + 1);
  std::string lengths;
  test::put_little_endian(lengths, key_len, 4);
  test::put_little_endian(lengths, payload_len, 4);
  frame.replace(16, 8, lengths);
  const std::size_t covered = 24 + key_len + payload_len;
  std::string crc;
  test::put_little_endian(crc, test::reference_crc(std::string_view(frame).substr(0, covered)), 4);
  frame.replace(covered, 4, crc);
  std::ranges::copy(frame, data);
  return size;
}
#endif
// NOLINTEND(readability-identifier-naming)
