#pragma once
// The table of docs/DURABILITY.md once more, with bytes: what may stand behind the last whole record, and what it means.

#include <string>
#include <vector>

#include <datawal/format.hpp>

#include "support/hex.hpp"
#include "support/reference_codec.hpp"

namespace datawal::test {

enum class Outcome {
  clean,        ///< the segment ends here
  torn,         ///< cut after a quarantine
  corrupt,      ///< refused
  unsupported,  ///< refused as a newer format
};

inline const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::clean: return "clean";
    case Outcome::torn: return "torn";
    case Outcome::corrupt: return "corrupt";
    case Outcome::unsupported: return "unsupported";
  }
  return "?";
}

/// A line of the table. Below a valid watermark it is always corruption, but for a newer format, which is no damage.
struct TableRow {
  format::Stop stop;
  Outcome active;               ///< no valid watermark
  Outcome active_at_watermark;  ///< a valid one, and the stop at or above it
  Outcome sealed;
};

inline const std::vector<TableRow>& recovery_table() {
  using enum Outcome;
  using format::Stop;
  static const std::vector<TableRow> table = {
      {Stop::end_of_input, clean, clean, clean},
      {Stop::zeros, clean, clean, corrupt},
      {Stop::header_cut, torn, torn, corrupt},
      {Stop::torn_magic, torn, torn, corrupt},
      {Stop::bad_magic, corrupt, torn, corrupt},
      {Stop::torn_header, torn, torn, corrupt},
      {Stop::unknown_version, unsupported, unsupported, unsupported},
      {Stop::unknown_type, corrupt, torn, corrupt},
      {Stop::unknown_flags, corrupt, torn, corrupt},
      {Stop::key_too_long, corrupt, torn, corrupt},
      {Stop::payload_too_long, corrupt, torn, corrupt},
      {Stop::body_cut, torn, torn, corrupt},
      {Stop::crc_mismatch, torn, torn, corrupt},
      {Stop::txid_order, corrupt, torn, corrupt},
  };
  return table;
}

inline const TableRow& row_of(format::Stop stop) {
  for (const TableRow& row : recovery_table()) {
    if (row.stop == stop) return row;
  }
  throw std::invalid_argument("no row for this stop");
}

/// Bytes behind the last whole record.
struct Tail {
  const char* name;
  format::Stop stop;
  std::string bytes;
};

/// At least one for each line of the table. The record before them is a Raw one; theirs would have txid 3.
inline std::vector<Tail> tails() {
  using format::Stop;
  const std::string frame = reference_encode(1, 3, "key", "payload");
  const std::string after = reference_encode(0, 4, "", "whole, but behind the stop");
  std::string wrong_crc = frame;
  wrong_crc.back() = static_cast<char>(wrong_crc.back() ^ 0x10);
  std::string wrong_payload = frame;
  wrong_payload[30] = static_cast<char>(wrong_payload[30] ^ 1);
  const auto header = [](const char* version_to_txid, const char* lengths) {
    return from_hex(std::string("4457414c ") + version_to_txid + " " + lengths);
  };
  return {
      {"nothing", Stop::end_of_input, ""},
      {"one zero", Stop::zeros, from_hex("00")},
      {"zeros, fewer than a header", Stop::zeros, from_hex("00x23")},
      {"zeros, a header's length", Stop::zeros, from_hex("00x24")},
      {"zeros, two pages", Stop::zeros, from_hex("00x8192")},
      {"one byte of the magic", Stop::header_cut, from_hex("44")},
      {"one byte that is none of the magic", Stop::header_cut, from_hex("58")},
      {"23 bytes of a header", Stop::header_cut, frame.substr(0, 23)},
      {"22 zeros and a byte", Stop::header_cut, from_hex("00x22 01")},
      {"first byte of the magic did not land", Stop::torn_magic, from_hex("0057414c") + frame.substr(4)},
      {"second half of the magic did not land", Stop::torn_magic, from_hex("44570000") + frame.substr(4)},
      {"magic did not land, the rest did", Stop::torn_magic, from_hex("00x4") + frame.substr(4)},
      {"nothing landed but the checksum", Stop::torn_magic, from_hex("00x34") + frame.substr(34)},
      {"zeros, then a whole record", Stop::torn_magic, from_hex("00x512") + after},
      {"text", Stop::bad_magic, "some text that somebody appended with an editor\n"},
      {"one bit of the magic", Stop::bad_magic, from_hex("4557414c") + frame.substr(4)},
      {"magic with a zero and another wrong byte", Stop::bad_magic, from_hex("0056414c") + frame.substr(4)},
      {"bytes FF, then zeros", Stop::bad_magic, from_hex("FFx32 00x64")},
      {"magic alone, then zeros", Stop::torn_header, header("0000 00 00 00x8", "00x4 00x4")},
      {"magic alone, then zeros, then the body", Stop::torn_header,
       header("0000 00 00 00x8", "00x4 00x4") + frame.substr(24)},
      {"version 2", Stop::unknown_version, header("0200 01 00 03 00x7", "03000000 07000000") + frame.substr(24)},
      {"version 0 with a txid", Stop::unknown_version, header("0000 00 00 03 00x7", "00x4 00x4")},
      {"version 0xCAFE", Stop::unknown_version, header("feca 00 00 00x8", "00x4 00x4")},
      {"type 3", Stop::unknown_type, header("0100 03 00 03 00x7", "00x4 00x4") + "crc?"},
      {"type 255", Stop::unknown_type, header("0100 ff 00 03 00x7", "00x4 00x4") + "crc?"},
      {"flags 1", Stop::unknown_flags, header("0100 00 01 03 00x7", "00x4 00x4") + "crc?"},
      {"flags 128", Stop::unknown_flags, header("0100 00 80 03 00x7", "00x4 00x4") + "crc?"},
      {"key one byte too long", Stop::key_too_long, header("0100 00 00 03 00x7", "01000100 00x4")},
      {"key length FFFFFFFF", Stop::key_too_long, header("0100 00 00 03 00x7", "ffx4 00x4")},
      {"payload one byte too long", Stop::payload_too_long, header("0100 00 00 03 00x7", "00x4 01000004")},
      {"payload length FFFFFFFF", Stop::payload_too_long, header("0100 00 00 03 00x7", "00x4 ffx4")},
      {"header alone", Stop::body_cut, frame.substr(0, 24)},
      {"last byte missing", Stop::body_cut, frame.substr(0, frame.size() - 1)},
      {"largest payload announced, nothing there", Stop::body_cut, header("0100 00 00 03 00x7", "00x4 00000004")},
      {"cut inside a record, then zeros", Stop::body_cut,
       header("0100 00 00 03 00x7", "00x4 00100000") + from_hex("61 00x64")},
      {"wrong checksum", Stop::crc_mismatch, wrong_crc},
      {"wrong payload", Stop::crc_mismatch, wrong_payload},
      {"body did not land", Stop::crc_mismatch, frame.substr(0, 24) + from_hex("00x14")},
      {"wrong checksum, then a whole record", Stop::crc_mismatch, wrong_crc + after},
      {"wrong checksum, then zeros", Stop::crc_mismatch, wrong_crc + from_hex("00x4096")},
      {"a whole record with the txid before", Stop::txid_order, reference_encode(0, 2, "", "again")},
      {"wrong checksum, two whole records, zeros between", Stop::crc_mismatch,
       wrong_crc + after + from_hex("00x9") + reference_encode(1, 5, "key", "payload") + from_hex("00x100")},
  };
}

}  // namespace datawal::test
