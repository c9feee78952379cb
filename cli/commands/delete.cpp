// `datawal delete`: one key, many, or a range of them.

#include <fmt/format.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

#include "cli/commands/commands.hpp"
#include "cli/key_list.hpp"
#include "cli/key_printer.hpp"
#include "cli/key_range.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"
#include "cli/stop_signal.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

struct DeleteArguments {
  std::filesystem::path dir;
  KeyList keys{};
  CursorOptions range{.keys_only = true};
  bool is_dry_run = false;
  OpenOptions open{.mode = OpenMode::must_exist};
};

struct Counts {
  std::uint64_t deleted = 0;
  std::uint64_t missing = 0;
};

// Erases keys in batches, each atomic: what was erased before a failure stays so, and the command can be run again.
class Eraser {
 public:
  explicit Eraser(DataWal& store) : store_(store) {}

  Result<void> add(std::string_view key) {
    constexpr std::size_t most_keys = 1000;
    batch_.erase(key);
    return ++pending_ < most_keys ? Result<void>() : flush();
  }
  Result<void> flush() {
    if (pending_ == 0) return {};
    if (const Result<void> written = store_.write(batch_); !written) return std::unexpected(written.error());
    counts_.deleted += pending_;
    pending_ = 0;
    batch_.clear();
    return {};
  }
  void count_missing() noexcept { ++counts_.missing; }
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

 private:
  DataWal& store_;
  Batch batch_;
  std::uint64_t pending_ = 0;
  Counts counts_;
};

// A failure of the library or of the input, to be reported.
struct Failure {
  std::optional<Error> error{};
  std::string input{};
};

// Calls `take(key, is_there)` once for each key that is named, until it returns false.
template <class Store, class Take>
void for_each_named(const Store& store, const DeleteArguments& arguments, const StopSignal& stop, Failure& failure,
                    const Take& take) {
  // A key that comes again is neither deleted twice nor missing the second time.
  std::unordered_set<std::string> named;
  const auto show = [&](std::string_view key) {
    if (!named.emplace(key).second) return true;
    const Result<bool> there = store.contains(key);
    if (!there) failure.error = there.error();
    return there.has_value() && take(key, *there);
  };
  const std::expected<void, std::string> read = arguments.keys.for_each(stop, show);
  if (!read) failure.input = read.error();
}

// The same for each key of the range.
template <class Store, class Take>
void for_each_in_range(const Store& store, const DeleteArguments& arguments, const StopSignal& stop, Failure& failure,
                       const Take& take) {
  Result<DataWalCursor> cursor = store.cursor(arguments.range);
  if (!cursor) {
    failure.error = cursor.error();
    return;
  }
  while (!stop.is_requested()) {
    const Result<std::optional<KeyValue>> next = cursor->next();
    if (!next) failure.error = next.error();
    if (!next || !*next || !take((*next)->key, true)) return;
  }
}

template <class Store, class Take>
void for_each_key(const Store& store, const DeleteArguments& arguments, const StopSignal& stop, Failure& failure,
                  const Take& take) {
  if (is_bounded(arguments.range)) {
    for_each_in_range(store, arguments, stop, failure, take);
  } else {
    for_each_named(store, arguments, stop, failure, take);
  }
}

int fail(Console& console, const DeleteArguments& arguments, const Failure& failure) {
  if (failure.error) return console.fail(*failure.error, arguments.dir);
  return console.fail(exit_usage, {.code = "input", .text = failure.input});
}

int judge_missing(Console& console, const DeleteArguments& arguments, const Counts& counts) {
  if (counts.missing == 0) return exit_done;
  return console.fail(exit_recoverable,
                      {.code = "miss",
                       .text = fmt::format("of the keys, {} not there",
                                           counts.missing == 1 ? "1 was" : fmt::format("{} were", counts.missing)),
                       .path = arguments.dir});
}

int foretell(Console& console, const DeleteArguments& arguments) {
  int status = exit_done;
  const std::optional<DataWalReader> store = open_store(console, arguments.dir, status);
  if (!store) return status;
  Counts counts;
  Failure failure;
  KeyPrinter printer(console, {.truncate = false});
  const StopSignal stop;
  for_each_key(*store, arguments, stop, failure, [&](std::string_view key, bool is_there) {
    ++(is_there ? counts.deleted : counts.missing);
    if (is_there) printer.print(key);
    return !console.out().has_failed();
  });
  if (failure.error || !failure.input.empty()) return fail(console, arguments, failure);
  if (stop.is_requested()) {
    return console.fail(exit_usage, {.code = "signal", .text = "stopped by a signal; there may be more keys"});
  }
  ReportFields fields(console, "delete");
  fields.word("action", "none", "a dry run: nothing was changed");
  fields.number("keys_deleted", counts.deleted).number("keys_missing", counts.missing);
  fields.print();
  return judge_missing(console, arguments, counts);
}

int erase_one(Console& console, const DeleteArguments& arguments, DataWal& store) {
  const std::string& key = arguments.keys.keys.front();
  const Result<bool> there = store.contains(key);
  if (!there) return console.fail(there.error(), arguments.dir);
  if (!*there) {
    return console.fail(exit_recoverable,
                        {.code = "miss", .text = "the key is not there; nothing was changed", .path = arguments.dir});
  }
  if (const Result<void> done = store.erase(key, {.sync = true}); !done) {
    return console.fail(done.error(), arguments.dir);
  }
  const std::uint64_t txid = store.log().last_txid();
  ReportFields fields(console, "delete");
  fields.json().base64("key_base64", key);
  fields.number("txid", txid).json().boolean("durable", store.log().durable_txid() >= txid);
  if (console.json()) fields.print();
  return exit_done;
}

int erase_many(Console& console, const DeleteArguments& arguments, DataWal& store) {
  Failure failure;
  Eraser eraser(store);
  bool was_stopped = false;
  {
    const StopSignal stop;
    for_each_key(store, arguments, stop, failure, [&](std::string_view key, bool is_there) {
      if (!is_there) {
        eraser.count_missing();
        return true;
      }
      const Result<void> added = eraser.add(key);
      if (!added) failure.error = added.error();
      return added.has_value();
    });
    was_stopped = stop.is_requested();
  }
  if (!failure.error) {
    if (const Result<void> done = eraser.flush(); !done) failure.error = done.error();
  }
  if (!failure.error) {
    if (const Result<void> synced = store.fsync(); !synced) failure.error = synced.error();
  }
  ReportFields fields(console, "delete");
  fields.number("keys_deleted", eraser.counts().deleted).number("keys_missing", eraser.counts().missing);
  fields.number("txid", store.log().last_txid());
  fields.json().boolean("durable", store.log().durable_txid() >= store.log().last_txid());
  fields.print();
  if (failure.error || !failure.input.empty()) return fail(console, arguments, failure);
  if (was_stopped) {
    return console.fail(exit_usage, {.code = "signal",
                                     .text = "stopped by a signal; what was deleted until then stays so, the same "
                                             "command deletes the rest",
                                     .path = arguments.dir});
  }
  return judge_missing(console, arguments, eraser.counts());
}

int erase(Console& console, const DeleteArguments& arguments) {
  if (arguments.keys.is_empty() && !is_bounded(arguments.range)) {
    return console.fail_usage("which keys? --key, --keys-from, --prefix, --from or --to says it");
  }
  if (!arguments.keys.is_empty() && is_bounded(arguments.range)) {
    return console.fail_usage("keys by name and a range of keys do not go together: delete one, then the other");
  }
  if (arguments.is_dry_run) return foretell(console, arguments);
  int status = exit_done;
  if (!open_to_read(console, arguments.dir, status)) return status;  // a mistyped name must not become a store
  std::optional<DataWal> store = open_store_for_writing(console, arguments.dir, arguments.open, status);
  if (!store) return status;
  status = arguments.keys.is_single() ? erase_one(console, arguments, *store) : erase_many(console, arguments, *store);
  const Result<void> closed = store->log().is_poisoned() ? Result<void>() : store->close();
  return closed ? status : console.fail(closed.error(), arguments.dir);
}

}  // namespace

void add_delete(CLI::App& program, Run& run) {
  CLI::App& command = add_command(program, "delete", "Removes a key, or many.",
                                  R"(Appends tombstones. When it says that it is done, the keys stay away after a
loss of power too. A key that is not there is left alone, and no store is made.

Keys by name, or a range, not both. A range is that of the keys at the start of
the command. A key that is named twice counts once. Many keys go a thousand at
a time; interrupted by a signal it can be run again.

Examples:
  datawal delete ./kv --prefix session: --dry-run
  datawal delete ./kv --prefix session:

Exit status: 0 done; 1 usage, a bad line, no store there, it is locked, or a
signal; 2 a key by name was not there; 3 damage, no space, or the operating
system failed.)");
  auto arguments = std::make_shared<DeleteArguments>();
  add_store(command, arguments->dir);
  add_key_list(command, arguments->keys);
  add_key_range(command, arguments->range);
  command.add_flag("--dry-run", arguments->is_dry_run, "Only list the keys that would go, without a lock")
      ->option_text(" ");
  add_writing(command, arguments->open);
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return erase(console, *arguments); }; });
}

}  // namespace datawal::cli
