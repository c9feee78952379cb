// The screen of `stat --watch`.

#include "cli/stat_screen.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datawal::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

StoreStats some_stats() {
  StoreStats stats;
  stats.segments = 3;
  stats.bytes = 3000;
  stats.live_bytes = 1500;
  stats.garbage_ratio = 0.5;
  stats.last_txid = 100;
  stats.durable_txid = 90;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    stats.per_segment.push_back({.id = id, .bytes = 1000, .live_bytes = 500, .dead_bytes = 500, .is_active = id == 3});
  }
  return stats;
}

TEST(StatScreen, ShowsTheShareOfTheLivingInEachSegment) {
  StatScreen screen("./kv");
  const std::string lines = screen.lines(some_stats(), milliseconds(0), {.columns = 62, .rows = 24}, false);
  EXPECT_THAT(lines, HasSubstr("txid 100, durable 90 (10 behind)"));
  EXPECT_THAT(lines, HasSubstr("       1      1000 B " + std::string(20, '=') + std::string(20, '.')));
  EXPECT_THAT(lines, HasSubstr("       3*     1000 B "));
}

TEST(StatScreen, TellsHowManyRecordsComeASecond) {
  StatScreen screen("./kv");
  StoreStats stats = some_stats();
  EXPECT_THAT(screen.lines(stats, milliseconds(1000), {}, false), testing::Not(HasSubstr("records/s")));
  stats.last_txid += 50;
  stats.bytes += 4096;
  EXPECT_THAT(screen.lines(stats, milliseconds(3000), {}, false), HasSubstr("25.0 records/s, 2.0 KiB/s"));
}

TEST(StatScreen, IsNoLargerThanTheTerminal) {
  StatScreen screen("a store with a long name, longer than the terminal is wide");
  StoreStats stats = some_stats();
  for (std::uint32_t id = 4; id < 100; ++id) stats.per_segment.push_back({.id = id, .bytes = 1000, .live_bytes = 1000});
  for (const std::size_t columns : {1U, 10U, 20U, 30U, 80U}) {
    for (const std::size_t rows : {1U, 2U, 5U, 7U, 8U, 24U}) {
      std::istringstream lines(screen.lines(stats, milliseconds(0), {.columns = columns, .rows = rows}, false));
      std::size_t count = 0;
      for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), columns);
      EXPECT_LT(count, rows) << "and the cursor behind it";
    }
  }
}

}  // namespace
}  // namespace datawal::cli
