#include "cli/checking.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <datawal/segment.hpp>

#include "cli/human.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"

namespace datawal::cli {
namespace {

ExitCode fail_for_disorder(Console& console, const std::filesystem::path& dir, const VerifyReport& report) {
  const auto place = std::ranges::find_if(report.gaps, [](const TxidGap& gap) { return gap.found < gap.expected; });
  const TxidGap gap = place == report.gaps.end() ? TxidGap{} : *place;
  const std::string where = gap.segment == 0 ? std::string("somewhere")
                                             : fmt::format("at offset {} of {}", gap.offset,
                                                           shell_word(segment::path(dir, gap.segment)));
  return console.fail(
      exit_damaged,
      {.code = "out_of_order",
       .text = fmt::format("{} the records go backwards (txid {} where {} or more belongs), which no writer does: "
                           "segments were swapped or mixed; put the right files back, or `datawal repair {} --salvage "
                           "OUT` copies all records in order",
                           where, gap.found, gap.expected, shell_word(dir)),
       .path = gap.segment == 0 ? dir : segment::path(dir, gap.segment),
       .segment = gap.segment,
       .offset = gap.offset});
}

}  // namespace

Result<VerifyReport> check(const std::filesystem::path& dir) {
  ProgressBar bar("checking");
  return verify(dir, {.on_progress = bar.callback()});
}

int judge(Console& console, const std::filesystem::path& dir, const VerifyReport& report) {
  if (report.damage) return console.fail(*report.damage, dir);
  if (report.out_of_order) return fail_for_disorder(console, dir, report);
  if (report.recovery.tail_truncated) {
    return fail_for_torn_tail(console, dir, report.last_segment, report.last_offset,
                              report.recovery.tail_bytes_discarded);
  }
  return exit_done;
}

}  // namespace datawal::cli
