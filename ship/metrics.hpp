#pragma once
// How a shipper does, for Prometheus' textfile collector.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "ship/shipper.hpp"

namespace datawal::ship {

/// What there is to tell at one instant.
struct Metrics {
  std::optional<Shipped> shipped{};  ///< nullopt: it has not seen the stream yet
  std::uint64_t reconnects = 0;
  std::uint64_t troubles = 0;
  std::optional<double> last_trouble_seconds{};  ///< since then; nullopt: there was none
  /// How far the store was ahead of the stream when that was last counted.
  struct Lag {
    std::uint64_t durable_txid = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    double seconds = 0;  ///< for how long the oldest of it has waited, as far as was seen
  };
  std::optional<Lag> lag{};  ///< nullopt: not known
};

/// In the text format of Prometheus. Labels: the directory and the stream.
[[nodiscard]] std::string metrics_text(const Metrics& metrics, std::string_view store, std::string_view stream);

/// For how long what a stream lacks has been there: looks now and then at how far the log is, and remembers.
class LagClock {
 public:
  using Clock = std::chrono::steady_clock;

  /// @param durable, shipped  newest txids. @return seconds since the log first had a record that the stream lacks, as far as was seen
  double look(std::uint64_t durable, std::uint64_t shipped, Clock::time_point now);

 private:
  struct Seen {
    Clock::time_point at{};
    std::uint64_t txid = 0;
  };
  std::deque<Seen> seen_;
};

/// Writes the file every few seconds, by a thread of its own: also while the servers do not answer. The file is replaced as a whole.
class MetricsFile {
 public:
  MetricsFile(std::filesystem::path file, const ShipOptions& options,
              std::chrono::milliseconds interval = std::chrono::seconds(5));
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;
  /// Writes it once more.
  ~MetricsFile();

  /// From here on reconnects of `stream` are told; null: no more.
  void watch(const Stream* stream);
  void note(const Shipped& shipped);
  void note_trouble();

  /// Writes it now. @return exit_local if there is no room for it; exit_usage if it cannot be written there at all
  Outcome<void> write();

 private:
  using Clock = LagClock::Clock;

  void write_again_and_again(const std::stop_token& stop);
  [[nodiscard]] std::optional<Metrics::Lag> lag_behind(const Shipped& shipped);

  const std::filesystem::path file_;
  const std::filesystem::path dir_;
  const std::string stream_name_;
  const std::chrono::milliseconds interval_;
  std::mutex writing_;  // one at a time; guards the three below
  LagClock clock_;
  std::optional<Metrics::Lag> lag_;
  Clock::time_point next_look_{};
  std::mutex mutex_;  // guards what is noted
  std::condition_variable_any wake_;
  const Stream* stream_ = nullptr;
  std::optional<Shipped> shipped_;
  std::uint64_t troubles_ = 0;
  std::optional<Clock::time_point> last_trouble_;
  std::jthread thread_;
};

}  // namespace datawal::ship
