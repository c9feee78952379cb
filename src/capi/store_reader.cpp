// DataWalReader.

#include "capi/get.hpp"

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
  return get_buffer(reader->reader, key, key_len, value, found, error);
}

datawal_code datawal_store_reader_get_into(const datawal_store_reader* reader, const void* key, size_t key_len,
                                           void* room, size_t room_len, size_t* value_len, int* found,
                                           datawal_error* error) {
  if (value_len != nullptr) *value_len = 0;
  if (found != nullptr) *found = 0;
  if (reader == nullptr || value_len == nullptr || found == nullptr) return fail(error, missing("get"));
  return get_into(reader->reader, key, key_len, room, room_len, value_len, found, error);
}

datawal_code datawal_store_reader_contains(const datawal_store_reader* reader, const void* key, size_t key_len,
                                           int* found, datawal_error* error) {
  if (reader == nullptr || found == nullptr) return fail(error, missing("look up key"));
  *found = 0;
  return returned(
      error, [&] { return reader->reader.contains(key_view(key, key_len)); },
      [&](bool there) { *found = there ? 1 : 0; });
}

datawal_code datawal_store_reader_keys(const datawal_store_reader* reader, datawal_keys** keys, datawal_error* error) {
  if (keys != nullptr) *keys = nullptr;
  if (reader == nullptr || keys == nullptr) return fail(error, missing("list keys"));
  return guarded(error, [&] {
    Result<DataWalCursor> cursor = reader->reader.cursor({.keys_only = true});
    if (!cursor) return fail(error, cursor.error());
    auto all = std::make_unique<datawal_keys>();
    all->keys.reserve(reader->reader.size());
    for (;;) {
      const Result<std::optional<KeyValue>> next = cursor->next();
      if (!next) return fail(error, next.error());
      if (!*next) break;
      all->keys.emplace_back((**next).key);
    }
    *keys = all.release();
    return succeed(error);
  });
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
