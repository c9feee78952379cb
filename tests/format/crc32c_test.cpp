#include "format/crc32c.hpp"

#include <gtest/gtest.h>
#include <array>

#include <datawal/format.hpp>

#include "support/hex.hpp"
#include "support/reference_codec.hpp"
#include "support/seed.hpp"

namespace datawal::format {
namespace {

using test::between;
using test::from_hex;
using test::reference_crc;

using Function = std::uint32_t (*)(std::string_view, std::uint32_t) noexcept;
struct Variant {
  const char* name;
  Function function;
};

std::vector<Variant> variants() {
  std::vector<Variant> all = {
      {"chosen", crc32c}, {"portable", detail::crc32c_portable}, {"ISA-L", detail::crc32c_isal}};
  if (detail::has_crc32c_instruction()) all.push_back({"instruction", detail::crc32c_instruction});
  return all;
}

void expect_all_equal(std::string_view bytes, std::uint32_t before, std::uint32_t want) {
  for (const Variant& variant : variants()) {
    ASSERT_EQ(variant.function(bytes, before), want) << variant.name << ", " << bytes.size() << " bytes";
  }
}

TEST(Crc32c, HasTheCheckValueOfCastagnoli) { expect_all_equal("123456789", 0, 0xE3069283); }

// The examples of RFC 3720, appendix B.4.
TEST(Crc32c, AgreesWithThePublishedExamples) {
  static constexpr struct {
    const char *name, *hex;
    std::uint32_t want;
  } rows[] = {
      {"32 zeros", "00x32", 0x8A9136AA},
      {"32 times ff", "ffx32", 0x62A8AB43},
      {"an iSCSI read command",
       "01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018 28000000 00000000 02000000 00000000",
       0xD9963A56},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    expect_all_equal(from_hex(row.hex), 0, row.want);
  }
}

TEST(Crc32c, OfNothingIsWhatWasBefore) {
  expect_all_equal("", 0, 0);
  expect_all_equal("", 0x12345678, 0x12345678);
}

TEST(Crc32c, AllVariantsAgreeWithTheBitwiseOneAtAnyLengthAndAlignment) {
  std::mt19937_64 random = test::seeded_random();
  const std::string bytes = test::random_bytes(random, 8192);
  for (int round = 0; round < 2000; ++round) {
    const std::string_view part = std::string_view(bytes).substr(between(random, 0, 63), between(random, 0, 5000));
    const auto before = static_cast<std::uint32_t>(random());
    expect_all_equal(part, before, reference_crc(part, before));
  }
}

TEST(Crc32c, OfEachPieceIsThatOfThePieceAlone) {
  std::mt19937_64 random = test::seeded_random();
  const std::string bytes = test::random_bytes(random, 2048);
  for (int round = 0; round < 2000; ++round) {
    std::array<std::string_view, crcs_at_once> pieces;
    for (std::string_view& piece : pieces) {
      piece = std::string_view(bytes).substr(between(random, 0, 63), between(random, 0, 600));
    }
    const std::array<std::uint32_t, crcs_at_once> crcs = crc32c_of_each(pieces);
    for (std::size_t n = 0; n < pieces.size(); ++n) {
      ASSERT_EQ(crcs[n], reference_crc(pieces[n], 0)) << "piece " << n << ", " << pieces[n].size() << " bytes";
    }
  }
}

TEST(Crc32c, AllVariantsAgreeAroundEveryMultipleOfTheBlock) {
  std::mt19937_64 random = test::seeded_random();
  const std::string bytes = test::random_bytes(random, 4096);
  for (std::size_t middle = 0; middle <= 4 * detail::crc_block; middle += detail::crc_block) {
    for (std::size_t size = middle < 40 ? 0 : middle - 40; size <= middle + 40; ++size) {
      for (std::size_t offset = 0; offset < 9; ++offset) {
        const std::string_view part = std::string_view(bytes).substr(offset, size);
        expect_all_equal(part, 0, reference_crc(part));
      }
    }
  }
}

TEST(Crc32c, ContinuesWhereItWasCut) {
  std::mt19937_64 random = test::seeded_random();
  const std::string bytes = test::random_bytes(random, 1200);
  const std::uint32_t whole = reference_crc(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string_view view = bytes;
    ASSERT_EQ(crc32c(view.substr(cut), crc32c(view.substr(0, cut))), whole) << "cut at " << cut;
  }
}

}  // namespace
}  // namespace datawal::format
