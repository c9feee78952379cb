#include "cli/durability.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include "cli/json.hpp"
#include "cli/numbers.hpp"

namespace datawal::cli {

using When = SyncChoice::When;

std::optional<SyncChoice> parse_sync(std::string_view text) noexcept {
  if (text == "end") return SyncChoice{.when = When::end};
  if (text == "each") return SyncChoice{.when = When::each};
  if (text == "never") return SyncChoice{.when = When::never};
  constexpr std::string_view every = "every=";
  if (!text.starts_with(every)) return std::nullopt;
  const std::optional<std::uint64_t> interval = parse_count(text.substr(every.size()));
  if (!interval || *interval == 0 || *interval > INT_MAX) return std::nullopt;
  return SyncChoice{.when = When::every, .interval = std::chrono::milliseconds(*interval)};
}

Durability::Durability(RecordLog& log, Console& console, const StopSignal& stop, const SyncChoice& choice,
                       bool acknowledge)
    : log_(log),
      console_(console),
      stop_(stop),
      choice_(choice),
      acknowledge_(acknowledge),
      acknowledged_txid_(log.last_txid()),
      synced_txid_(log.last_txid()),
      appended_txid_(log.last_txid()) {
  if (choice_.when == When::every) thread_ = std::thread([this] { sync_at_intervals(); });
}

Durability::~Durability() { join(); }

WriteOptions Durability::write_options() const noexcept { return {.sync = choice_.when == When::each}; }

void Durability::appended(std::uint64_t txid) {
  appended_txid_ = txid;
  if (choice_.when != When::each) return;
  synced_txid_ = txid;
  acknowledge_up_to(txid);
}

Result<void> Durability::finish() {
  join();
  if (failed_) return std::unexpected(*error_);
  if (choice_.when == When::never) return {};
  return sync_now();
}

void Durability::sync_at_intervals() {
  const auto timeout = static_cast<int>(choice_.interval.count());
  for (;;) {
    pollfd ended{.fd = ended_.fd(), .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, timeout) < 0 && errno == EINTR) continue;
    if (ended.revents != 0) return;
    if (Result<void> synced = sync_now(); !synced) {
      error_ = synced.error();
      failed_ = true;
      stop_.wake();
      return;
    }
  }
}

void Durability::join() {
  if (!thread_.joinable()) return;
  ended_.wake();
  thread_.join();
}

Result<void> Durability::sync_now() {
  // Read before the sync, which may or may not cover what is appended meanwhile.
  const std::uint64_t txid = appended_txid_;
  if (txid == synced_txid_) return {};
  if (Result<void> synced = log_.fsync(); !synced) return synced;
  synced_txid_ = txid;
  acknowledge_up_to(txid);
  return {};
}

void Durability::acknowledge_up_to(std::uint64_t txid) {
  if (!acknowledge_) return;
  while (acknowledged_txid_ < txid && !console_.out().has_failed()) {
    ++acknowledged_txid_;
    if (console_.json()) {
      console_.out().write(JsonLine("ack").number("txid", acknowledged_txid_).finish());
    } else {
      console_.out().write(fmt::format("{}\n", acknowledged_txid_));
    }
  }
  if (!console_.out().flush()) stop_.wake();
}

}  // namespace datawal::cli
