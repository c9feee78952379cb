#include "cli/printed_records.hpp"

#include <gtest/gtest.h>

namespace datawal::cli {
namespace {

RecordView record(std::uint64_t txid, std::string_view payload) {
  return {.type = RecordType::Raw, .txid = txid, .key = {}, .payload = payload, .ref = {}};
}

TEST(PrintedRecords, TellsASeenRecordFromAFreshOne) {
  PrintedRecords printed;
  EXPECT_EQ(printed.judge(record(1, "a")), Novelty::fresh);
  printed.remember(record(5, "a"));
  EXPECT_EQ(printed.judge(record(5, "a")), Novelty::seen);
  EXPECT_EQ(printed.judge(record(6, "a")), Novelty::fresh);
}

TEST(PrintedRecords, SeesThatATxidWasGivenAgain) {
  PrintedRecords printed;
  printed.remember(record(5, "a"));
  printed.remember(record(6, "b"));
  EXPECT_EQ(printed.judge(record(5, "other")), Novelty::replaced);
  printed.remember(record(5, "other"));
  EXPECT_EQ(printed.judge(record(5, "other")), Novelty::seen);
  EXPECT_EQ(printed.judge(record(6, "b")), Novelty::seen);
}

TEST(PrintedRecords, TakesWhatItHasForgottenForSeenOnceItBeganBehindSome) {
  PrintedRecords printed;
  printed.begin_behind(0);
  for (std::uint64_t txid = 1; txid <= 100'000; ++txid) printed.remember(record(txid, "a"));
  EXPECT_EQ(printed.judge(record(7, "other")), Novelty::seen);
  EXPECT_EQ(printed.judge(record(99'999, "other")), Novelty::replaced);
}

TEST(PrintedRecords, ElseTakesWhatItDoesNotKnowForFresh) {
  PrintedRecords printed;
  printed.remember(record(21, "a"));
  EXPECT_EQ(printed.judge(record(1, "a")), Novelty::fresh);
  printed.begin_behind(21);
  EXPECT_EQ(printed.judge(record(1, "a")), Novelty::seen);
}

TEST(PrintedRecords, IsEmptyUntilARecordWasPrinted) {
  PrintedRecords printed;
  printed.begin_behind(20);
  EXPECT_TRUE(printed.is_empty());
  printed.remember(record(21, "a"));
  EXPECT_FALSE(printed.is_empty());
}

}  // namespace
}  // namespace datawal::cli
