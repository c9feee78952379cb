#include "cli/page/summary_json.hpp"

#include <string_view>
#include <type_traits>

#include <datawal/format.hpp>
#include <datawal/text.hpp>

#include "cli/verdict.hpp"

namespace datawal::cli {

namespace {

// Builds what nests, which JsonLine does not.
class Json {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  Json& add(std::string_view name, T value) {
    begin(name);
    if constexpr (std::is_same_v<T, bool>) {
      text_ += value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      text_ += json_number(value);
    } else {
      text_ += std::to_string(value);
    }
    return *this;
  }
  Json& add(std::string_view name, std::string_view value) {
    begin(name);
    text_ += json_text(value);
    return *this;
  }
  Json& open(std::string_view name, char bracket) {
    begin(name);
    text_ += bracket;
    return *this;
  }
  Json& close(char bracket) {
    text_ += bracket;
    return *this;
  }
  // Without a name: in a list.
  Json& item(std::uint64_t value) { return add({}, value); }
  Json& item(std::string_view value) { return add({}, value); }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void begin(std::string_view name) {
    if (!text_.empty() && text_.back() != '{' && text_.back() != '[') text_ += ',';
    if (!name.empty()) text_.append("\"").append(name).append("\":");
  }
  std::string text_;
};

void add_verdict(Json& json, const VerifyReport& report, const std::filesystem::path& dir) {
  const Verdict verdict = verdict_of(report);
  const std::optional<Trouble> trouble = trouble_of(report, dir, "verify");
  const StateName watermark = cli::name_of(report.watermark);
  json.open("verdict", '{').add("code", verdict.code).add("text", verdict.text);
  json.add("trouble", trouble ? std::string_view(trouble->message.text) : std::string_view());
  json.add("watermark", watermark.word).add("watermark_means", watermark.explanation);
  json.add("error", report.damage ? datawal::name_of(report.damage->code) : std::string_view()).close('}');
}

void add_verify(Json& json, const VerifyReport& report) {
  const RecoveryReport& recovery = report.recovery;
  json.open("verify", '{').add("frames_checked", report.frames_checked).add("crc_failures", report.crc_failures);
  json.add("tail_truncated", recovery.tail_truncated ? 1 : 0);
  json.add("tail_bytes_discarded", recovery.tail_bytes_discarded);
  json.add("last_segment", report.last_segment).add("last_offset", report.last_offset);
  json.add("last_txid_seen", recovery.last_txid_seen).add("txid_gaps", recovery.txid_gaps);
  json.add("out_of_order", report.out_of_order).add("preallocated_bytes", recovery.preallocated_bytes);
  json.add("records_beyond_tear", recovery.records_beyond_tear);
  json.add("quarantined_previously", recovery.quarantined_previously);
  json.add("damaged_bytes", report.damage ? report.damaged_bytes : 0);
  json.add("damaged_ranges_found", report.damaged_ranges_found);
  json.add("records_behind_damage", report.damage ? report.records_behind_damage : 0);
  json.add("txids_missing", report.txids_missing).add("raw_only", report.is_raw_only);
  json.open("gaps", '[');
  for (const TxidGap& gap : report.gaps) {
    json.open({}, '{').add("segment", gap.segment).add("offset", gap.offset).add("first", gap.expected);
    json.add("last", gap.found - 1).close('}');
  }
  json.close(']').close('}');
}

void add_stat(Json& json, const StoreStats& stats) {
  json.open("stat", '{').add("segments", stats.segments).add("bytes", stats.bytes).add("live_bytes", stats.live_bytes);
  json.add("garbage_ratio", stats.garbage_ratio).add("live_keys", stats.live_keys);
  json.add("raw_records", stats.raw_records).add("put_records", stats.put_records);
  json.add("delete_records", stats.delete_records).add("last_txid", stats.last_txid);
  json.add("durable_txid", stats.durable_txid).add("key_directory_bytes", stats.key_directory_bytes);
  json.add("quarantined_files", stats.quarantined_files).add("quarantined_bytes", stats.quarantined_bytes);
  json.open("per_segment", '[');
  for (const SegmentStats& segment : stats.per_segment) {
    json.open({}, '{').add("segment", segment.id).add("bytes", segment.bytes).add("live_bytes", segment.live_bytes);
    json.add("dead_bytes", segment.dead_bytes).add("raw_bytes", segment.raw_bytes);
    json.add("tombstone_bytes", segment.tombstone_bytes).add("active", segment.is_active).close('}');
  }
  json.close(']').close('}');
}

void add_map(Json& json, const Summary& summary) {
  json.open("segments", '[');
  for (const SegmentSummary& one : summary.segments()) {
    json.open({}, '{').add("id", one.segment.id).add("bytes", one.segment.bytes).add("active", one.segment.is_active);
    json.open("columns", '[');  // state by state within a column
    for (const Column& column : one.columns) {
      for (const std::uint64_t bytes : column) json.item(bytes);
    }
    json.close(']').close('}');
  }
  json.close(']').open("stretches", '[');
  for (const Stretch& one : summary.stretches()) {
    json.open({}, '{').add("kind", datawal::name_of(one.kind)).add("segment", one.segment).add("begin", one.begin);
    json.add("end", one.end);
    if (one.stop != format::Stop::none) json.add("reason", format::describe(one.stop));
    json.close('}');
  }
  json.close(']').add("stretches_left_out", summary.stretches_left_out()).open("missing", '[');
  for (const MissingSegments& ids : summary.missing()) json.open({}, '[').item(ids.first).item(ids.last).close(']');
  json.close(']');
}

void add_counts(Json& json, const Summary& summary) {
  json.open("sizes", '[');
  for (const ByState<std::uint64_t>& size : summary.sizes()) {
    json.open({}, '[');
    for (const std::uint64_t records : size) json.item(records);
    json.close(']');
  }
  json.close(']').open("growth", '[');
  for (const GrowthPoint& point : summary.growth()) {
    json.open({}, '[').item(point.txid).item(point.bytes).item(point.live_bytes).close(']');
  }
  json.close(']').open("prefixes", '[');
  PrefixSummary rest;
  const auto add = [&json](std::string_view prefix, const PrefixSummary& one) {
    json.open({}, '[').item(printable(prefix)).item(one.records).item(one.bytes);
    json.item(one.live_records).item(one.live_bytes).close(']');
  };
  for (const auto& [prefix, one] : summary.prefixes(rest)) add(prefix, one);
  json.close(']').open("other_prefixes", '[');
  if (rest.records > 0) json.item(rest.records).item(rest.bytes).item(rest.live_records).item(rest.live_bytes);
  json.close(']');
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    // A '<' could end the element that the JSON stands in.
    if (c == '"' || c == '\\' || c == '<' || byte < 0x20) {
      out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string json_number(std::uint64_t number) {
  constexpr std::uint64_t exact = 1ULL << 53;
  return number < exact ? std::to_string(number) : '"' + std::to_string(number) + '"';
}

std::string json_of(const SurveyReport& report, const Summary& summary, const std::filesystem::path& dir) {
  Json json;
  json.add("dir", dir.native()).add("total_bytes", summary.total_bytes()).add("knows_keys", report.knows_keys);
  add_verdict(json, report.verify, dir);
  add_verify(json, report.verify);
  add_stat(json, report.stats);
  add_map(json, summary);
  add_counts(json, summary);
  return std::move(json).take();
}

}  // namespace datawal::cli
