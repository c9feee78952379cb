// What the page's script calls.

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/base64.hpp>
#include <datawal/format.hpp>
#include <datawal/repair.hpp>
#include <datawal/segment.hpp>
#include <datawal/survey.hpp>
#include <datawal/verify.hpp>
#include <safeatomic/io.hpp>

#include "cli/page/summary.hpp"
#include "cli/page/summary_json.hpp"
#include "cli/record_json.hpp"
#include "cli/verdict.hpp"
#include "host.hpp"
#include "page_files.hpp"
#include "record_reader.hpp"
#include "rows.hpp"

// The reading half of the library may read this one of its files: the watermark's bytes.
#include "format/watermark.hpp"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

using namespace datawal;
using page::page_files;

std::string answer;  // of the last call that returned text
page::Rows rows;
page::RecordReader reader;

const char* say(std::string text) {
  answer = std::move(text);
  return answer.c_str();
}

const char* failed(const Error& error) {
  const cli::Trouble trouble = cli::trouble_of(error, page_files().given_name(), "verify");
  return say("{\"failed\":" + cli::json_text(trouble.message.text) + ",\"code\":" + cli::json_text(trouble.message.code) + "}");
}

const ProgressCallback progress = [](const Progress& now) {
  host_progress(static_cast<double>(now.bytes_done), static_cast<double>(now.bytes_total));
};

const char* make_survey(bool reads_keys, double max_index_bytes) {
  rows.clear();
  reader = {};
  cli::Summary summary({.columns = 0});
  SurveyVisitor visitor = cli::counting_into(summary);
  visitor.on_record = [&summary](const SurveyedRecord& seen) {
    rows.add(seen);
    summary.add(seen);
    return true;
  };
  visitor.on_superseded = [&summary](const SupersededRecord& old) {
    rows.supersede(old);
    summary.supersede(old);
  };
  const auto told = [&summary](const Progress& now) {
    summary.set_total(now.bytes_total);
    progress(now);
  };
  const std::string dir = page_files().given_name();
  const Result<SurveyReport> report = survey(dir, visitor,
                                             {.reads_keys = reads_keys,
                                              .max_index_bytes = static_cast<std::uint64_t>(max_index_bytes),
                                              .read_path = ReadPath::pread,
                                              .on_progress = told,
                                              .file_system = &page_files()});
  if (!report) return failed(report.error());
  rows.settle();
  std::string json = "{" + cli::json_of(*report, summary, dir) + ",\"firsts\":[";
  for (const page::Rows::First& first : rows.segments()) {
    if (json.back() != '[') json += ',';
    json += "[" + std::to_string(first.segment) + "," + std::to_string(first.row) + "]";
  }
  return say(json + "]}");
}

}  // namespace

EXPORT(dw_alloc) void* dw_alloc(std::size_t bytes) { return ::operator new(bytes); }
EXPORT(dw_free) void dw_free(void* bytes) { ::operator delete(bytes); }

/// The files that are given next are of a directory of that name.
EXPORT(dw_start) void dw_start(const char* name, std::size_t len) {
  page_files().start({name, len});
  rows.clear();
  reader = {};
}
EXPORT(dw_give) void dw_give(const char* name, std::size_t len, double size, double modified_ms) {
  page_files().give({name, len}, static_cast<std::uint64_t>(size), static_cast<std::int64_t>(modified_ms * 1e6));
}

/// They are the store's own files and no copy: the segment that `.watermark` names is that one. A browser shows no inode.
EXPORT(dw_are_originals) void dw_are_originals() {
  auto directory = page_files().open_directory(page_files().given_name());
  auto file = (*directory)->open_file(".watermark", {});
  if (!file) return;
  char bytes[format::watermark_len + 1];
  const auto got = safeatomic::read_all(**file, 0, bytes);
  if (!got) return;
  const auto watermark = format::decode_watermark({bytes, *got});
  if (!watermark) return;
  for (page::PageFile& given : page_files().given()) {
    if (given.name == segment::filename(watermark->segment)) given.inode = watermark->inode;
  }
}

/// One pass over the store: the rows, and what the page shows of it as JSON.
/// @param may_wait  the script can leave this call in the middle until something has been read
EXPORT(dw_survey) const char* dw_survey(int reads_keys, double max_index_bytes, int may_wait) {
  page_files().set_may_wait(may_wait != 0);
  const char* const told = make_survey(reads_keys != 0, max_index_bytes);
  page_files().set_may_wait(false);
  return told;
}

/// Checks the store as `datawal verify` does, for the time that takes. @return how many records; negative if it cannot be read
EXPORT(dw_verify) double dw_verify() {
  const Result<VerifyReport> report = verify(page_files().given_name(), {.file_system = &page_files()});
  return report ? static_cast<double>(report->frames_checked) : -1;
}

EXPORT(dw_row_count) double dw_row_count() { return static_cast<double>(rows.size()); }
EXPORT(dw_row_block) const void* dw_row_block(std::size_t n) { return &rows.block(n); }

/// The frame of row `n`, as long as the row says; null if it is no record any more. Valid until the next call about records.
EXPORT(dw_record) const char* dw_record(double n) {
  if (!(n >= 0 && n < static_cast<double>(rows.size()))) return nullptr;
  return reader.read(rows[static_cast<std::size_t>(n)]) == nullptr ? nullptr : reader.frame();
}

/// The line that `datawal scan --json` prints of row `n`; with `for_import`, the one that `datawal import` takes, empty for what is no Put.
EXPORT(dw_line) const char* dw_line(double n, int for_import) {
  if (!(n >= 0 && n < static_cast<double>(rows.size()))) return nullptr;
  const page::Rows::Row row = rows[static_cast<std::size_t>(n)];
  const format::DecodedRecord* const record = reader.read(row);
  if (record == nullptr) return nullptr;
  static cli::JsonLine line("record");
  if (for_import == 0) {
    const RecordView view{.type = record->type,
                          .txid = record->txid,
                          .key = record->key,
                          .payload = record->payload,
                          .ref = {.segment = row.segment,
                                  .offset = row.offset,
                                  .len = row.len,
                                  .txid = record->txid,
                                  .crc = record->crc}};
    return say(std::string(cli::record_line(line, view)));
  }
  if (record->type != RecordType::Put) return say({});
  std::string text = "{\"key_b64\":\"";
  append_base64(text, record->key);
  text += "\",\"value_b64\":\"";
  append_base64(text, record->payload);
  return say(std::move(text) + "\"}\n");
}

/// Rows from `first` on whose key begins with `prefix` and whose key or payload holds `needle`, at most `limit`; looks at `bytes` of
/// records, and says where it stopped. The numbers: how many were found, where to go on, then those found.
EXPORT(dw_search)
const double* dw_search(const char* prefix, std::size_t prefix_len, const char* needle, std::size_t needle_len,
                        double first, double limit, double bytes) {
  static std::vector<double> found;
  const std::string_view begin(prefix, prefix_len);
  const std::string_view wanted(needle, needle_len);
  found.assign(2, 0);
  auto n = static_cast<std::size_t>(first);
  for (double seen = 0; n < rows.size() && seen < bytes && static_cast<double>(found.size() - 2) < limit; ++n) {
    const page::Rows::Row row = rows[n];
    seen += row.len;
    const format::DecodedRecord* const record = reader.look(row);
    if (record == nullptr || !record->key.starts_with(begin)) continue;
    const bool is_there = wanted.empty() || record->key.find(wanted) != std::string_view::npos ||
                          record->payload.find(wanted) != std::string_view::npos;
    if (is_there) found.push_back(static_cast<double>(n));
  }
  found[0] = static_cast<double>(found.size() - 2);
  found[1] = static_cast<double>(n);
  return found.data();
}

/// `datawal repair DIR --salvage`, into files that the script keeps.
EXPORT(dw_salvage) const char* dw_salvage() {
  page_files().made().clear();
  const Result<SalvageReport> report = salvage(
      page_files().given_name(), page_files().made_name(),
      {.read_path = ReadPath::pread, .on_progress = progress, .file_system = &page_files()});
  if (!report) return failed(report.error());
  std::string json = "{\"records_salvaged\":" + std::to_string(report->records_salvaged) +
                     ",\"bytes_skipped\":" + std::to_string(report->bytes_skipped) +
                     ",\"records_apart\":" + std::to_string(report->records_apart) +
                     ",\"duplicates\":" + std::to_string(report->duplicates) +
                     ",\"conflicts\":" + std::to_string(report->conflicts) + ",\"files\":[";
  for (const page::PageFile& file : page_files().made()) {
    if (json.back() != '[') json += ',';
    json += cli::json_text(file.name);
  }
  return say(json + "]}");
}
