// Numbers in Prometheus' text exposition format.

#include <algorithm>
#include <charconv>
#include <concepts>

#include <datawal/stats.hpp>
#include <datawal/text.hpp>

namespace datawal {

namespace {

std::string to_text(std::integral auto value) { return std::to_string(value); }

std::string to_text(double value) {
  std::array<char, 32> text{};
  const std::to_chars_result end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

class Exposition {
 public:
  Exposition(std::string_view prefix, std::string_view store) : prefix_(prefix) {
    // A label is UTF-8, and a terminal may show it. The format has its own escape for the end of a line.
    for (std::size_t begin = 0; begin < store.size();) {
      const std::size_t end = std::min(store.find('\n', begin), store.size());
      for (const char c : printable(store.substr(begin, end - begin))) {
        if (c == '\\' || c == '"') store_ += '\\';
        store_ += c;
      }
      if (end < store.size()) store_ += "\\n";
      begin = end + 1;
    }
  }

  void gauge(std::string_view name, std::string_view help, auto value) {
    head(name, help, "gauge");
    sample(name, "", "", to_text(value));
  }

  /// A sample for each hold, of the number that `number` takes from it.
  void holds(std::string_view name, std::string_view help, const std::vector<HoldStats>& holds,
             std::uint64_t (*number)(const HoldStats&)) {
    if (holds.empty()) return;
    head(name, help, "gauge");
    for (const HoldStats& hold : holds) sample(name, "hold", hold.hold.name, to_text(number(hold)));
  }

  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    head(name, help, "counter");
    sample(name, "", "", to_text(value));
  }

  void histogram(std::string_view name, std::string_view help, const SyncLatency& latency) {
    head(name, help, "histogram");
    const std::string bucket = std::string(name) + "_bucket";
    std::uint64_t below = 0;
    for (std::size_t n = 0; n + 1 < SyncLatency::bucket_count; ++n) {
      below += latency.counts[n];
      sample(bucket, "le", to_text(static_cast<double>(std::uint64_t{1} << n) * 1e-6), to_text(below));
    }
    sample(bucket, "le", "+Inf", to_text(latency.count));
    sample(std::string(name) + "_sum", "", "", to_text(static_cast<double>(latency.total_microseconds) * 1e-6));
    sample(std::string(name) + "_count", "", "", to_text(latency.count));
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void head(std::string_view name, std::string_view help, std::string_view type) {
    text_.append("# HELP ").append(prefix_).append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(prefix_).append(name).append(" ").append(type).append("\n");
  }

  // `label` is printed as it is; empty: there is no second label.
  void sample(std::string_view name, std::string_view label, std::string_view of, std::string_view value) {
    text_.append(prefix_).append(name).append("{store=\"").append(store_).append("\"");
    if (!of.empty()) text_.append(",").append(label).append("=\"").append(of).append("\"");
    text_.append("} ").append(value).append("\n");
  }

  std::string_view prefix_;
  std::string store_;  // escaped
  std::string text_;
};

}  // namespace

std::string prometheus_text(const LogStats& stats, std::string_view store) {
  Exposition text("datawal_log_", store);
  text.gauge("segments", "Segment files.", stats.segments);
  text.gauge("bytes", "Bytes of all records.", stats.bytes);
  text.gauge("last_txid", "Txid of the newest record.", stats.last_txid);
  text.gauge("durable_txid", "Newest txid known to survive a loss of power.", stats.durable_txid);
  text.gauge("recovered_torn_tail", "1 if a torn tail was found when it was opened.",
             static_cast<int>(stats.has_recovered_torn_tail));
  text.gauge("quarantined_files", "Torn tails kept beside the log.", stats.quarantined_files);
  text.gauge("quarantined_bytes", "Bytes of torn tails kept beside the log.", stats.quarantined_bytes);
  text.counter("appended_bytes_total", "Bytes appended since it was opened.", stats.appended_bytes);
  text.counter("synced_bytes_total", "Bytes of these that survive a loss of power.", stats.synced_bytes);
  text.histogram("sync_seconds", "How long syncs took.", stats.sync_latency);
  return text.take();
}

std::string prometheus_text(const StoreStats& stats, std::string_view store) {
  Exposition text("datawal_", store);
  text.gauge("segments", "Segment files.", stats.segments);
  text.gauge("bytes", "Bytes of all records.", stats.bytes);
  text.gauge("live_bytes", "Bytes of the records of live keys.", stats.live_bytes);
  text.gauge("garbage_ratio", "Share of the bytes that is neither live nor raw.", stats.garbage_ratio);
  text.gauge("live_keys", "Live keys.", stats.live_keys);
  text.gauge("raw_records", "Raw records.", stats.raw_records);
  text.gauge("put_records", "Put records, live and dead.", stats.put_records);
  text.gauge("delete_records", "Tombstones.", stats.delete_records);
  text.gauge("last_txid", "Txid of the newest record.", stats.last_txid);
  text.gauge("durable_txid", "Newest txid known to survive a loss of power.", stats.durable_txid);
  text.gauge("key_directory_bytes", "Memory of the index.", stats.key_directory_bytes);
  if (stats.key_directory_changed_bytes + stats.key_directory_bytes_on_file > 0) {
    text.gauge("key_directory_changed_bytes", "Of that, what stays until the index is written.",
               stats.key_directory_changed_bytes);
    text.gauge("key_directory_bytes_on_file", "Of the index, what is on file instead.",
               stats.key_directory_bytes_on_file);
    text.counter("key_directory_evicted_bytes_total", "Of the index, what was taken out of memory.",
                 stats.key_directory_bytes_evicted);
  }
  text.gauge("quarantined_files", "Torn tails kept beside the store.", stats.quarantined_files);
  text.gauge("quarantined_bytes", "Bytes of torn tails kept beside the store.", stats.quarantined_bytes);
  text.holds("hold_txid", "What lies above it is still needed.", stats.holds,
             [](const HoldStats& hold) { return hold.hold.txid; });
  text.holds("hold_bytes", "Bytes of the sealed segments that it keeps.", stats.holds,
             [](const HoldStats& hold) { return hold.bytes; });
  text.holds("hold_garbage_bytes", "Bytes of these that a compaction might give back.", stats.holds,
             [](const HoldStats& hold) { return hold.garbage_bytes; });
  text.gauge("holds_unreadable", "1 if the holds cannot be read, so that nothing is given back.",
             static_cast<int>(stats.holds_error.has_value()));
  if (stats.auto_compact.is_enabled) {
    text.counter("auto_compact_runs_total", "Compactions in the background since it was opened.",
                 stats.auto_compact.runs);
    text.counter("auto_compact_failures_total", "Compactions in the background that failed.",
                 stats.auto_compact.failures);
    text.gauge("auto_compact_failing", "1 if the newest compaction in the background failed.",
               static_cast<int>(stats.auto_compact.is_failing));
  }
  if (stats.scrub.is_enabled) {
    text.counter("scrub_runs_total", "Scrubs in the background since it was opened.", stats.scrub.runs);
    text.counter("scrub_failures_total", "Scrubs in the background that found damage or could not read.",
                 stats.scrub.failures);
    text.gauge("scrub_failing", "1 if the newest scrub in the background found damage or could not read.",
               static_cast<int>(stats.scrub.is_failing));
  }
  return text.take();
}

}  // namespace datawal
