#pragma once
// One message of the stream: whole frames of one segment, and what they stand behind (docs/SHIPPING.md).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace datawal::ship {

inline constexpr const char* unit_header = "Datawal-Unit";  ///< the message header that says what its body is

enum class UnitKind : std::uint8_t {
  genesis,   ///< the stream begins; no body
  records,   ///< whole frames, or one part of a frame
  takeover,  ///< another store ships from here on; no body
};

/// What the header says.
struct Unit {
  UnitKind kind = UnitKind::records;
  std::string store{};        ///< 16 hexadecimal digits, made with the genesis
  std::string owner{};        ///< 16 hexadecimal digits: whose shipper wrote it
  std::uint64_t epoch = 1;    ///< one more with each take-over
  std::uint32_t segment = 0;  ///< of the frames; 0 without
  std::uint64_t first = 0;    ///< txid of the first frame; of the frame that this is a part of; of a genesis, the floor
  std::uint64_t last = 0;     ///< txid of the newest record that is whole with this unit
  std::uint64_t count = 0;    ///< whole frames
  std::uint32_t part = 0;     ///< from 1; 0: no part
  std::uint32_t parts = 0;    ///< how many there are of the frame; 0: no part
  std::optional<std::uint32_t> crc{};  ///< of the record `last`; nullopt if there is none in the stream yet
  std::string before{};                ///< the chain before it, 64 hexadecimal digits
  std::string chain{};                 ///< the chain with it

  friend bool operator==(const Unit&, const Unit&) = default;
};

/// Before the genesis.
[[nodiscard]] std::string no_chain();

/// SHA-256 of the chain before, all other fields, and the body.
[[nodiscard]] std::string chain_of(const Unit& unit, std::string_view body);

[[nodiscard]] std::string header_of(const Unit& unit);
/// nullopt for anything that header_of() does not make, and for what cannot be.
[[nodiscard]] std::optional<Unit> parse_unit(std::string_view header);

/// Whether it says that it is a unit of a later version of the protocol: whoever passed it over would take a part for the whole.
[[nodiscard]] bool is_newer_unit(std::string_view header) noexcept;

/// Where part number `part` of `parts` of a frame of `len` bytes begins; of number parts + 1, where it ends.
[[nodiscard]] constexpr std::uint64_t part_begin(std::uint64_t len, std::uint32_t part, std::uint32_t parts) noexcept {
  const std::uint64_t piece = (len + parts - 1) / parts;
  const std::uint64_t begin = piece * (part - 1);
  return begin < len ? begin : len;
}

}  // namespace datawal::ship
