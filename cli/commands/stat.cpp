// `datawal stat`: how large a store is, and how much of it is alive.

#include <fmt/format.h>

#include <memory>

#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

int stat(Console& console, const std::filesystem::path& dir) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, dir, status);
  if (!store) return status;
  const StoreStats stats = store->stats();
  const std::string ratio = fmt::format("{:.4f}", stats.garbage_ratio);
  ReportFields fields(console, "stat");
  fields.number("segments", stats.segments).number("bytes", stats.bytes).number("live_bytes", stats.live_bytes);
  fields.line("garbage_ratio", ratio).json().raw("garbage_ratio", ratio);
  fields.number("live_keys", stats.live_keys).number("raw_records", stats.raw_records);
  fields.number("put_records", stats.put_records).number("delete_records", stats.delete_records);
  fields.number("last_txid", stats.last_txid).number("durable_txid", stats.durable_txid);
  fields.print();
  note_torn_tail(console, dir, store->report());
  return exit_done;
}

}  // namespace

void add_stat(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "stat", "Counts bytes, keys and records, the live and the dead.",
                                  R"(Takes no lock and changes nothing.

  bytes          of all records
  live_bytes     of the records of live keys
  garbage_ratio  the share that `datawal compact DIR TARGET --include-raw`
                 would leave out
  durable_txid   newest record known to survive a loss of power

Example:
  datawal --json stat ./kv | jq .garbage_ratio

Exit status: 0 done; 1 usage, or no store there; 3 damage, or reading failed.)");
  auto dir = std::make_shared<std::filesystem::path>();
  add_store(command, *dir);
  command.final_callback([&run, dir] { run = [dir](Console& console) { return stat(console, *dir); }; });
}

}  // namespace datawal::cli
