#include "cli/checking.hpp"

#include <fmt/format.h>

#include <string>

#include "cli/human.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"

namespace datawal::cli {
namespace {

// What the two ways out cost here.
std::string price_of(const VerifyReport& report) {
  if (report.damaged_ranges_found == 0 && report.records_behind_damage == 0) return {};
  return fmt::format("here --salvage loses {} ({}), and without it {} would be set aside",
                     counted(report.damaged_ranges_found, "damaged place"), counted(report.damaged_bytes, "byte"),
                     counted(report.records_behind_damage, "whole record"));
}

ExitCode fail_for_disorder(Console& console, const std::filesystem::path& dir, const VerifyReport& report) {
  const Error& damage = *report.damage;
  const std::string store = shell_word(dir);
  return console.fail(
      exit_damaged,
      {.code = "out_of_order",
       .text = fmt::format("at offset {} of {} there is {}; put the right files back, or `datawal repair {} --salvage "
                           "OUT` copies all records in order; `datawal repair {}` would set {} aside",
                           damage.offset, shell_word(damage.path), damage.detail, store, store,
                           counted(report.records_behind_damage, "whole record")),
       .path = damage.path,
       .segment = damage.segment,
       .offset = damage.offset});
}

}  // namespace

Result<VerifyReport> check(const std::filesystem::path& dir) {
  ProgressBar bar("checking");
  return verify(dir, {.on_progress = bar.callback()});
}

int judge(Console& console, const std::filesystem::path& dir, const VerifyReport& report) {
  if (report.out_of_order) return fail_for_disorder(console, dir, report);
  if (report.damage) return console.fail(*report.damage, dir, price_of(report));
  if (report.recovery.tail_truncated) {
    return fail_for_torn_tail(console, dir, report.last_segment, report.last_offset,
                              report.recovery.tail_bytes_discarded);
  }
  return exit_done;
}

}  // namespace datawal::cli
