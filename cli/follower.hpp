#pragma once
// `tail -f`: records of a log that somebody else writes, as they come.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include <datawal/follower.hpp>
#include <datawal/record_log_reader.hpp>

#include "cli/console.hpp"
#include "cli/identity.hpp"
#include "cli/printed_records.hpp"
#include "cli/record_filter.hpp"
#include "cli/record_printer.hpp"
#include "cli/stop_signal.hpp"

namespace datawal::cli {

/// Where `tail -f` begins and what it prints.
struct FollowOptions {
  std::uint64_t count = 10;                   ///< so many of the records that are there already
  std::optional<std::uint64_t> after_txid{};  ///< instead, all with a higher txid
  std::filesystem::path cursor_file{};        ///< where it notes how far it has come; if it is there, it alone counts
  bool only_durable = false;                  ///< print only what a loss of power cannot take back
  RecordFilter filter{};
};

/// Prints what a Follower shows, no record twice, and goes on with whatever store comes to stand in its directory. One thread.
class TailFollower {
 public:
  TailFollower(Console& console, std::filesystem::path dir, RecordPrinter printer, FollowOptions options);

  /// Continues until a signal comes, or nobody reads the output, looking for more every `interval`. Waits for a store that
  /// does not exist yet, and then prints it whole.
  /// @return the exit status
  int run(std::chrono::milliseconds interval);

 private:
  enum class Step : std::uint8_t { go_on, failed };

  Step open();
  Step poll();
  Step print();
  [[nodiscard]] Result<std::optional<RecordRef>> find_start(const RecordLogReader& reader) const;
  [[nodiscard]] bool has_cursor_file() const;
  Step save();
  void tell(const LostRecords& lost);
  void tell_replaced(const LostRecords& lost);
  void start_over();
  Step wait_for_store();
  /// An error that may be gone at the next look is no failure.
  Step fail(const Error& error);

  Console& console_;
  const std::filesystem::path dir_;
  RecordPrinter printer_;
  FollowOptions options_;
  StopSignal stop_;
  std::optional<Follower> follower_{};       // empty while there is no store
  std::optional<Identity> read_identity_{};  // of the directory that follower_ reads
  PrintedRecords printed_;
  bool is_to_save_ = false;  // the cursor file lacks something that was printed or told
  bool waiting_was_told_ = false;
  int status_ = exit_done;
};

}  // namespace datawal::cli
