// Live records written elsewhere and read back: lines of JSON, and compact_to.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

// `source` has the method compact_to.
template <class Source>
datawal_code compact_to(const Source& source, const char* dir, const datawal_raw_records& raw,
                        const datawal_work_options* options, datawal_counts* counts, datawal_error* error) {
  if (counts != nullptr) *counts = {};
  if (dir == nullptr) return fail(error, missing("compact store"));
  return returned(
      error,
      [&] {
        CompactToOptions how = from_c(raw);
        how.on_progress = from_c(options);
        return source.compact_to(dir, how);
      },
      [&](const CompactionStats& stats) { capi::fill(counts, stats); });
}

// `source` has the method export_jsonl.
template <class Source>
datawal_code export_to_file(const Source& source, const char* file, const datawal_work_options* options,
                            datawal_counts* counts, datawal_error* error) {
  if (counts != nullptr) *counts = {};
  if (file == nullptr) return fail(error, missing("export store"));
  return returned(
      error, [&] { return source.export_jsonl(file, {.on_progress = from_c(options)}); },
      [&](const ExportStats& stats) { capi::fill(counts, stats); });
}

// `source` has the method export_jsonl_to.
template <class Source>
datawal_code export_to_sink(const Source& source, datawal_sink sink, void* context, const datawal_work_options* options,
                            datawal_counts* counts, datawal_error* error) {
  if (counts != nullptr) *counts = {};
  if (sink == nullptr) return fail(error, missing("export store"));
  bool is_stopped = false;
  const auto hand_over = [&](std::string_view lines) {
    is_stopped = sink(context, lines.data(), lines.size()) == 0;
    return !is_stopped;
  };
  return returned(
      error, [&] { return source.export_jsonl_to(hand_over, {.on_progress = from_c(options)}); },
      [&](const ExportStats& stats) {
        capi::fill(counts, stats);
        if (counts != nullptr) counts->is_cancelled = is_stopped ? 1 : 0;
      });
}

ImportOptions import_options(int skip_bad, const datawal_work_options* options) {
  return {.skip_bad = from_c(skip_bad, "skip_bad"), .on_progress = from_c(options)};
}

std::unexpected<Error> bad_source(Errc code, const char* name, std::string detail) {
  return std::unexpected(Error{.code = code, .action = "import", .path = name, .detail = std::move(detail)});
}

DataWal::Source reading(datawal_source source, void* context, const char* name) {
  return [source, context, name](std::span<char> room) -> Result<std::size_t> {
    const std::size_t count = source(context, room.data(), room.size());
    if (count <= room.size()) return count;
    if (count == DATAWAL_SOURCE_FAILED) return bad_source(Errc::io, name, "the source says that it failed");
    return bad_source(Errc::invalid_argument, name, "the source says that it gave more than there is room for");
  };
}

}  // namespace

datawal_code datawal_store_compact_to(const datawal_store* store, const char* dir, datawal_raw_records raw,
                                      datawal_counts* counts, datawal_error* error) {
  return datawal_store_compact_to_with(store, dir, raw, nullptr, counts, error);
}

datawal_code datawal_store_compact_to_with(const datawal_store* store, const char* dir, datawal_raw_records raw,
                                           const datawal_work_options* options, datawal_counts* counts,
                                           datawal_error* error) {
  if (store == nullptr) return fail(error, missing("compact store"));
  return compact_to(store->store, dir, raw, options, counts, error);
}

datawal_code datawal_store_reader_compact_to(const datawal_store_reader* reader, const char* dir,
                                             datawal_raw_records raw, datawal_counts* counts, datawal_error* error) {
  return datawal_store_reader_compact_to_with(reader, dir, raw, nullptr, counts, error);
}

datawal_code datawal_store_reader_compact_to_with(const datawal_store_reader* reader, const char* dir,
                                                  datawal_raw_records raw, const datawal_work_options* options,
                                                  datawal_counts* counts, datawal_error* error) {
  if (reader == nullptr) return fail(error, missing("compact store"));
  return compact_to(reader->reader, dir, raw, options, counts, error);
}

datawal_code datawal_store_export_jsonl(const datawal_store* store, const char* file, datawal_counts* counts,
                                        datawal_error* error) {
  return datawal_store_export_jsonl_with(store, file, nullptr, counts, error);
}

datawal_code datawal_store_export_jsonl_with(const datawal_store* store, const char* file,
                                             const datawal_work_options* options, datawal_counts* counts,
                                             datawal_error* error) {
  if (store == nullptr) return fail(error, missing("export store"));
  return export_to_file(store->store, file, options, counts, error);
}

datawal_code datawal_store_reader_export_jsonl(const datawal_store_reader* reader, const char* file,
                                               datawal_counts* counts, datawal_error* error) {
  return datawal_store_reader_export_jsonl_with(reader, file, nullptr, counts, error);
}

datawal_code datawal_store_reader_export_jsonl_with(const datawal_store_reader* reader, const char* file,
                                                    const datawal_work_options* options, datawal_counts* counts,
                                                    datawal_error* error) {
  if (reader == nullptr) return fail(error, missing("export store"));
  return export_to_file(reader->reader, file, options, counts, error);
}

datawal_code datawal_store_export_jsonl_to(const datawal_store* store, datawal_sink sink, void* context,
                                           const datawal_work_options* options, datawal_counts* counts,
                                           datawal_error* error) {
  if (store == nullptr) return fail(error, missing("export store"));
  return export_to_sink(store->store, sink, context, options, counts, error);
}

datawal_code datawal_store_reader_export_jsonl_to(const datawal_store_reader* reader, datawal_sink sink, void* context,
                                                  const datawal_work_options* options, datawal_counts* counts,
                                                  datawal_error* error) {
  if (reader == nullptr) return fail(error, missing("export store"));
  return export_to_sink(reader->reader, sink, context, options, counts, error);
}

datawal_code datawal_store_import_jsonl(datawal_store* store, const char* file, int skip_bad, datawal_counts* counts,
                                        datawal_error* error) {
  return datawal_store_import_jsonl_with(store, file, skip_bad, nullptr, counts, error);
}

datawal_code datawal_store_import_jsonl_with(datawal_store* store, const char* file, int skip_bad,
                                             const datawal_work_options* options, datawal_counts* counts,
                                             datawal_error* error) {
  if (counts != nullptr) *counts = {};
  if (store == nullptr || file == nullptr) return fail(error, missing("import"));
  return returned(
      error, [&] { return store->store.import_jsonl(file, import_options(skip_bad, options)); },
      [&](const ImportStats& stats) { capi::fill(counts, stats); });
}

datawal_code datawal_store_import_jsonl_from(datawal_store* store, datawal_source source, void* context,
                                             const char* name, int skip_bad, const datawal_work_options* options,
                                             datawal_counts* counts, datawal_error* error) {
  if (counts != nullptr) *counts = {};
  if (store == nullptr || source == nullptr || name == nullptr) return fail(error, missing("import"));
  return returned(
      error,
      [&] {
        return store->store.import_jsonl_from(reading(source, context, name), name, import_options(skip_bad, options));
      },
      [&](const ImportStats& stats) { capi::fill(counts, stats); });
}
