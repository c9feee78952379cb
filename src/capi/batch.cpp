// Batch.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_batch_new(datawal_batch** batch, datawal_error* error) {
  if (batch != nullptr) *batch = nullptr;
  return guarded(error, [&] {
    if (batch == nullptr) return fail(error, missing("make batch"));
    *batch = new datawal_batch{};
    return succeed(error);
  });
}

datawal_code datawal_batch_put(datawal_batch* batch, const void* key, size_t key_len, const void* value,
                               size_t value_len, datawal_error* error) {
  if (batch == nullptr) return fail(error, missing("add to batch"));
  return guarded(error, [&] {
    batch->batch.put(key_view(key, key_len), value_view(value, value_len));
    return succeed(error);
  });
}

datawal_code datawal_batch_erase(datawal_batch* batch, const void* key, size_t key_len, datawal_error* error) {
  if (batch == nullptr) return fail(error, missing("add to batch"));
  return guarded(error, [&] {
    batch->batch.erase(key_view(key, key_len));
    return succeed(error);
  });
}

void datawal_batch_clear(datawal_batch* batch) {
  if (batch != nullptr) batch->batch.clear();
}

size_t datawal_batch_count(const datawal_batch* batch) { return batch == nullptr ? 0 : batch->batch.size(); }

void datawal_batch_free(datawal_batch* batch) { delete batch; }
