#include "ship/metrics.hpp"

#include <fmt/format.h>

#include <utility>

#include <datawal/follower.hpp>
#include <datawal/text.hpp>
#include <safeatomic/safeatomic.hpp>

namespace datawal::ship {

namespace {

// A label: UTF-8 without control characters, and the format's own escapes.
std::string escaped(std::string_view text) {
  std::string label;
  for (const char c : printable(text)) {
    if (c == '\\' || c == '"') label += '\\';
    label += c;
  }
  return label;
}

class Exposition {
 public:
  Exposition(std::string_view store, std::string_view stream)
      : labels_(fmt::format(R"({{store="{}",stream="{}"}})", escaped(store), escaped(stream))) {}

  void add(std::string_view type, std::string_view name, std::string_view help, auto value) {
    text_ += fmt::format("# HELP datawal_ship_{0} {1}\n# TYPE datawal_ship_{0} {2}\ndatawal_ship_{0}{3} {4}\n", name,
                         help, type, labels_, value);
  }
  void gauge(std::string_view name, std::string_view help, auto value) { add("gauge", name, help, value); }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) { add("counter", name, help, value); }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  const std::string labels_;
  std::string text_;
};

}  // namespace

std::string metrics_text(const Metrics& metrics, std::string_view store, std::string_view stream) {
  const Shipped shipped = metrics.shipped.value_or(Shipped{});
  Exposition text(store, stream);
  if (metrics.shipped) {
    text.gauge("stream_txid", "Newest txid in the stream.", shipped.last);
    text.gauge("epoch", "Epoch in which this shipper ships; one more with each take-over.", shipped.epoch);
    text.gauge("floor_txid", "What is above it compaction and retention leave alone.", shipped.floor);
  }
  if (metrics.lag) {
    text.gauge("durable_txid", "Newest durable txid of the store.", metrics.lag->durable_txid);
    text.gauge("lag_records", "Durable records that the stream lacks.", metrics.lag->records);
    text.gauge("lag_bytes", "Bytes of these records.", metrics.lag->bytes);
    text.gauge("lag_seconds", "For how long the oldest of them has waited, as far as was seen.", metrics.lag->seconds);
  }
  text.counter("units_total", "Units that were stored since the start.", shipped.units);
  text.counter("records_total", "Records that were stored since the start.", shipped.records);
  text.counter("bytes_total", "Bytes of units that were stored since the start.", shipped.bytes);
  text.counter("resumes_total", "How often it looked again where the stream ends.", shipped.resumed);
  text.counter("reconnects_total", "How often the connection was lost and made again.", metrics.reconnects);
  text.counter("errors_total", "How often something had to be tried again.", metrics.troubles);
  if (metrics.last_trouble_seconds) {
    text.gauge("last_error_age_seconds", "Since something had to be tried again.", *metrics.last_trouble_seconds);
  }
  return std::move(text).text();
}

double LagClock::look(std::uint64_t durable, std::uint64_t shipped, Clock::time_point now) {
  if (seen_.empty() || seen_.back().txid < durable) seen_.push_back({.at = now, .txid = durable});
  while (!seen_.empty() && seen_.front().txid <= shipped) seen_.pop_front();
  constexpr std::size_t most = 100'000;  // days; then the newer half says it well enough
  if (seen_.size() > most) seen_.erase(seen_.begin() + 1, seen_.begin() + most / 2);
  return seen_.empty() ? 0 : std::chrono::duration<double>(now - seen_.front().at).count();
}

MetricsFile::MetricsFile(std::filesystem::path file, const ShipOptions& options, std::chrono::milliseconds interval)
    : file_(std::move(file)),
      dir_(options.dir),
      stream_name_(options.stream),
      interval_(interval),
      thread_([this](const std::stop_token& stop) { write_again_and_again(stop); }) {}

MetricsFile::~MetricsFile() {
  thread_.request_stop();
  thread_.join();
  (void)write();
}

void MetricsFile::watch(const Stream* stream) {
  const std::scoped_lock lock(mutex_);
  stream_ = stream;
}

void MetricsFile::note(const Shipped& shipped) {
  const std::scoped_lock lock(mutex_);
  shipped_ = shipped;
}

void MetricsFile::note_trouble() {
  const std::scoped_lock lock(mutex_);
  ++troubles_;
  last_trouble_ = Clock::now();
}

Outcome<void> MetricsFile::write() {
  const std::scoped_lock writing(writing_);
  Metrics metrics;
  const Clock::time_point now = Clock::now();
  {
    const std::scoped_lock lock(mutex_);
    metrics.shipped = shipped_;
    if (stream_ != nullptr) metrics.reconnects = stream_->reconnects();
    metrics.troubles = troubles_;
    if (last_trouble_) metrics.last_trouble_seconds = std::chrono::duration<double>(now - *last_trouble_).count();
  }
  if (metrics.shipped) metrics.lag = lag_behind(*metrics.shipped);
  const auto written = safeatomic::write_atomic(file_, metrics_text(metrics, dir_.native(), stream_name_),
                                                {.file_mode = 0644});
  if (written) return {};
  const Error error = error_of(written.error());
  return fail(error.code == Errc::no_space ? exit_local : exit_usage, error.message());
}

void MetricsFile::write_again_and_again(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (const Outcome<void> done = write(); !done) note_trouble();
    std::unique_lock lock(mutex_);
    (void)wake_.wait_for(lock, stop, interval_, [] { return false; });
  }
}

// Counting reads all that lags. So that this never takes more than a twentieth of the time, it is done less often where that is much.
std::optional<Metrics::Lag> MetricsFile::lag_behind(const Shipped& shipped) {
  const Clock::time_point began = Clock::now();
  if (began < next_look_) return lag_;
  lag_.reset();
  const Result<Follower> follower = Follower::open(dir_, {.after = shipped.ref});
  const Result<FollowerLag> lag = follower ? follower->lag() : std::unexpected(follower.error());
  const Clock::time_point ended = Clock::now();
  if (lag) {
    const std::uint64_t durable = shipped.last + lag->txids;
    lag_ = {.durable_txid = durable,
            .records = lag->records,
            .bytes = lag->bytes,
            .seconds = clock_.look(durable, shipped.last, ended)};
  }
  next_look_ = ended + 20 * (ended - began);
  return lag_;
}

}  // namespace datawal::ship
