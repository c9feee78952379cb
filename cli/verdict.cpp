#include "cli/verdict.hpp"

#include <fmt/format.h>

#include <datawal/segment.hpp>
#include <datawal/text.hpp>

#include "cli/hints.hpp"
#include "cli/human.hpp"

namespace datawal::cli {
namespace {

// Replaces the library's name of an option by the program's.
void name_the_option(std::string& text) {
  constexpr std::string_view option = "set allow_network_filesystem";
  if (const std::size_t place = text.find(option); place != std::string::npos)
    text.replace(place, option.size(), "say --allow-network-filesystem");
}

// Drops the advice to do what the user has just done.
void forget_verifying(std::string& text) {
  constexpr std::string_view advice = "run `datawal verify ";
  constexpr std::string_view then = "`, then ";
  const std::size_t begin = text.find(advice);
  const std::size_t end = begin == std::string::npos ? begin : text.find(then, begin);
  if (end != std::string::npos) text.replace(begin, end + then.size() - begin, "run ");
}

// What the two ways out cost here.
std::string price_of(const VerifyReport& report) {
  if (report.damaged_ranges_found == 0 && report.records_behind_damage == 0) return {};
  return fmt::format("here --salvage loses {} ({}), and without it {} would be set aside",
                     counted(report.damaged_ranges_found, "damaged place"), counted(report.damaged_bytes, "byte"),
                     counted(report.records_behind_damage, "whole record"));
}

Trouble disorder(const std::filesystem::path& dir, const VerifyReport& report) {
  const Error& damage = *report.damage;
  const std::string store = shell_word(dir);
  return {.status = exit_damaged,
          .message = {.code = "out_of_order",
                      .text = fmt::format("at offset {} of {} there is {}; put the right files back, or `datawal "
                                          "repair {} --salvage OUT` copies all records in order; `datawal repair {}` "
                                          "would set {} aside",
                                          damage.offset, shell_word(damage.path), damage.detail, store, store,
                                          counted(report.records_behind_damage, "whole record")),
                      .path = damage.path,
                      .segment = damage.segment,
                      .offset = damage.offset}};
}

}  // namespace

StateName name_of(WatermarkState state) {
  switch (state) {
    case WatermarkState::absent: return {"absent", "a tear cannot be told from damage below a lost sync"};
    case WatermarkState::elsewhere:
      return {
          "elsewhere",
          "it speaks of another file: the store is a copy, and what may be missing at its end cannot be told; the next "
          "writer sets a new one"};
    case WatermarkState::ignored: return {"ignored", "it fits no record, and nothing it speaks of is missing"};
    case WatermarkState::kept: return {"kept", "everything that was synced is there"};
    case WatermarkState::broken: return {"broken", "something that was synced is gone"};
  }
  return {"unknown", {}};
}

std::string missing_txids(const VerifyReport& report) {
  if (report.txids_missing == 1) return fmt::format("txid {} is missing", report.gaps.front().expected);
  if (report.recovery.txid_gaps == 1) {
    return fmt::format("{} txids are missing, {} to {}", report.txids_missing, report.gaps.front().expected,
                       report.gaps.front().found - 1);
  }
  return fmt::format("{} txids are missing, in {} places", report.txids_missing, report.recovery.txid_gaps);
}

Verdict verdict_of(const VerifyReport& report) {
  if (report.out_of_order) return {"out_of_order", "OUT OF ORDER"};
  if (report.damage) return {"damaged", "DAMAGED"};
  if (report.recovery.tail_truncated) return {"torn_tail", "torn tail"};
  if (report.txids_missing == 0) return {"clean", "clean"};
  if (report.is_raw_only) {
    return {"records_missing", missing_txids(report) +
                                   ": only Raw records are there, and no compaction takes one; what is there is clean"};
  }
  return {"gaps", "clean; " + missing_txids(report) + ", as compaction and lost segments leave it"};
}

Trouble torn_tail(const std::filesystem::path& dir, std::uint32_t segment, std::uint64_t offset, std::uint64_t bytes) {
  const std::filesystem::path file = segment::path(dir, segment);
  const std::string store = shell_word(dir);
  return {.status = exit_recoverable,
          .message = {.code = "torn_tail",
                      .text = fmt::format("{} ends at offset {} in a torn record of {}, as a crash leaves it; every "
                                          "record before it is whole: `datawal append {}` or `datawal repair {}` sets "
                                          "it aside and goes on",
                                          shell_word(file), offset, counted(bytes, "byte"), store, store),
                      .path = file,
                      .segment = segment,
                      .offset = offset}};
}

Trouble trouble_of(const Error& error, const std::filesystem::path& dir, std::string_view command,
                   std::string_view more) {
  std::string text = error.message();
  if (error.code == Errc::snapshot_expired) {
    text = fmt::format("the files of {} were replaced while they were read", shell_word(dir));
  }
  if (command == "verify") forget_verifying(text);
  name_the_option(text);
  if (const std::string next = hint_for(error, dir, command); !next.empty()) text += "; " + next;
  if (!more.empty()) text.append("; ").append(more);
  return {.status = exit_code_of(error),
          .message = {.code = name_of(error.code),
                      .text = std::move(text),
                      .path = error.path,
                      .segment = error.segment,
                      .offset = error.offset}};
}

std::optional<Trouble> trouble_of(const VerifyReport& report, const std::filesystem::path& dir,
                                  std::string_view command) {
  if (report.out_of_order) return disorder(dir, report);
  if (report.damage) return trouble_of(*report.damage, dir, command, price_of(report));
  if (report.recovery.tail_truncated) {
    return torn_tail(dir, report.last_segment, report.last_offset, report.recovery.tail_bytes_discarded);
  }
  return std::nullopt;
}

}  // namespace datawal::cli
