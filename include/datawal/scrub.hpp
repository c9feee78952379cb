#pragma once
// Reads a whole store at a limited speed, so that damage is found before anybody needs what is damaged.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/saved_index.hpp>
#include <datawal/saved_state.hpp>
#include <datawal/verify.hpp>

namespace datawal {

/// Options of scrub().
struct ScrubOptions {
  std::uint64_t max_bytes_per_second = 0;  ///< read of the log; 0: as fast as it goes
  /// Compare the persisted index with the log, if there is one: takes 17 bytes of memory a key, and at the end for a moment 40.
  bool compares_index = true;
  std::function<bool(const Progress&)>
      on_progress{};  ///< called now and then, from this thread; false stops. Must not throw
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

/// What scrub() found.
struct ScrubReport {
  VerifyReport log{};         ///< as of verify()
  IndexReport index{};        ///< as of check_index(); of inspect_index() where it was not compared
  StateReport state{};        ///< as of check_state(); of inspect_state() where the log is damaged before it
  bool is_cancelled = false;  ///< `on_progress` said no: this is about what was read so far

  /// The first thing that is wrong: damage in the log, or an index or a state that says something else than the log. A torn tail is not
  /// wrong, and a stale index is not.
  [[nodiscard]] std::optional<Error> damage() const;
};

/// Reads every record of the store in `dir` once, as verify() does, and holds the persisted index and the state of the log against them.
/// Takes no lock and changes nothing. Beside a live writer it reads what was there when it began, and the disk keeps the files of that
/// instant until it ends. Behind damage the limit does not hold, and stopping waits for the next whole record there, or the end.
/// @return the report, also for a damaged store; an error only where the store could not be read: not_found, io; snapshot_expired if a
///   segment that could not be kept open was compacted away meanwhile
/// Threads: any.
[[nodiscard]] Result<ScrubReport> scrub(const std::filesystem::path& dir, const ScrubOptions& options = {});

}  // namespace datawal
