#include <algorithm>

#include "format/frame.hpp"

namespace datawal::format {
namespace {

constexpr DecodeOutcome stopped(Stop stop) noexcept { return {.stop = stop, .record = {}}; }

// The magic with one to four of its bytes zero: so it reads if the sector that held those bytes never landed.
bool is_torn_magic(const char* from) noexcept {
  for (std::size_t n = 0; n < magic.size(); ++n) {
    if (from[n] != magic[n] && from[n] != 0) return false;
  }
  return std::string_view(from, magic.size()) != magic;
}

bool starts_with_zeros(std::string_view bytes) noexcept {
  return is_all_zeros(bytes.substr(0, magic.size())) && is_all_zeros(bytes);
}

DecodeOutcome decode_slowly(std::string_view bytes) noexcept {
  if (bytes.empty()) return stopped(Stop::end_of_input);
  if (starts_with_zeros(bytes)) return stopped(Stop::zeros);
  if (bytes.size() < header_len) return stopped(Stop::header_cut);
  if (const Stop stop = judge_header(bytes); stop != Stop::none) return stopped(stop);
  if (bytes.size() < frame_len(load_header(bytes.data()))) return stopped(Stop::body_cut);
  return stopped(Stop::crc_mismatch);  // the only remaining way not to be a whole record
}

}  // namespace

bool is_all_zeros(std::string_view bytes) noexcept {
  constexpr std::size_t block = 64;
  while (bytes.size() >= block) {
    std::uint64_t any = 0;
    for (std::size_t n = 0; n < block; n += sizeof any) any |= load<std::uint64_t>(bytes.data() + n);
    if (any != 0) return false;
    bytes.remove_prefix(block);
  }
  return std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
}

Stop judge_header(std::string_view bytes) noexcept {
  const char* from = bytes.data();
  if (is_torn_magic(from)) return Stop::torn_magic;
  if (bytes.substr(0, magic.size()) != magic) return Stop::bad_magic;
  const auto version = load<std::uint16_t>(from + field::version);
  if (version != wire_version) {
    const bool nothing_behind = is_all_zeros(bytes.substr(field::version, header_len - field::version));
    return nothing_behind ? Stop::torn_header : Stop::unknown_version;
  }
  const Header header = load_header(from);
  if (header.type > RecordType::Delete) return Stop::unknown_type;
  if (from[field::flags] != 0) return Stop::unknown_flags;
  if (header.key_len > max_key_len) return Stop::key_too_long;
  if (header.payload_len > max_payload_len) return Stop::payload_too_long;
  return Stop::none;
}

DecodeOutcome decode_next(std::string_view bytes) noexcept {
  DecodeOutcome outcome;
  if (!decode_whole(bytes, outcome.record)) [[unlikely]]
    return decode_slowly(bytes);
  outcome.stop = Stop::none;
  return outcome;
}

std::string_view describe(Stop stop) noexcept {
  switch (stop) {
    case Stop::none: return "a whole record";
    case Stop::end_of_input: return "the end of the data";
    case Stop::zeros: return "nothing but zero bytes";
    case Stop::header_cut: return "cut inside a record's header";
    case Stop::torn_magic: return "a record's magic with zeros in it";
    case Stop::bad_magic: return "no record's magic";
    case Stop::torn_header: return "a record's header with nothing but zeros behind its magic";
    case Stop::unknown_version: return "a record of another format version";
    case Stop::unknown_type: return "unknown record type";
    case Stop::unknown_flags: return "unknown record flags";
    case Stop::key_too_long: return "key length beyond the limit";
    case Stop::payload_too_long: return "payload length beyond the limit";
    case Stop::body_cut: return "cut inside a record";
    case Stop::crc_mismatch: return "checksum mismatch";
    case Stop::txid_order: return "a txid that is not above the one before it";
  }
  return "unknown reason";
}

}  // namespace datawal::format
