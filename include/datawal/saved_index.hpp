#pragma once
// The persisted index of a store (OpenOptions::index), seen from outside.

#include <cstdint>
#include <filesystem>
#include <string>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/recovery_report.hpp>

namespace datawal {

/// What lies in `.index`, and what it is worth.
struct IndexReport {
  IndexState state = IndexState::absent;  ///< `used` if DataWal::open would use it now
  std::string reason{};                   ///< why it would not
  std::uint64_t bytes = 0;                ///< of the file
  // The rest is 0 unless it would be used.
  std::uint64_t keys = 0;             ///< it knows
  std::uint64_t records_covered = 0;  ///< need not be read
  std::uint64_t last_txid = 0;        ///< of the last one of these
};

/// Looks at the persisted index of the store in `dir`: all but its pages is read and compared with the segments that are there, as
/// opening does. Takes no lock and changes nothing. Some milliseconds at any size.
/// @return not_found if there is no such directory; io; snapshot_expired as DataWalReader::open
/// Threads: any.
[[nodiscard]] Result<IndexReport> inspect_index(const std::filesystem::path& dir, const ReaderOptions& options = {});

/// The same, and compares every page with what the log says: reads all of both, in 40 bytes of memory a key.
/// @return also corruption if the log is damaged before the place up to which the index goes; a page that is damaged or says
///   something else makes the state `damaged`
[[nodiscard]] Result<IndexReport> check_index(const std::filesystem::path& dir, const ReaderOptions& options = {});

/// Removes the persisted index, durably. The store must not be open for writing.
/// @return whether there was one; not_found if there is no such directory; locked; io
[[nodiscard]] Result<bool> drop_index(const std::filesystem::path& dir, const OpenOptions& options = {});

}  // namespace datawal
