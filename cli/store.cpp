#include "cli/store.hpp"

#include <fmt/format.h>
#include <safeatomic/temporary.hpp>

#include <string>
#include <utility>

#include "cli/human.hpp"
#include "cli/progress_bar.hpp"
#include "cli/reading.hpp"

namespace datawal::cli {

std::optional<DataWalReader> open_store(Console& console, const std::filesystem::path& dir, int& status,
                                        bool uses_index) {
  Result<DataWalReader> store = DataWalReader::open(dir, {.read_path = ReadPath::pread, .uses_index = uses_index});
  if (!store) {
    status = console.fail(store.error(), dir);
    return std::nullopt;
  }
  if (store->stats().segments == 0) {
    status = fail_for_empty_store(console, dir);
    return std::nullopt;
  }
  return std::move(*store);
}

std::optional<DataWal> open_store_for_writing(Console& console, const std::filesystem::path& dir, OpenOptions options,
                                              int& status) {
  if (!refuse_foreign_directory(console, dir, options, status)) return std::nullopt;
  ProgressBar bar("opening");
  options.on_progress = bar.callback();
  Result<DataWal> store = DataWal::open(dir, options);
  bar.wipe();
  if (!store) {
    status = console.fail(store.error(), dir);
    return std::nullopt;
  }
  note_quarantine(console, store->log().recovery_report());
  return std::move(*store);
}

bool refuse_foreign_directory(Console& console, const std::filesystem::path& dir, const OpenOptions& options,
                              int& status) {
  if (options.mode == OpenMode::must_exist) return true;
  const Result<bool> there = is_store(dir);
  if (!there || *there) return true;  // if it cannot be read, opening reports that
  std::error_code error;
  for (std::filesystem::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool may_be_there = name == ".lock" || name == "lost+found" || safeatomic::is_temporary_name(name);
    if (may_be_there) continue;
    status = console.fail(
        exit_usage,
        {.code = "foreign_directory",
         .text = fmt::format("{} is no store, and holds other things ({}): nothing was done; name a directory that a "
                             "store has to itself: `datawal {} {}`",
                             shell_word(dir), shell_word(name), console.command(), shell_word(dir / "store")),
         .path = dir});
    return false;
  }
  return true;
}

void note_quarantine(Console& console, const RecoveryReport& report) {
  if (!report.tail_truncated) return;
  const std::string fate = report.quarantine_path.empty()
                               ? std::string("cut off")
                               : fmt::format("moved to {}", shell_word(report.quarantine_path));
  console.note(
      {.code = "torn_tail_quarantined",
       .text = fmt::format("the log ended in a torn record, as a crash leaves it: its {} were {}; every record "
                           "before it is there",
                           counted(report.tail_bytes_discarded, "byte"), fate),
       .path = report.quarantine_path});
}

void note_torn_tail(Console& console, const std::filesystem::path& dir, const RecoveryReport& report) {
  if (!report.tail_truncated) return;
  console.note({.code = "torn_tail",
                .text = fmt::format("the log in {} ends in a torn record of {}, as a crash leaves it; nothing that was "
                                    "synced is missing",
                                    shell_word(dir), counted(report.tail_bytes_discarded, "byte")),
                .path = dir});
}

}  // namespace datawal::cli
