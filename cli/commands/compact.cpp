// `datawal compact`: frees space in place, or writes the live records as a new store.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <memory>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/numbers.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct CompactArguments {
  std::filesystem::path dir;
  std::filesystem::path target;
  RawRecords raw = RawRecords::refuse;
  std::optional<double> min_garbage{};
  std::uint64_t max_bytes_per_second = 0;
  std::optional<double> max_seconds{};
  bool is_dry_run = false;
  bool allow_network_filesystem = false;
};

// -1 if it is not a number.
double number_of(const std::string& text) {
  double number = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? number : -1;
}

double ratio_of(const std::string& text) {
  const double ratio = number_of(text);
  if (!(ratio >= 0 && ratio <= 1)) {
    throw CLI::ValidationError("--min-garbage", "'" + text + "' is not a number from 0 to 1");
  }
  return ratio;
}

double seconds_of(const std::string& text) {
  const double seconds = number_of(text);
  if (!(seconds > 0 && std::isfinite(seconds))) {
    throw CLI::ValidationError("--max-seconds", "'" + text + "' is not a number of seconds above 0");
  }
  return seconds;
}

bool is_worth_it(const SegmentStats& segment, double min_garbage) {
  const std::uint64_t garbage = segment.dead_bytes + segment.tombstone_bytes;
  return garbage > 0 && static_cast<double>(garbage) >= min_garbage * static_cast<double>(segment.bytes);
}

// What would be looked at; how much of it must stay is known only when it is rewritten.
int foretell(Console& console, const CompactArguments& arguments, double min_garbage) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  std::uint64_t rewritten = 0;
  std::uint64_t removed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t garbage_bytes = 0;
  std::uint64_t held = 0;
  const StoreStats stats = store->stats();
  if (stats.holds_error) return console.fail(*stats.holds_error, arguments.dir);
  for (const SegmentStats& segment : stats.per_segment) {
    if (!is_worth_it(segment, min_garbage)) {
      ++skipped;
      continue;
    }
    if (std::ranges::any_of(stats.holds, [&](const HoldStats& one) { return segment.last_txid > one.hold.txid; })) {
      ++held;
      continue;
    }
    ++(segment.dead_bytes == segment.bytes ? removed : rewritten);
    garbage_bytes += segment.dead_bytes + segment.tombstone_bytes;
  }
  ReportFields fields(console, "compact");
  fields.json().null("target");
  fields.word("action", "none", "a dry run: nothing was changed");
  fields.number("segments_rewritten", rewritten).number("segments_removed", removed);
  fields.number("segments_skipped", skipped);
  if (held > 0) fields.number("segments_held", held);
  fields.number("bytes_reclaimed", garbage_bytes);
  fields.print();
  return exit_done;
}

int compact_in_place(Console& console, const CompactArguments& arguments) {
  if (arguments.raw != RawRecords::refuse) {
    return console.fail_usage("--include-raw and --drop-raw are about TARGET; in place, Raw records stay");
  }
  const double min_garbage = arguments.min_garbage.value_or(CompactOptions{}.min_garbage_ratio);
  if (arguments.is_dry_run) return foretell(console, arguments, min_garbage);
  int status = exit_done;
  if (!open_to_read(console, arguments.dir, status)) return status;  // a mistyped name must not become a store
  OpenOptions options;
  options.allow_network_filesystem = arguments.allow_network_filesystem;
  std::optional<DataWal> store = open_store_for_writing(console, arguments.dir, options, status);
  if (!store) return status;
  ProgressBar bar("compacting");
  const ProgressCallback show = bar.callback();
  using Clock = std::chrono::steady_clock;
  const Clock::time_point started = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - started).count(); };
  const Result<CompactionStats> stats = store->compact({.min_garbage_ratio = min_garbage,
                                                        .max_bytes_per_second = arguments.max_bytes_per_second,
                                                        .on_progress = [&](const Progress& progress) {
                                                          if (show) show(progress);
                                                          return !arguments.max_seconds ||
                                                                 passed() < *arguments.max_seconds ||
                                                                 progress.bytes_done >= progress.bytes_total;
                                                        }});
  bar.wipe();
  if (!stats) return console.fail(stats.error(), arguments.dir);
  const StoreStats after = store->stats();
  const bool is_left = std::ranges::any_of(after.per_segment, [&](const SegmentStats& segment) {
    return !segment.is_active && is_worth_it(segment, min_garbage);
  });
  if (const Result<void> closed = store->close(); !closed) return console.fail(closed.error(), arguments.dir);
  ReportFields fields(console, "compact");
  fields.json().null("target");
  fields.number("live_keys", stats->live_keys).number("records_written", stats->records_written);
  fields.number("bytes_written", stats->bytes_written).number("segments_rewritten", stats->segments_rewritten);
  fields.number("segments_removed", stats->segments_removed).number("segments_skipped", stats->segments_skipped);
  if (stats->segments_held > 0) fields.number("segments_held", stats->segments_held);
  if (stats->segments_busy > 0) fields.number("segments_busy", stats->segments_busy);
  fields.number("bytes_reclaimed", stats->bytes_reclaimed);
  fields.print();
  if (stats->segments_held > 0) {
    console.note({.code = "held",
                  .text = fmt::format("a hold keeps {} with garbage as {}: `datawal hold {}` shows whose",
                                      counted(stats->segments_held, "segment"),
                                      stats->segments_held == 1 ? "it is" : "they are", shell_word(arguments.dir)),
                  .path = arguments.dir});
  }
  if (stats->segments_busy > 0) {
    console.note(
        {.code = "busy",
         .text = fmt::format("another program has locked {} with garbage, or put others in {} place: {} left, "
                             "the same command goes on with the rest",
                             counted(stats->segments_busy, "segment"), stats->segments_busy == 1 ? "its" : "their",
                             stats->segments_busy == 1 ? "it is" : "they are"),
         .path = arguments.dir});
  }
  if (stats->is_cancelled && is_left) {
    console.note({.code = "stopped",
                  .text = "the time was over: what was compacted stays so, the same command goes on with the rest",
                  .path = arguments.dir});
  }
  return exit_done;
}

int compact_to_target(Console& console, const CompactArguments& arguments) {
  if (arguments.min_garbage || arguments.is_dry_run || arguments.max_bytes_per_second != 0 || arguments.max_seconds) {
    return console.fail_usage(
        "--min-garbage, --max-bytes-per-second, --max-seconds and --dry-run are for compacting in place, without "
        "TARGET");
  }
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  const StoreStats before = store->stats();
  if (before.raw_records > 0 && arguments.raw == RawRecords::refuse) {
    return console.fail_usage("the log holds " + std::to_string(before.raw_records) +
                              " Raw records, which belong to no key: say --include-raw or --drop-raw");
  }
  ProgressBar bar("compacting");
  const Result<CompactionStats> stats = store->compact_to(arguments.target,
                                                          {.raw = arguments.raw, .on_progress = bar.callback()});
  bar.wipe();
  if (!stats) return console.fail(stats.error(), arguments.target);
  ReportFields fields(console, "compact");
  fields.path("target", arguments.target).number("live_keys", stats->live_keys);
  fields.number("records_written", stats->records_written).number("bytes_written", stats->bytes_written);
  fields.print();
  note_torn_tail(console, arguments.dir, store->report());
  return exit_done;
}

}  // namespace

void add_compact(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "compact", "Gives back the space of dead records.",
                                  R"(Without TARGET, in place: segment by segment, each is replaced by a file with
its live records, its Raw records and the tombstones that are still needed.
Needs the writer's lock and room for one segment. It may be interrupted at any
time.

With TARGET, the live keys as a new store: one record per live key, by
ascending key, in one segment. TARGET must be absent or empty. DIR is not
touched, and may be written to meanwhile. After a crash TARGET holds the whole
result or none.

Examples:
  datawal compact ./kv --max-bytes-per-second 20M --max-seconds 600
  datawal compact ./kv ./kv.small --drop-raw

Exit status: 0 done; 1 usage, no store there, locked, or TARGET is not empty;
3 damage, no space, or the operating system failed.)");
  auto arguments = std::make_shared<CompactArguments>();
  add_store(command, arguments->dir);
  add_path(
      command, "TARGET", [arguments](const std::string& text) { arguments->target = text; },
      "The new store's directory")
      ->option_text(" ");
  add_text(
      command, "--min-garbage", [arguments](const std::string& text) { arguments->min_garbage = ratio_of(text); },
      "Leave segments with a smaller share of garbage alone\n(0 to 1; 0.3 unless given)")
      ->option_text("R");
  add_speed(command, arguments->max_bytes_per_second,
            "Read and write no faster than that together, so that\nothers get their share of the disk: 20M");
  add_text(
      command, "--max-seconds", [arguments](const std::string& text) { arguments->max_seconds = seconds_of(text); },
      "Stop at the next segment after N seconds; run again,\nit goes on with the rest")
      ->option_text("N");
  command.add_flag("--dry-run", arguments->is_dry_run, "Only say what would be done, without a lock")->option_text(" ");
  CLI::Option* include = command.add_flag_callback(
      "--include-raw", [arguments] { arguments->raw = RawRecords::include; },
      "Copy Raw records to TARGET too, first and in log order");
  CLI::Option* drop = command.add_flag_callback(
      "--drop-raw", [arguments] { arguments->raw = RawRecords::drop; }, "Leave Raw records out of TARGET");
  include->option_text(" ")->excludes(drop);
  drop->option_text(" ");
  add_network(command, arguments->allow_network_filesystem);
  command.final_callback([&run, arguments] {
    run = [arguments](Console& console) {
      return arguments->target.empty() ? compact_in_place(console, *arguments) : compact_to_target(console, *arguments);
    };
  });
}

}  // namespace datawal::cli
