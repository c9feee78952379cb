#pragma once
// `tail -f`: records of a log that somebody else writes, as they come.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include <datawal/follower.hpp>

#include "cli/console.hpp"
#include "cli/printed_records.hpp"
#include "cli/record_printer.hpp"
#include "cli/stop_signal.hpp"

namespace datawal::cli {

/// Prints what a Follower shows, no record twice, and goes on with whatever store comes to stand in its directory. One thread.
class TailFollower {
 public:
  /// @param count  how many of the records that are there already to begin with
  /// @param only_durable  print only what a loss of power cannot take back
  TailFollower(Console& console, std::filesystem::path dir, RecordPrinter printer, std::uint64_t count,
               bool only_durable);

  /// Goes on until a signal comes, or nobody reads the output, looking for more every `interval`. A store that does not
  /// exist yet is waited for, and then printed whole.
  /// @return the exit status
  int run(std::chrono::milliseconds interval);

 private:
  enum class Step : std::uint8_t { go_on, failed };

  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };

  Step open();
  Step poll();
  Step print();
  void tell(const LostRecords& lost);
  void start_over();
  Step wait_for_store();
  /// An error that the next look may not meet is no failure.
  Step fail(const Error& error);
  [[nodiscard]] std::optional<Identity> identity() const;

  Console& console_;
  const std::filesystem::path dir_;
  RecordPrinter printer_;
  std::uint64_t count_;
  const bool only_durable_;
  StopSignal stop_;
  std::optional<Follower> follower_{};       // empty while there is no store
  std::optional<Identity> read_identity_{};  // of the directory that follower_ reads
  PrintedRecords printed_;
  bool waiting_was_told_ = false;
  int status_ = exit_done;
};

}  // namespace datawal::cli
