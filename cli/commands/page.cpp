// `datawal page`: a store, or a summary of it, as one page for a browser.

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <safeatomic/atomic_file.hpp>

#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands/commands.hpp"
#include "cli/numbers.hpp"
#include "cli/page/page_report.hpp"
#include "cli/page/template.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"
#include "cli/report_fields.hpp"
#include "cli/verdict.hpp"

namespace datawal::cli {
namespace {

struct PageArguments {
  std::filesystem::path dir;
  std::string file;
  PageOptions options;
};

// Nothing of the file is there before it is whole.
class PageOutput {
 public:
  PageOutput(Console& console, std::string file) : console_(console), file_(std::move(file)) {}

  Result<void> write(std::string_view text) {
    if (file_ == "-") {
      console_.out().write(text);
      return {};
    }
    if (!atomic_) {
      safeatomic::Result<safeatomic::AtomicFile> opened = safeatomic::AtomicFile::open(file_);
      if (!opened) return std::unexpected(error_of(opened.error(), "write page"));
      atomic_ = std::move(*opened);
    }
    const safeatomic::Result<void> written = atomic_->write(text);
    if (!written) return std::unexpected(error_of(written.error(), "write page"));
    return {};
  }

  Result<void> finish() {
    if (!atomic_) return {};
    const safeatomic::Result<void> committed = atomic_->commit();
    if (!committed) return std::unexpected(error_of(committed.error(), "write page"));
    return {};
  }

 private:
  Console& console_;
  const std::string file_;
  std::optional<safeatomic::AtomicFile> atomic_;
};

// Its name may be that of a segment.
Result<void> refuse_place_inside(const std::filesystem::path& dir, const std::filesystem::path& file) {
  if (file == "-") return {};
  const std::filesystem::path parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  std::error_code unknown;  // what is not there is told by whoever opens it
  if (!std::filesystem::equivalent(parent, dir, unknown)) return {};
  return std::unexpected(Error{.code = Errc::invalid_argument,
                               .action = "write page",
                               .path = file,
                               .detail = "that is inside the store itself; name a place beside it"});
}

int write_page(Console& console, const PageArguments& arguments) {
  if (const Result<void> beside = refuse_place_inside(arguments.dir, arguments.file); !beside)
    return console.fail(beside.error(), arguments.dir);
  PageOptions options = arguments.options;
  const std::string name = std::filesystem::weakly_canonical(arguments.dir).filename().string();
  if (options.title.empty()) options.title = "datawal: " + name;
  options.made_at = fmt::format("Made by `datawal page` on {:%Y-%m-%d %H:%M:%S} UTC of {}.",
                                fmt::gmtime(std::time(nullptr)), arguments.dir.native());
  PageOutput output(console, arguments.file);
  ProgressBar bar("reading");
  Result<PageMade> made = make_page(arguments.dir, options, bar.callback(),
                                    [&output](std::string_view text) { return output.write(text); });
  bar.wipe();
  if (!made) return console.fail(made.error(), arguments.dir);
  if (made->bytes == 0) return fail_for_empty_store(console, arguments.dir);
  if (const Result<void> written = output.finish(); !written) return console.fail(written.error(), arguments.dir);
  if (arguments.file == "-") return exit_done;
  ReportFields fields(console, "page");
  fields.path("outfile", arguments.file).number("bytes_written", made->bytes);
  fields.number("segments_inside", made->segments_inside);
  fields.word("verdict", verdict_of(made->report.verify).code);
  fields.print();
  return exit_done;
}

}  // namespace

void add_page(CLI::App& program, Run& run) {
  if (page_template().empty()) return;
  CLI::App& command = add_command(program, "page", "Writes one page that shows a store in a browser.",
                                  R"(For a ticket, or to look: one file that needs no server and no network. The
verdict is that of `datawal verify`. Takes no lock and changes nothing in DIR;
beside a live writer it shows what was there when it began. FILE appears whole
or not at all.

A small store is in the page, keys and values included, and the page reads it
with this library: map, table, search, export. A larger one is summed up:
verdict, map, counts, the first bytes of up to 100 damaged places, the newest
1000 records. The page says which of the two it is.

The page also opens other stores: drop a directory on it. Without a store
inside it is installed as share/datawal/datawal.html, below /usr for a package.

Examples:
  datawal page ./kv -o report.html
  datawal page ./log -o report.html --no-values --title "Ticket 17"

Exit status: 0 done, whatever the verdict; 1 usage, or no store there; 3 no
space, or the operating system failed.)");
  auto arguments = std::make_shared<PageArguments>();
  add_store(command, arguments->dir);
  add_path(
      command, "-o,--output", [arguments](const std::string& text) { arguments->file = text; },
      "Needed: the file to write or replace; - is standard\noutput")
      ->option_text("FILE")
      ->required();
  const auto take_limit = [arguments](const std::string& text) {
    const std::optional<std::uint64_t> bytes = parse_bytes(text);
    if (!bytes) throw CLI::ValidationError("--embed-limit", "'" + text + "' is not a number of bytes");
    arguments->options.embed_limit = *bytes;
  };
  add_text(command, "--embed-limit", take_limit,
           "Put a store of up to N bytes, or N KiB, MiB, GiB with K,\nM, G behind it, into the page (default 16M)")
      ->option_text("N");
  command.add_flag_callback(
      "--no-values", [arguments] { arguments->options.with_values = false; },
      "No byte of a value: a summary, with keys");
  add_text(
      command, "--title", [arguments](const std::string& text) { arguments->options.title = text; },
      "What the page is called")
      ->option_text("TEXT");
  command.final_callback(
      [&run, arguments] { run = [arguments](Console& console) { return write_page(console, *arguments); }; });
}

}  // namespace datawal::cli
