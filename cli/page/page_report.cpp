#include "cli/page/page_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <datawal/base64.hpp>
#include <datawal/format.hpp>
#include <datawal/segment.hpp>
#include <datawal/text.hpp>

#include "cli/human.hpp"
#include "cli/page/newest_records.hpp"
#include "cli/page/store_files.hpp"
#include "cli/page/summary.hpp"
#include "cli/page/summary_json.hpp"
#include "cli/page/template.hpp"

namespace datawal::cli {

namespace {

constexpr std::size_t newest_records = 1000;
constexpr std::size_t shown_key_bytes = 256;
constexpr std::size_t shown_value_bytes = 1024;
constexpr std::size_t damaged_places = 100;
constexpr std::uint64_t bytes_before_damage = 32;
constexpr std::uint64_t bytes_of_damage = 512;
constexpr std::uint64_t most_of_watermark = 4096;  // far more than it has; one that is too long says nothing
// Between looking and reading a compaction may take a segment away: then all is looked at again.
constexpr int max_tries = 10;

struct Looked {
  SurveyReport report{};
  Summary summary{SummaryLimits{}};
  NewestRecords newest{newest_records};
};

Result<void> look(const std::filesystem::path& dir, const ProgressCallback& on_progress, Looked& looked) {
  SurveyVisitor visitor = counting_into(looked.summary);
  visitor.on_record = [&looked](const SurveyedRecord& seen) {
    looked.summary.add(seen);
    looked.newest.add(seen);
    return true;
  };
  visitor.on_superseded = [&looked](const SupersededRecord& old) {
    looked.summary.supersede(old);
    looked.newest.supersede(old);
  };
  const auto told = [&](const Progress& progress) {
    looked.summary.set_total(progress.bytes_total);
    on_progress(progress);
  };
  Result<SurveyReport> report = survey(dir, visitor, {.read_path = ReadPath::pread, .on_progress = told});
  if (!report) return propagate(report);
  looked.report = std::move(*report);
  return {};
}

// One of the page's files.
struct Inside {
  std::string name;
  std::uint64_t size = 0;
  std::string bytes;  // without the zeros at its end
};

// A segment as the survey saw it: without what a writer has appended since, or had only begun.
Result<std::optional<Inside>> read_segment(const StoreFiles& files, const SegmentSummary& surveyed,
                                           const Summary& summary) {
  const std::uint32_t id = surveyed.segment.id;
  Inside inside{.name = segment::filename(id), .size = surveyed.segment.bytes, .bytes = {}};
  std::uint64_t data_end = inside.size;
  for (const Stretch& stretch : summary.stretches()) {
    if (stretch.segment != id) continue;
    if (stretch.kind == StretchKind::unfinished) inside.size = std::min(inside.size, stretch.begin);
    if (stretch.kind == StretchKind::reserved) data_end = stretch.begin;
  }
  Result<std::string> bytes = files.read(inside.name, 0, std::min(data_end, inside.size));
  if (!bytes && bytes.error().code == Errc::not_found) return std::nullopt;
  if (!bytes) return propagate(bytes);
  if (bytes->size() < std::min(data_end, inside.size)) return std::nullopt;  // a compaction has made it shorter
  inside.bytes = std::move(*bytes);
  return inside;
}

// Null: the store did not hold still.
Result<std::optional<std::vector<Inside>>> read_segments(const StoreFiles& files, const Summary& summary) {
  std::vector<Inside> all;
  for (const SegmentSummary& segment : summary.segments()) {
    Result<std::optional<Inside>> inside = read_segment(files, segment, summary);
    if (!inside) return propagate(inside);
    if (!*inside) return std::nullopt;
    all.push_back(std::move(**inside));
  }
  return all;
}

// Names and sizes of what else belongs to the store; of quarantine files that is all.
Result<void> add_other_files(const StoreFiles& files, std::string watermark, std::vector<Inside>& inside) {
  if (!watermark.empty()) {
    const std::uint64_t size = watermark.size();
    inside.push_back({.name = ".watermark", .size = size, .bytes = std::move(watermark)});
  }
  Result<std::vector<std::string>> names = files.names();
  if (!names) return propagate(names);
  std::ranges::sort(*names);
  for (std::string& name : *names) {
    if (name.find(".dwal.torn-") == std::string::npos) continue;
    if (const Result<std::uint64_t> size = files.size(name)) {
      inside.push_back({.name = std::move(name), .size = *size, .bytes = {}});
    }
  }
  return {};
}

std::string base64_of(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

// The newest records, read back: whichever of them is still there.
std::string newest_json(const StoreFiles& files, const NewestRecords& newest, bool with_values) {
  std::string json = "[";
  for (const NewestRecords::Record& record : newest.all()) {
    const RecordRef& ref = record.ref;
    json += fmt::format(R"({}{{"segment":{},"offset":{},"len":{},"txid":{},"type":{},"state":{})",
                        json.size() == 1 ? "" : ",", ref.segment, ref.offset, ref.len, json_number(ref.txid),
                        std::to_underlying(record.type), std::to_underlying(record.state));
    const Result<std::string> frame = files.read(segment::filename(ref.segment), ref.offset, ref.offset + ref.len);
    const format::DecodeOutcome decoded = frame ? format::decode_next(*frame) : format::DecodeOutcome{};
    // A compaction may have put another record there.
    if (decoded && decoded.record.txid == ref.txid && decoded.record.crc == ref.crc) {
      const std::string_view key = decoded.record.key;
      const std::string_view value = decoded.record.payload;
      json += fmt::format(R"(,"key":"{}","key_len":{},"value_len":{})", base64_of(key.substr(0, shown_key_bytes)),
                          key.size(), value.size());
      if (with_values) json += fmt::format(R"(,"value":"{}")", base64_of(value.substr(0, shown_value_bytes)));
    }
    json += '}';
  }
  return json + ']';
}

// The first bytes of damaged places and torn tails.
std::string hex_json(const StoreFiles& files, const Summary& summary) {
  std::string json = "[";
  std::size_t places = 0;
  for (const Stretch& stretch : summary.stretches()) {
    if (stretch.kind == StretchKind::reserved || places == damaged_places) continue;
    const std::uint64_t begin = stretch.begin - std::min(stretch.begin, bytes_before_damage);
    const std::uint64_t end = std::min(stretch.end, stretch.begin + bytes_of_damage);
    const Result<std::string> bytes = files.read(segment::filename(stretch.segment), begin, end);
    if (!bytes) continue;
    json += fmt::format(R"({}{{"segment":{},"stretch":{},"begin":{},"bytes":"{}"}})", places++ == 0 ? "" : ",",
                        stretch.segment, stretch.begin, begin, base64_of(*bytes));
  }
  return json + ']';
}

std::string contents_in_words(const PageOptions& options, const Looked& looked, bool is_whole) {
  if (is_whole) {
    return fmt::format("This report carries the store itself: {}, keys and values included.",
                       counted(looked.summary.segments().size(), "segment"));
  }
  return fmt::format("This report carries no segment: a summary, the newest {} with their keys {}{}.",
                     counted(looked.newest.all().size(), "record"),
                     options.with_values ? "and the beginnings of their values" : "and no value",
                     options.with_values ? ", and the bytes of damaged places" : "");
}

class Writer {
 public:
  explicit Writer(const std::function<Result<void>(std::string_view)>& write) : write_(write) {}

  void put(std::string_view text) {
    if (!result_) return;
    bytes_ += text.size();
    result_ = write_(text);
  }
  [[nodiscard]] Result<void> result() const { return result_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  const std::function<Result<void>(std::string_view)>& write_;
  Result<void> result_;
  std::uint64_t bytes_ = 0;
};

// Piece by piece: a segment in base64 may be long.
void put_base64(Writer& out, std::string_view bytes) {
  constexpr std::size_t at_once = 3U << 18;  // a multiple of 3, so that the pieces join
  for (; !bytes.empty(); bytes.remove_prefix(std::min(at_once, bytes.size()))) {
    out.put(base64_of(bytes.substr(0, at_once)));
  }
}

// The name of a quarantine file may hold anything.
std::string attribute_of(std::string_view name) {
  std::string text;
  for (const char c : printable(name)) {
    switch (c) {
      case '&': text += "&amp;"; break;
      case '<': text += "&lt;"; break;
      case '"': text += "&quot;"; break;
      default: text += c;
    }
  }
  return text;
}

void put_files(Writer& out, const std::vector<Inside>& files) {
  for (const Inside& file : files) {
    out.put(
        fmt::format(R"(<script type="text/plain" data-file="{}" data-size="{}">)", attribute_of(file.name), file.size));
    put_base64(out, file.bytes);
    out.put("</script>\n");
  }
}

}  // namespace

Result<PageMade> make_page(const std::filesystem::path& dir, const PageOptions& options,
                           const ProgressCallback& on_progress,
                           const std::function<Result<void>(std::string_view)>& write) {
  const Result<StoreFiles> files = StoreFiles::open(dir);
  if (!files) return propagate(files);
  std::optional<Looked> looked;
  std::vector<Inside> inside;
  bool is_whole = false;
  for (int tries = 1;; ++tries) {
    // Read before the survey, it speaks of nothing that the survey does not see.
    const Result<std::string> watermark = files->read(".watermark", 0, most_of_watermark);
    looked.emplace();
    if (Result<void> seen = look(dir, on_progress, *looked); !seen) return propagate(seen);
    const bool is_empty = looked->summary.segments().empty() && !looked->report.verify.damage;
    if (is_empty) return PageMade{.report = std::move(looked->report)};
    is_whole = options.with_values && looked->summary.total_bytes() <= options.embed_limit;
    if (!is_whole) break;
    Result<std::optional<std::vector<Inside>>> read = read_segments(*files, looked->summary);
    if (!read) return propagate(read);
    if (*read) {
      inside = std::move(**read);
      if (Result<void> added = add_other_files(*files, watermark.value_or(""), inside); !added) return propagate(added);
      break;
    }
    if (tries == max_tries) {
      return std::unexpected(Error{.code = Errc::snapshot_expired, .action = "read store", .path = dir, .detail = {}});
    }
  }

  const WatermarkState watermark = looked->report.verify.watermark;
  const bool are_originals = watermark != WatermarkState::absent && watermark != WatermarkState::elsewhere;
  std::string report = "{" + json_of(looked->report, looked->summary, dir);
  report += ",\"title\":" + json_text(options.title) + ",\"about\":" + json_text(options.made_at);
  report += ",\"contents\":" + json_text(contents_in_words(options, *looked, is_whole));
  report += fmt::format(",\"are_originals\":{}", are_originals);
  if (!is_whole) report += ",\"newest\":" + newest_json(*files, looked->newest, options.with_values);
  if (!is_whole && options.with_values) report += ",\"hex\":" + hex_json(*files, looked->summary);
  report += '}';

  Writer out(write);
  const std::string_view page = page_template();
  const std::size_t report_at = page.find(report_mark);
  const std::size_t files_at = page.find(files_mark, report_at);
  out.put(page.substr(0, report_at));
  out.put(report);
  out.put(page.substr(report_at + report_mark.size(), files_at - report_at - report_mark.size()));
  put_files(out, inside);
  out.put(page.substr(files_at + files_mark.size()));
  if (Result<void> written = out.result(); !written) return propagate(written);
  return PageMade{.report = std::move(looked->report),
                  .segments_inside = is_whole ? looked->summary.segments().size() : 0,
                  .bytes = out.bytes()};
}

}  // namespace datawal::cli
