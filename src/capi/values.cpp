// Values in memory.

#include "capi/get.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_values_new(datawal_values** values, datawal_error* error) {
  if (values != nullptr) *values = nullptr;
  return guarded(error, [&] {
    if (values == nullptr) return fail(error, missing("make values"));
    *values = new datawal_values{};
    return succeed(error);
  });
}

size_t datawal_values_count(const datawal_values* values) { return values == nullptr ? 0 : values->values.size(); }

const char* datawal_values_at(const datawal_values* values, size_t index, size_t* value_len) {
  if (value_len != nullptr) *value_len = 0;
  if (values == nullptr || index >= values->values.size()) return nullptr;
  const std::optional<std::string_view> value = values->values[index];
  if (!value) return nullptr;
  if (value_len != nullptr) *value_len = value->size();
  return value->empty() ? "" : value->data();
}

void datawal_values_free(datawal_values* values) { delete values; }

datawal_code datawal_store_multi_get(const datawal_store* store, const void* keys, const size_t* key_lens, size_t count,
                                     datawal_values* values, datawal_error* error) {
  if (values != nullptr) values->values.clear();
  if (store == nullptr || values == nullptr || (key_lens == nullptr && count != 0)) {
    return fail(error, missing("get many"));
  }
  return multi_get(store->store, keys, key_lens, count, *values, error);
}

datawal_code datawal_store_reader_multi_get(const datawal_store_reader* reader, const void* keys,
                                            const size_t* key_lens, size_t count, datawal_values* values,
                                            datawal_error* error) {
  if (values != nullptr) values->values.clear();
  if (reader == nullptr || values == nullptr || (key_lens == nullptr && count != 0)) {
    return fail(error, missing("get many"));
  }
  return multi_get(reader->reader, keys, key_lens, count, *values, error);
}
