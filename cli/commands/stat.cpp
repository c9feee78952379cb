// `datawal stat`: how large a store is, and how much of it is live.

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/human.hpp"
#include "cli/identity.hpp"
#include "cli/index_fields.hpp"
#include "cli/report_fields.hpp"
#include "cli/stat_screen.hpp"
#include "cli/stop_signal.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct StatArguments {
  std::filesystem::path dir;
  std::optional<std::uint64_t> watch_seconds{};
  bool is_prometheus = false;
  bool lists_segments = false;
};

std::string json_of(const std::vector<SegmentStats>& segments) {
  std::string json = "[";
  for (const SegmentStats& segment : segments) {
    json += fmt::format(
        R"({}{{"segment":{},"bytes":{},"live_bytes":{},"dead_bytes":{},"raw_bytes":{},"tombstone_bytes":{},"active":{}}})",
        json.size() == 1 ? "" : ",", segment.id, segment.bytes, segment.live_bytes, segment.dead_bytes,
        segment.raw_bytes, segment.tombstone_bytes, segment.is_active);
  }
  return json + ']';
}

std::string json_of(const std::vector<HoldStats>& holds) {
  std::string json = "[";
  for (const HoldStats& one : holds) {
    json += fmt::format(R"({}{{"name":"{}","txid":{},"segments":{},"bytes":{},"garbage_bytes":{}}})",
                        json.size() == 1 ? "" : ",", one.hold.name, one.hold.txid, one.segments, one.bytes,
                        one.garbage_bytes);
  }
  return json + ']';
}

// Nothing where there are none: most stores have no consumer.
void add_holds(ReportFields& fields, const StoreStats& stats) {
  if (stats.holds_error) {
    fields.json().null("holds").text("holds_error", stats.holds_error->message());
    fields.line("holds", stats.holds_error->message());
  }
  if (stats.holds.empty()) return;
  fields.json().raw("holds", json_of(stats.holds));
  for (const HoldStats& one : stats.holds) {
    fields.line(fmt::format("hold {}", one.hold.name),
                fmt::format("txid {}; keeps {} sealed segments, {} bytes, of these {} garbage", one.hold.txid,
                            one.segments, one.bytes, one.garbage_bytes));
  }
}

void print_fields(Console& console, const StoreStats& stats, const std::filesystem::path& dir, bool lists_segments) {
  // They have no say in the numbers; one that cannot be looked at is as good as none.
  const IndexReport index = inspect_index(dir).value_or(IndexReport{});
  const StateReport state = inspect_state(dir).value_or(StateReport{});
  const std::string ratio = fmt::format("{:.4f}", stats.garbage_ratio);
  ReportFields fields(console, "stat");
  fields.number("segments", stats.segments).number("bytes", stats.bytes).number("live_bytes", stats.live_bytes);
  fields.line("garbage_ratio", ratio).json().raw("garbage_ratio", ratio);
  fields.number("live_keys", stats.live_keys).number("raw_records", stats.raw_records);
  fields.number("put_records", stats.put_records).number("delete_records", stats.delete_records);
  fields.number("last_txid", stats.last_txid).number("durable_txid", stats.durable_txid);
  fields.number("key_directory_bytes", stats.key_directory_bytes);
  fields.number("quarantined_files", stats.quarantined_files).number("quarantined_bytes", stats.quarantined_bytes);
  if (index.state != IndexState::absent) add_index_fields(fields, index);
  if (state.state != IndexState::absent) add_state_fields(fields, state);
  add_holds(fields, stats);
  if (lists_segments) {
    fields.json().raw("per_segment", json_of(stats.per_segment));
    for (const SegmentStats& segment : stats.per_segment) {
      fields.line(fmt::format("segment {}", segment.id),
                  fmt::format("{} bytes: {} live, {} dead, {} raw, {} tombstones{}", segment.bytes, segment.live_bytes,
                              segment.dead_bytes, segment.raw_bytes, segment.tombstone_bytes,
                              segment.is_active ? "; active" : ""));
    }
  }
  fields.print();
}

// What is printed, once or again and again.
class StatPrinter {
 public:
  StatPrinter(Console& console, const StatArguments& arguments)
      : console_(console),
        arguments_(arguments),
        is_screen_(arguments.watch_seconds && !arguments.is_prometheus && !console.json() &&
                   is_terminal(STDOUT_FILENO)) {}

  [[nodiscard]] bool is_screen() const noexcept { return is_screen_; }

  /// What comes is of another store: nothing has come a second so far.
  void start_anew() { screen_ = StatScreen(shell_word(arguments_.dir)); }

  void print(const StoreStats& stats) {
    if (is_screen_) {
      const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now().time_since_epoch());
      console_.out().write(
          StatScreen::redraw(screen_.lines(stats, now, terminal_size(STDOUT_FILENO), takes_colours(STDOUT_FILENO))));
    } else if (arguments_.is_prometheus) {
      console_.out().write(prometheus_text(stats, arguments_.dir.native()));
    } else {
      print_fields(console_, stats, arguments_.dir, arguments_.lists_segments);
    }
  }

 private:
  Console& console_;
  const StatArguments& arguments_;
  const bool is_screen_;
  StatScreen screen_{shell_word(arguments_.dir)};
};

// The store that stands in the directory now; nullopt while there is none.
Result<std::optional<DataWalReader>> open_again(const std::filesystem::path& dir) {
  Result<DataWalReader> store = DataWalReader::open(dir, {.read_path = ReadPath::pread});
  if (!store && (store.error().code == Errc::not_found || store.error().code == Errc::snapshot_expired)) {
    return std::nullopt;
  }
  if (!store) return propagate(store);
  if (store->stats().segments == 0) return std::nullopt;
  return std::optional(std::move(*store));
}

int watch(Console& console, const StatArguments& arguments, StatPrinter& printer, DataWalReader& store,
          std::optional<Identity> watched) {
  const StopSignal stop;
  for (;;) {
    if (!console.out().flush()) return exit_done;
    const StopSignal::Pause pause = stop.pause(std::chrono::seconds(*arguments.watch_seconds), STDOUT_FILENO);
    if (pause != StopSignal::Pause::over) return exit_done;
    const std::optional<Identity> there = identity_of(arguments.dir);
    if (there != watched) {
      Result<std::optional<DataWalReader>> opened = open_again(arguments.dir);
      if (!opened) return console.fail(opened.error(), arguments.dir);
      if (!*opened) continue;
      if (!printer.is_screen()) {
        console.note({.code = "replaced",
                      .text = shell_word(arguments.dir) + " is another directory now: what follows is of that",
                      .path = arguments.dir});
      }
      store = std::move(**opened);
      watched = there;
      printer.start_anew();
      printer.print(store.stats());
      continue;
    }
    const Result<bool> changed = store.refresh();
    if (!changed && changed.error().code == Errc::snapshot_expired) continue;
    if (!changed) return console.fail(changed.error(), arguments.dir);
    if (*changed || printer.is_screen()) printer.print(store.stats());
  }
}

int stat(Console& console, const StatArguments& arguments) {
  int status = exit_done;
  const std::optional<Identity> watched = identity_of(arguments.dir);
  std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  StatPrinter printer(console, arguments);
  printer.print(store->stats());
  note_torn_tail(console, arguments.dir, store->report());
  return arguments.watch_seconds ? watch(console, arguments, printer, *store, watched) : exit_done;
}

}  // namespace

void add_stat(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "stat", "Counts bytes, keys and records, the live and the dead.",
                                  R"(Takes no lock and changes nothing.

  bytes          of all records
  live_bytes     of the records of live keys
  garbage_ratio  the share that is neither live nor raw
  durable_txid   newest record known to survive a loss of power
  quarantined    what torn tails left beside the store, one file each
  index_state    of a persisted index: see `datawal help index`
  log_state      of the state of a log, likewise
  hold NAME      what compaction leaves alone for it: see `datawal help hold`

How long syncs take, how much was appended, and whether compaction in the
background fails, only the process that writes knows: stats() and
prometheus_text() there.

With --watch it goes on, and prints again whenever something has changed; on a
terminal it is one screen that redraws: what each segment holds, and how many
records come a second. If another directory takes the name, it goes on with
that one.

Examples:
  datawal stat ./kv --watch 1
  datawal stat ./kv --segments
  datawal stat ./kv --prometheus > kv.prom.new && mv kv.prom.new kv.prom

Exit status: 0 done; 1 usage, or no store there; 3 damage, or reading failed.)");
  auto arguments = std::make_shared<StatArguments>();
  add_store(command, arguments->dir);
  command.add_flag("--segments", arguments->lists_segments, "Each segment too")->option_text(" ");
  command.add_flag("--prometheus", arguments->is_prometheus, "In the text format of Prometheus' textfile collector")
      ->option_text(" ");
  add_count(command, "--watch", arguments->watch_seconds, "Look again every N seconds")->check(CLI::Range(1, 86400));
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return stat(console, *arguments); }; });
}

}  // namespace datawal::cli
