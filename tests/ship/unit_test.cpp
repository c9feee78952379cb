// What a unit says, and what a reader believes of it.

#include "ship/unit.hpp"

#include <gtest/gtest.h>

#include <datawal/format.hpp>

#include "ship/history.hpp"

namespace datawal::ship {
namespace {

Unit signed_unit(Unit unit, std::string_view body) {
  unit.chain = chain_of(unit, body);
  return unit;
}

Unit genesis() {
  return signed_unit(
      {.kind = UnitKind::genesis, .store = "0123456789abcdef", .owner = "fedcba9876543210", .before = no_chain()}, {});
}

std::string frame(std::uint64_t txid, std::string_view payload) {
  std::string bytes(static_cast<std::size_t>(format::frame_len(0, payload.size())), '\0');
  (void)format::encode(RecordType::Raw, txid, {}, payload, bytes);
  return bytes;
}

std::uint32_t crc_of(std::string_view bytes) { return format::decode_next(bytes).record.crc; }

Unit records_behind(const Unit& before, std::uint64_t txid, const std::string& body) {
  return signed_unit({.store = before.store,
                      .owner = before.owner,
                      .epoch = before.epoch,
                      .segment = 1,
                      .first = txid,
                      .last = txid,
                      .count = 1,
                      .crc = crc_of(body),
                      .before = before.chain},
                     body);
}

TEST(ShipUnit, ComesBackFromItsHeader) {
  const Unit unit = records_behind(genesis(), 7, frame(7, "payload"));
  EXPECT_EQ(parse_unit(header_of(unit)), unit);
  EXPECT_EQ(parse_unit(header_of(genesis())), genesis());
}

TEST(ShipUnit, IsNoneWithAnyCharacterLeftOutOrDoubled) {
  const std::string header = header_of(records_behind(genesis(), 7, frame(7, "payload")));
  for (std::size_t at = 0; at < header.size(); ++at) {
    std::string less = header;
    less.erase(at, 1);
    const std::optional<Unit> unit = parse_unit(less);
    // A shorter number is a number; then the chain does not fit.
    if (!unit) continue;
    EXPECT_NE(chain_of(*unit, frame(7, "payload")), unit->chain) << less;
  }
  EXPECT_EQ(parse_unit(header + " "), std::nullopt);
  EXPECT_EQ(parse_unit(""), std::nullopt);
  EXPECT_EQ(parse_unit("2" + header.substr(1)), std::nullopt) << "a newer version";
}

TEST(ShipHistory, TakesOneUnitBehindTheOther) {
  History history;
  const Unit first = genesis();
  EXPECT_TRUE(history.take(first, {}).value());
  const std::string body = frame(1, "one");
  const Unit second = records_behind(first, 1, body);
  EXPECT_TRUE(history.take(second, body).value());
  EXPECT_FALSE(history.take(second, body).value()) << "twice: void";
  EXPECT_EQ(history.head()->last, 1U);
  EXPECT_EQ(history.records(), 1U);
}

TEST(ShipHistory, BelievesNoUnitThatWasChanged) {
  const Unit first = genesis();
  const std::string body = frame(1, "one");
  const Unit sound = records_behind(first, 1, body);
  const auto is_refused = [&](const Unit& unit, const std::string& with) {
    History history;
    (void)history.take(first, {}).value();
    const Outcome<bool> taken = history.take(unit, with);
    return !taken && taken.error().exit == exit_stream_damaged;
  };
  EXPECT_TRUE(is_refused(sound, frame(1, "two"))) << "another body";
  EXPECT_TRUE(is_refused(sound, body + body));
  Unit unit = sound;
  unit.epoch = 2;
  EXPECT_TRUE(is_refused(unit, body)) << "its chain";
  EXPECT_TRUE(is_refused(signed_unit(unit, body), body)) << "an epoch without a take-over";
  unit = sound;
  unit.store = "ffffffffffffffff";
  EXPECT_TRUE(is_refused(signed_unit(unit, body), body));
  unit = sound;
  unit.owner = "ffffffffffffffff";
  EXPECT_TRUE(is_refused(signed_unit(unit, body), body));
  unit = sound;
  unit.count = 2;
  EXPECT_TRUE(is_refused(signed_unit(unit, body), body));
  unit = sound;
  unit.crc = *unit.crc + 1;
  EXPECT_TRUE(is_refused(signed_unit(unit, body), body));
}

TEST(ShipHistory, APartIsNoRecordWithoutTheOthers) {
  const std::string whole = frame(1, std::string(100, 'x'));
  std::vector<std::string> shown;
  History history([&](const Frames& frames) -> Outcome<void> {
    shown.emplace_back(frames.bytes);
    return {};
  });
  Unit before = genesis();
  (void)history.take(before, {}).value();
  for (std::uint32_t part = 1; part <= 3; ++part) {
    const std::string body = whole.substr(part_begin(whole.size(), part, 3),
                                          part_begin(whole.size(), part + 1, 3) - part_begin(whole.size(), part, 3));
    Unit unit{.store = before.store,
              .owner = before.owner,
              .segment = 1,
              .first = 1,
              .last = part == 3 ? 1U : 0U,
              .count = part == 3 ? 1U : 0U,
              .part = part,
              .parts = 3,
              .before = before.chain};
    if (part == 3) unit.crc = crc_of(whole);
    before = signed_unit(unit, body);
    EXPECT_TRUE(shown.empty());
    EXPECT_TRUE(history.take(before, body).value());
  }
  EXPECT_EQ(shown, std::vector<std::string>{whole});
}

TEST(ShipUnit, OfALaterVersionIsKnownByItsFirstWord) {
  for (const char* const header : {"2 ", "2 records", "10 what may come", "999999999 x"}) {
    EXPECT_TRUE(is_newer_unit(header)) << header;
  }
  for (const char* const header : {"", " ", "1 records", "2", "0 x", "02 x", "-2 x", "2x y", "1234567890 x", "x 2"}) {
    EXPECT_FALSE(is_newer_unit(header)) << header;
  }
  EXPECT_FALSE(is_newer_unit("2 " + std::string(2000, 'x')));
}

}  // namespace
}  // namespace datawal::ship
