// `datawal check`: can every live key be read?

#include <memory>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

void print(Console& console, std::uint64_t keys, const RecoveryReport& report) {
  ReportFields fields(console, "check");
  fields.number("keys_checked", keys).flag("tail_truncated", report.tail_truncated);
  fields.number("tail_bytes_discarded", report.tail_bytes_discarded);
  fields.number("mid_stream_errors", report.mid_stream_errors);
  fields.number("unsupported_versions", report.unsupported_versions);
  fields.print();
}

int check_keys(Console& console, const std::filesystem::path& dir) {
  Result<DataWalReader> store = DataWalReader::open(dir, {.read_path = ReadPath::pread});
  if (!store) {
    RecoveryReport report;
    report.mid_stream_errors = store.error().code == Errc::corruption ? 1 : 0;
    report.unsupported_versions = store.error().code == Errc::unsupported_version ? 1 : 0;
    if (report.mid_stream_errors + report.unsupported_versions > 0) print(console, 0, report);
    return console.fail(store.error(), dir);
  }
  const StoreStats stats = store->stats();
  if (stats.segments == 0) return fail_for_empty_store(console, dir);

  ProgressBar bar("checking");
  Progress progress{.bytes_done = 0, .bytes_total = stats.live_bytes};
  std::uint64_t keys = 0;
  const Result<void> read = store->for_each([&](std::string_view key, std::string_view value) {
    ++keys;
    progress.bytes_done += key.size() + value.size();
    bar.show(progress);
    return true;
  });
  bar.wipe();
  print(console, keys, store->report());
  if (!read) return console.fail(read.error(), dir);
  if (!store->report().tail_truncated) return exit_done;
  note_torn_tail(console, dir, store->report());
  return exit_recoverable;
}

}  // namespace

void add_check(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "check", "Reads every live key and value back.",
                                  R"(Takes no lock and changes nothing. `datawal verify` checks every record, the
dead ones too, and needs no memory for keys; this one follows the way that a
get takes.

Examples:
  datawal check ./kv
  datawal --json check ./kv

Exit status: 0 all there; 1 usage, or no store there; 2 the log ends in a torn
record; 3 damage, or reading failed.)");
  auto dir = std::make_shared<std::filesystem::path>();
  add_store(command, *dir);
  command.final_callback([&run, dir] { run = [dir](Console& console) { return check_keys(console, *dir); }; });
}

}  // namespace datawal::cli
