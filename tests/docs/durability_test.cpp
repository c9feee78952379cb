// docs/DURABILITY.md says what the code decides: its tables are read from it and compared.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "log/read/verdict.hpp"
#include "support/files.hpp"
#include "support/markdown.hpp"

namespace datawal {
namespace {

using format::Stop;
using test::Cells;

std::string document() { return test::read_file(std::filesystem::path(DATAWAL_ROOT) / "docs" / "DURABILITY.md"); }

// As the document spells it.
std::string word_for(log::Verdict verdict) {
  switch (verdict) {
    case log::Verdict::keep: return "keep";
    case log::Verdict::cut_tail: return "cut tail";
    case log::Verdict::refuse: return "refuse";
    case log::Verdict::unsupported_version: return "unsupported version";
  }
  return "?";
}

std::string word_for(WatermarkState state) {
  switch (state) {
    case WatermarkState::absent: return "absent";
    case WatermarkState::elsewhere: return "elsewhere";
    case WatermarkState::ignored: return "ignored";
    case WatermarkState::kept: return "kept";
    case WatermarkState::broken: return "broken";
  }
  return "?";
}

TEST(DurabilityDocument, RecoveryTableIsWhatTheCodeJudges) {
  const std::vector<Cells> rows = test::table(document(), "Where reading stops, and what it means");
  ASSERT_EQ(rows.size(), static_cast<std::size_t>(Stop::txid_order)) << "a row for each way to stop";
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const auto stop = static_cast<Stop>(n + 1);
    const Cells want = {std::string(describe(stop)),
                        word_for(judge(log::SegmentRole::active, stop, log::Promise::none)),
                        word_for(judge(log::SegmentRole::active, stop, log::Promise::kept)),
                        word_for(judge(log::SegmentRole::active, stop, log::Promise::broken)),
                        word_for(judge(log::SegmentRole::sealed, stop, log::Promise::none))};
    EXPECT_EQ(rows[n], want);
  }
}

TEST(DurabilityDocument, ExplainsEachVerdict) {
  const std::vector<std::string> lines = test::section(document(), "Where reading stops, and what it means");
  for (const log::Verdict verdict :
       {log::Verdict::keep, log::Verdict::cut_tail, log::Verdict::refuse, log::Verdict::unsupported_version}) {
    const std::string start = "* **" + word_for(verdict) + "**: ";
    EXPECT_TRUE(std::ranges::any_of(lines, [&](const std::string& line) { return line.starts_with(start); })) << start;
  }
}

struct WatermarkCase {
  std::string_view what;
  std::optional<format::Watermark> watermark;
};

// The active segment: number 5, inode 77, one record of 33 bytes with txid 9.
constexpr std::uint32_t active = 5;
constexpr std::uint64_t inode = 77;
constexpr std::uint64_t end = 33;
constexpr std::uint64_t txid = 9;

const std::vector<WatermarkCase>& watermark_cases() {
  static const std::vector<WatermarkCase> cases = {
      {"there is none, or it is not a whole watermark", std::nullopt},
      {"a higher segment than any that is there", format::Watermark{active + 1, inode, 0, txid}},
      {"a lower segment", format::Watermark{active - 1, inode, end, txid}},
      {"the active segment, with another inode number", format::Watermark{active, inode + 1, end, txid}},
      {"the active segment, up to the end of a record with its txid", format::Watermark{active, inode, end, txid}},
      {"the active segment, and the valid prefix ends below it", format::Watermark{active, inode, end + 1, txid}},
      {"the active segment, and the valid prefix passes it without such a record",
       format::Watermark{active, inode, end, txid + 1}},
  };
  return cases;
}

TEST(DurabilityDocument, WatermarkTableIsWhatTheCodeTakesItFor) {
  const std::vector<Cells> rows = test::table(document(), "The watermark");
  ASSERT_EQ(rows.size(), watermark_cases().size());
  const std::map<log::Promise, std::string> columns = {
      {log::Promise::none, "says nothing"}, {log::Promise::kept, "at or above"}, {log::Promise::broken, "below"}};
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const WatermarkCase& row = watermark_cases()[n];
    log::WatermarkCheck check(row.watermark, active, inode);
    check.met(end, txid);
    const log::Promise promise = check.at_stop(end);
    EXPECT_EQ(rows[n], (Cells{std::string(row.what), word_for(check.state()), columns.at(promise)}));
  }
}

TEST(DurabilityDocument, PromisesWhatTheReadmePromises) {
  const std::string readme = test::read_file(std::filesystem::path(DATAWAL_ROOT) / "README.md");
  EXPECT_EQ(test::table(document(), "What each call promises"), test::table(readme, "What each call promises"));
}

}  // namespace
}  // namespace datawal
