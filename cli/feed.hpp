#pragma once
// Appends records from inputs to a log.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <datawal/record_log.hpp>

#include "cli/console.hpp"
#include "cli/durability.hpp"
#include "cli/input_records.hpp"
#include "cli/stop_signal.hpp"

namespace datawal::cli {

struct FeedSource {
  std::vector<std::string> files;  ///< "-" is standard input
  Framing framing = Framing::lines;
  std::string key;  ///< of every record
};

struct FeedResult {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< of whole frames
  int status = exit_done;
};

/// Appends the records of all inputs to `log` until they end, `stop` asks to end, or something fails. Reports the failure; every
/// record before it was appended. Messages name `dir`.
FeedResult feed(Console& console, RecordLog& log, const std::filesystem::path& dir, const FeedSource& source,
                Durability& durability, const StopSignal& stop);

}  // namespace datawal::cli
