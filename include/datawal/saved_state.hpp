#pragma once
// The state of a log (OpenOptions::state), seen from outside.

#include <cstdint>
#include <filesystem>
#include <string>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/recovery_report.hpp>

namespace datawal {

/// What lies in `.state`, and what it is worth.
struct StateReport {
  IndexState state = IndexState::absent;  ///< `used` if RecordLog::open would use it now
  std::string reason{};                   ///< why it would not
  std::uint64_t bytes = 0;                ///< of the file
  // The rest is 0 unless it would be used.
  std::uint64_t segments = 0;         ///< it describes
  std::uint64_t records_covered = 0;  ///< need not be read
  std::uint64_t last_txid = 0;        ///< of the last one of these
};

/// Looks at the state of the log in `dir`, and compares it with the segments that are there, as opening does. Takes no lock and changes
/// nothing. Some milliseconds at any size, but for the headers of one segment's records where that has grown since.
/// @return not_found if there is no such directory; io; snapshot_expired as RecordLogReader::open
/// Threads: any.
[[nodiscard]] Result<StateReport> inspect_state(const std::filesystem::path& dir, const ReaderOptions& options = {});

/// The same, and reads the log up to where the state goes: every segment must hold what it says.
/// @return also corruption if the log is damaged before that; a state that says something else is `damaged`
[[nodiscard]] Result<StateReport> check_state(const std::filesystem::path& dir, const ReaderOptions& options = {});

/// Removes the state, durably. The log must not be open for writing.
/// @return whether there was one; not_found if there is no such directory; locked; io
[[nodiscard]] Result<bool> drop_state(const std::filesystem::path& dir, const OpenOptions& options = {});

}  // namespace datawal
