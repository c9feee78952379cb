// DataWalReader.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_store_reader_open(const char* dir, const datawal_reader_options* options,
                                       datawal_store_reader** reader, datawal_error* error) {
  if (reader != nullptr) *reader = nullptr;
  return guarded(error, [&] {
    if (dir == nullptr || reader == nullptr) return fail(error, missing("open store"));
    Result<DataWalReader> opened = DataWalReader::open(dir, from_c(options));
    if (!opened) return fail(error, opened.error());
    *reader = new datawal_store_reader{std::move(*opened)};
    return succeed(error);
  });
}

datawal_code datawal_store_reader_get(const datawal_store_reader* reader, const void* key, size_t key_len,
                                      datawal_buffer* value, int* found, datawal_error* error) {
  if (value != nullptr) *value = {};
  if (found != nullptr) *found = 0;
  if (reader == nullptr || value == nullptr) return fail(error, missing("get"));
  return returned(
      error, [&] { return reader->reader.get(key_view(key, key_len)); },
      [&](const std::optional<std::string>& got) { give(value, found, got); });
}

datawal_code datawal_store_reader_contains(const datawal_store_reader* reader, const void* key, size_t key_len,
                                           int* found, datawal_error* error) {
  if (reader == nullptr || found == nullptr) return fail(error, missing("look up key"));
  *found = 0;
  return returned(
      error, [&] { return reader->reader.contains(key_view(key, key_len)); },
      [&](bool there) { *found = there ? 1 : 0; });
}

uint64_t datawal_store_reader_size(const datawal_store_reader* reader) {
  return reader == nullptr ? 0 : reader->reader.size();
}

datawal_code datawal_store_reader_for_each(const datawal_store_reader* reader, datawal_visitor visit, void* context,
                                           datawal_error* error) {
  if (reader == nullptr || visit == nullptr) return fail(error, missing("visit keys"));
  return done(error, [&] { return reader->reader.for_each(visiting(visit, context)); });
}

datawal_code datawal_store_reader_refresh(datawal_store_reader* reader, int* changed, datawal_error* error) {
  if (reader == nullptr) return fail(error, missing("refresh reader"));
  return returned(
      error, [&] { return reader->reader.refresh(); },
      [&](bool is_new) {
        if (changed != nullptr) *changed = is_new ? 1 : 0;
      });
}

void datawal_store_reader_report(const datawal_store_reader* reader, datawal_recovery_report* report) {
  if (reader != nullptr && report != nullptr) *report = to_c(reader->reader.report());
}

void datawal_store_reader_free(datawal_store_reader* reader) { delete reader; }
