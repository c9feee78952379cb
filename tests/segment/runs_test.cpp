#include "segment/runs.hpp"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "segment/segment_file.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"

namespace datawal::segment {
namespace {

// A segment in which every second record is damaged by `damage`, beginning with the first or the second one.
struct Damaged {
  std::string bytes{};
  std::uint64_t sound = 0;
};

using Damage = std::function<void(std::string& frame)>;

Damaged every_second(std::uint64_t records, bool is_first, const Damage& damage,
                     const std::function<std::string(std::uint64_t)>& value) {
  Damaged segment;
  for (std::uint64_t txid = 1; txid <= records; ++txid) {
    std::string frame = test::reference_encode(1, txid, "k", value(txid));
    if ((txid % 2 == 1) == is_first) {
      damage(frame);
    } else {
      ++segment.sound;
    }
    segment.bytes += frame;
  }
  return segment;
}

std::string short_value(std::uint64_t txid) { return std::to_string(txid); }

struct Found {
  std::uint64_t records = 0;
  bool is_each_sound = true;
  Apart apart{};
  CrcWork work{};
};

Found find_in(const Damaged& segment, bool is_first) {
  test::SegmentFile file(segment.bytes);
  const std::unique_ptr<safeatomic::File> open = [&] {
    const auto directory = std::move(safeatomic::posix_file_system().open_directory(file.path().parent_path()).value());
    return std::move(directory->open_file("segment", {}).value());
  }();
  Found found;
  found.apart = find_runs(*open, {.end = segment.bytes.size()}, found.work, [&](const Run& run) -> Result<void> {
                  found.records += run.records;
                  found.is_each_sound = found.is_each_sound && run.records == 1 &&
                                        (run.first_txid % 2 == 0) == is_first;
                  return {};
                }).value();
  return found;
}

const struct {
  const char* name;
  Damage damage;
} damages[] = {
    {"a byte of the value", [](std::string& frame) { frame[26] ^= 1; }},
    {"the checksum", [](std::string& frame) { frame.back() ^= 1; }},
    {"the length of the value", [](std::string& frame) { frame[20] ^= 0x40; }},
    {"the length of the value, impossible", [](std::string& frame) { frame[23] ^= 0x40; }},
    {"the length of the key", [](std::string& frame) { frame[17] ^= 0x01; }},
    {"the magic", [](std::string& frame) { frame[1] ^= 1; }},
    {"all of the header", [](std::string& frame) { frame.replace(0, 24, 24, '?'); }},
    {"all of the header, with zeros", [](std::string& frame) { frame.replace(0, 24, 24, '\0'); }},
};

TEST(FindRuns, LosesNoSoundRecordBetweenTensOfThousandsOfDamagedOnes) {
  for (const auto& row : damages) {
    for (const bool is_first : {true, false}) {
      SCOPED_TRACE(std::string(row.name) + (is_first ? ", the first one too" : ""));
      const Damaged segment = every_second(70'000, is_first, row.damage, short_value);
      const Found found = find_in(segment, is_first);
      EXPECT_EQ(found.records, segment.sound);
      EXPECT_TRUE(found.is_each_sound);
      EXPECT_LE(found.work.done, 8 * segment.bytes.size());
    }
  }
}

// Where a damaged length is to reach to a record that is damaged itself.
TEST(FindRuns, LosesNoSoundRecordBehindDamagedOnesThatLieSideBySide) {
  for (const auto& row : damages) {
    SCOPED_TRACE(row.name);
    Damaged segment;
    for (std::uint64_t txid = 1; txid <= 3000; ++txid) {
      std::string frame = test::reference_encode(1, txid, "k", short_value(txid));
      if (txid % 4 == 2 || txid % 4 == 3) {
        row.damage(frame);
      } else {
        ++segment.sound;
      }
      segment.bytes += frame;
    }
    EXPECT_EQ(find_in(segment, true).records, segment.sound);
  }
}

// More runs than are kept in memory, so that they are listed in parts.
TEST(FindRuns, TakesTimeThatGrowsWithTheSegmentHoweverManyRunsItHas) {
  const Damaged segment = every_second(400'000, false, damages[0].damage, short_value);
  const Found found = find_in(segment, false);
  EXPECT_EQ(found.records, segment.sound);
  EXPECT_TRUE(found.is_each_sound);
  EXPECT_LE(found.work.done, 8 * segment.bytes.size());
}

TEST(FindRuns, TakesNothingOutOfTheValuesOfManyDamagedRecords) {
  const std::string inner = test::reference_encode(1, UINT64_MAX, "admin", "mallory");
  std::string many;
  for (int n = 0; n < 20; ++n) many += inner;
  for (const auto& row : damages) {
    SCOPED_TRACE(row.name);
    const Damaged segment = every_second(10'000, false, row.damage, [&](std::uint64_t) { return ".." + many; });
    const Found found = find_in(segment, false);
    EXPECT_EQ(found.records, segment.sound);
    EXPECT_TRUE(found.is_each_sound);
    EXPECT_LE(found.work.done, 16 * segment.bytes.size());
  }
}

// Each is whole, and lies inside the one before: as many runs may go on at one place as there are frames.
TEST(FindRuns, TakesTimeThatGrowsWithTheSegmentAlsoForFramesInsideOneAnother) {
  std::string nested = "end";
  for (std::uint64_t depth = 1; depth <= 2'000; ++depth) nested = test::reference_encode(1, UINT64_MAX, "k", nested);
  Damaged segment = every_second(40, false, damages[6].damage, [&](std::uint64_t) { return nested; });
  const Found found = find_in(segment, false);
  EXPECT_EQ(found.records, segment.sound);
  EXPECT_TRUE(found.is_each_sound);
  EXPECT_LE(found.work.done, 64 * segment.bytes.size());
}

}  // namespace
}  // namespace datawal::segment
