#include "ship/unit.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <memory>
#include <new>
#include <vector>

namespace datawal::ship {

namespace {

constexpr std::size_t chain_digits = 64;
constexpr std::size_t store_digits = 16;
constexpr std::size_t owner_digits = 16;
constexpr std::size_t max_header_len = 1024;  // a unit's has some 300 at most

constexpr std::string_view name_of(UnitKind kind) noexcept {
  switch (kind) {
    case UnitKind::genesis: return "genesis";
    case UnitKind::records: return "records";
    case UnitKind::takeover: return "takeover";
  }
  return "";
}

// All fields but the chains.
std::string fields_of(const Unit& unit) {
  return fmt::format("1 {} {} {} {} {} {} {} {} {} {} {}", name_of(unit.kind), unit.store, unit.owner, unit.epoch,
                     unit.segment, unit.first, unit.last, unit.count, unit.part, unit.parts,
                     unit.crc ? std::to_string(*unit.crc) : std::string("-"));
}

bool is_hex(std::string_view text, std::size_t digits) noexcept {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

template <class Number>
bool take(std::string_view text, Number& number) noexcept {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t blank = text.find(' ');
    words.push_back(text.substr(0, blank));
    if (blank == std::string_view::npos) return words;
    text.remove_prefix(blank + 1);
  }
}

std::optional<UnitKind> kind_named(std::string_view name) noexcept {
  for (const UnitKind kind : {UnitKind::genesis, UnitKind::records, UnitKind::takeover}) {
    if (name == name_of(kind)) return kind;
  }
  return std::nullopt;
}

// What a shipper could have meant.
bool makes_sense(const Unit& unit) noexcept {
  const bool is_part = unit.part != 0 || unit.parts != 0;
  if (unit.kind != UnitKind::records) return unit.count == 0 && !is_part && unit.segment == 0;
  if (unit.segment == 0 || unit.first == 0) return false;
  if (!is_part) return unit.count > 0 && unit.crc && unit.last >= unit.first;
  if (unit.part == 0 || unit.part > unit.parts || unit.parts < 2) return false;
  return unit.part == unit.parts ? unit.count == 1 && unit.crc && unit.last == unit.first
                                 : unit.count == 0 && unit.last < unit.first;
}

}  // namespace

std::string no_chain() {
  std::string chain;
  chain.resize(chain_digits, '0');
  return chain;
}

std::string chain_of(const Unit& unit, std::string_view body) {
  const std::string head = unit.before + ' ' + fields_of(unit) + '\n';
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  const bool is_done = digest && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1 &&
                       EVP_DigestUpdate(digest.get(), head.data(), head.size()) == 1 &&
                       EVP_DigestUpdate(digest.get(), body.data(), body.size()) == 1 &&
                       EVP_DigestFinal_ex(digest.get(), bytes.data(), &size) == 1;
  if (!is_done) throw std::bad_alloc();  // nothing else can fail in it
  std::string chain;
  for (unsigned int n = 0; n < size; ++n) chain += fmt::format("{:02x}", bytes.at(n));
  return chain;
}

std::string header_of(const Unit& unit) { return fields_of(unit) + ' ' + unit.before + ' ' + unit.chain; }

std::optional<Unit> parse_unit(std::string_view header) {
  if (header.size() > max_header_len) return std::nullopt;
  const std::vector<std::string_view> words = words_of(header);
  constexpr std::size_t word_count = 14;
  if (words.size() != word_count || words[0] != "1") return std::nullopt;
  const std::optional<UnitKind> kind = kind_named(words[1]);
  if (!kind) return std::nullopt;
  Unit unit{.kind = *kind,
            .store = std::string(words[2]),
            .owner = std::string(words[3]),
            .before = std::string(words[12]),
            .chain = std::string(words[13])};
  if (!is_hex(unit.store, store_digits) || !is_hex(unit.owner, owner_digits)) return std::nullopt;
  if (!is_hex(unit.before, chain_digits) || !is_hex(unit.chain, chain_digits)) return std::nullopt;
  const bool is_numbers = take(words[4], unit.epoch) && take(words[5], unit.segment) && take(words[6], unit.first) &&
                          take(words[7], unit.last) && take(words[8], unit.count) && take(words[9], unit.part) &&
                          take(words[10], unit.parts);
  if (!is_numbers) return std::nullopt;
  if (words[11] != "-" && !take(words[11], unit.crc.emplace())) return std::nullopt;
  if (!makes_sense(unit) || header_of(unit) != header) return std::nullopt;
  return unit;
}

bool is_newer_unit(std::string_view header) noexcept {
  constexpr std::size_t most_digits = 9;
  const std::size_t digits = header.substr(0, most_digits + 1).find(' ');
  std::uint32_t version = 0;
  return header.size() <= max_header_len && digits != std::string_view::npos && header.front() != '0' &&
         take(header.substr(0, digits), version) && version > 1;
}

}  // namespace datawal::ship
