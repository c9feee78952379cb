#pragma once
// `append --sync` and `--ack`: when records are made durable, and when that is reported.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include <datawal/record_log.hpp>

#include "cli/console.hpp"
#include "cli/stop_signal.hpp"

namespace datawal::cli {

struct SyncChoice {
  enum class When : std::uint8_t { end, each, never, every };
  When when = When::end;
  std::chrono::milliseconds interval{0};  ///< of `every`
};

/// "end", "each", "never", "every=MS" with MS from 1 on.
[[nodiscard]] std::optional<SyncChoice> parse_sync(std::string_view text) noexcept;

/// Carries out one choice for one run. Destruction ends its thread and syncs nothing.
class Durability {
 public:
  /// Begins after `log.last_txid()`. A sync that fails in the background wakes `stop`.
  /// @param acknowledge  print each txid on its own line once its record is durable
  Durability(RecordLog& log, Console& console, const StopSignal& stop, const SyncChoice& choice, bool acknowledge);
  Durability(const Durability&) = delete;
  Durability& operator=(const Durability&) = delete;
  ~Durability();

  /// Options to append with.
  [[nodiscard]] WriteOptions write_options() const noexcept;

  /// Call after each append, with txids in unbroken order.
  void appended(std::uint64_t txid);

  /// True if a sync in the background failed: appending more is useless.
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }

  /// Ends the thread, makes the last sync (unless `never`) and the last acknowledgements.
  /// @return the failed sync, this one or an earlier one
  [[nodiscard]] Result<void> finish();

 private:
  void sync_at_intervals();
  void join();
  Result<void> sync_now();
  void acknowledge_up_to(std::uint64_t txid);

  RecordLog& log_;
  Console& console_;
  const StopSignal& stop_;
  const SyncChoice choice_;
  const bool acknowledge_;
  std::uint64_t acknowledged_txid_;  // belongs to whoever syncs
  std::uint64_t synced_txid_;        // likewise
  std::atomic<std::uint64_t> appended_txid_;
  std::atomic<bool> failed_ = false;
  std::optional<Error> error_{};  // set before failed_
  WakePipe ended_;
  std::thread thread_;
};

}  // namespace datawal::cli
