#pragma once
// Options and results of export and import as lines of JSON.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

namespace datawal {

/// Receives the next whole lines of an export; false stops.
using JsonlSink = std::function<bool(std::string_view lines)>;

/// Fills its argument with the next bytes of an input and returns how many; 0 at the end.
using JsonlSource = std::function<Result<std::size_t>(std::span<char>)>;

/// Options of export_jsonl().
struct ExportOptions {
  ProgressCallback on_progress{};  ///< bytes of live records; called now and then from this thread; must not throw
};

/// What an export wrote.
struct ExportStats {
  std::uint64_t records_written = 0;  ///< lines
  std::uint64_t bytes_written = 0;    ///< size of the file
};

/// Options of import_jsonl().
struct ImportOptions {
  bool skip_bad = false;           ///< count lines that are no records, instead of stopping at the first
  ProgressCallback on_progress{};  ///< bytes of input; called now and then from this thread; must not throw
};

/// What an import read and wrote.
struct ImportStats {
  std::uint64_t records_read = 0;     ///< lines that were records
  std::uint64_t records_written = 0;  ///< of these, put into the store
  std::uint64_t lines_rejected = 0;   ///< lines left out by `skip_bad`
};

}  // namespace datawal
