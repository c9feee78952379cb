#include "cli/import.hpp"

#include <fmt/format.h>

#include <expected>
#include <optional>
#include <span>

#include <datawal/data_wal.hpp>

#include "cli/human.hpp"
#include "cli/input_files.hpp"
#include "cli/report_fields.hpp"
#include "cli/store.hpp"

namespace datawal::cli {
namespace {

// What the library reads from, and what kept it from reading.
struct Input {
  const InputFile& file;
  std::string failure{};

  DataWal::Source source() {
    return [this](std::span<char> into) -> Result<std::size_t> {
      const std::expected<std::size_t, std::string> got = file.read(into);
      if (got) return *got;
      failure = got.error();
      return std::unexpected(Error{.code = Errc::io, .action = "read input"});
    };
  }
};

int fail_to_import(Console& console, const ImportArguments& arguments, const Error& error, const Input& input) {
  if (!input.failure.empty()) {
    return console.fail(exit_usage,
                        {.code = "input", .text = input.failure + "; what was behind that was not imported"});
  }
  if (error.code != Errc::invalid_argument) return console.fail(error, arguments.dir);
  return console.fail(
      exit_usage,
      {.code = "input",
       .text = fmt::format("{}: {}; correct that line and run it again{}", input.file.shown_name(), error.detail,
                           arguments.offers_to_skip ? ", or leave such lines out with --skip-bad" : "")});
}

}  // namespace

int import_lines(Console& console, const ImportArguments& arguments) {
  // Before the store is opened, so that a mistyped name does not make one.
  const std::expected<void, std::string> usable = check_input_files({arguments.file}, arguments.dir);
  const std::expected<InputFile, std::string> file = usable ? InputFile::open(arguments.file)
                                                            : std::unexpected(usable.error());
  if (!file) return console.fail(exit_usage, {.code = "input", .text = file.error() + "; nothing was imported"});
  Input input{*file};
  int status = exit_done;
  std::optional<DataWal> store = open_store_for_writing(console, arguments.dir, arguments.open, status);
  if (!store) return status;
  const std::uint64_t first_txid = store->log().last_txid();
  const Result<ImportStats> stats = store->import_jsonl_from(input.source(), file->shown_name(),
                                                             {.skip_bad = arguments.skip_bad});
  // What was imported before a failure is made durable too.
  const Result<void> closed = store->log().is_poisoned() ? Result<void>{} : store->close();
  if (!stats) {
    const std::uint64_t applied = store->log().last_txid() - first_txid;
    console.note(
        {.code = "partial", .text = fmt::format("imported before that, and kept: {}", counted(applied, "record"))});
    return fail_to_import(console, arguments, stats.error(), input);
  }
  if (!closed) return console.fail(closed.error(), arguments.dir);
  ReportFields fields(console, "import");
  fields.number("records_read", stats->records_read).number("records_written", stats->records_written);
  fields.number("lines_rejected", stats->lines_rejected);
  fields.print();
  return exit_done;
}

}  // namespace datawal::cli
