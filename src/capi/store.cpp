// DataWal.

#include "capi/get.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_store_open(const char* dir, const datawal_open_options* options, datawal_store** store,
                                datawal_error* error) {
  if (store != nullptr) *store = nullptr;
  return guarded(error, [&] {
    if (dir == nullptr || store == nullptr) return fail(error, missing("open store"));
    Result<DataWal> opened = DataWal::open(dir, from_c(options));
    if (!opened) return fail(error, opened.error());
    *store = new datawal_store{std::move(*opened)};
    return succeed(error);
  });
}

datawal_code datawal_store_put(datawal_store* store, const void* key, size_t key_len, const void* value,
                               size_t value_len, datawal_sync sync, datawal_error* error) {
  if (store == nullptr) return fail(error, missing("put"));
  return done(error,
              [&] { return store->store.put(key_view(key, key_len), value_view(value, value_len), from_c(sync)); });
}

datawal_code datawal_store_get(const datawal_store* store, const void* key, size_t key_len, datawal_buffer* value,
                               int* found, datawal_error* error) {
  if (value != nullptr) *value = {};
  if (found != nullptr) *found = 0;
  if (store == nullptr || value == nullptr) return fail(error, missing("get"));
  return get_buffer(store->store, key, key_len, value, found, error);
}

datawal_code datawal_store_get_into(const datawal_store* store, const void* key, size_t key_len, void* room,
                                    size_t room_len, size_t* value_len, int* found, datawal_error* error) {
  if (value_len != nullptr) *value_len = 0;
  if (found != nullptr) *found = 0;
  if (store == nullptr || value_len == nullptr || found == nullptr) return fail(error, missing("get"));
  return get_into(store->store, key, key_len, room, room_len, value_len, found, error);
}

datawal_code datawal_store_erase(datawal_store* store, const void* key, size_t key_len, datawal_sync sync,
                                 datawal_error* error) {
  if (store == nullptr) return fail(error, missing("erase"));
  return done(error, [&] { return store->store.erase(key_view(key, key_len), from_c(sync)); });
}

datawal_code datawal_store_write(datawal_store* store, const datawal_batch* batch, datawal_sync sync,
                                 datawal_error* error) {
  if (store == nullptr || batch == nullptr) return fail(error, missing("write batch"));
  return done(error, [&] { return store->store.write(batch->batch, from_c(sync)); });
}

datawal_code datawal_store_write_array(datawal_store* store, const datawal_input* changes, size_t count,
                                       datawal_sync sync, datawal_error* error) {
  if (store == nullptr || (changes == nullptr && count != 0)) return fail(error, missing("write batch"));
  return done(error, [&] {
    const WriteOptions how = from_c(sync);
    Batch batch;
    for (const datawal_input& change : inputs_view(changes, count)) {
      const std::string_view key = key_view(change.key, change.key_len);
      switch (from_c(change.type)) {
        case RecordType::Put: batch.put(key, payload_view(change.payload, change.payload_len)); break;
        case RecordType::Delete: batch.erase(key); break;
        case RecordType::Raw: throw Refused{"type", "is neither DATAWAL_PUT nor DATAWAL_DELETE"};
      }
    }
    return store->store.write(batch, how);
  });
}

datawal_code datawal_store_contains(const datawal_store* store, const void* key, size_t key_len, int* found,
                                    datawal_error* error) {
  if (store == nullptr || found == nullptr) return fail(error, missing("look up key"));
  *found = 0;
  return returned(
      error, [&] { return store->store.contains(key_view(key, key_len)); },
      [&](bool there) { *found = there ? 1 : 0; });
}

datawal_code datawal_store_ref_of(const datawal_store* store, const void* key, size_t key_len, datawal_ref* ref,
                                  int* found, datawal_error* error) {
  if (store == nullptr || ref == nullptr || found == nullptr) return fail(error, missing("look up key"));
  *found = 0;
  *ref = {};
  return returned(
      error, [&] { return store->store.ref_of(key_view(key, key_len)); },
      [&](const std::optional<RecordRef>& place) {
        *found = place ? 1 : 0;
        if (place) *ref = to_c(*place);
      });
}

uint64_t datawal_store_size(const datawal_store* store) { return store == nullptr ? 0 : store->store.size(); }

uint64_t datawal_store_last_txid(const datawal_store* store) {
  return store == nullptr ? 0 : store->store.log().last_txid();
}

uint64_t datawal_store_durable_txid(const datawal_store* store) {
  return store == nullptr ? 0 : store->store.log().durable_txid();
}

datawal_code datawal_store_keys(const datawal_store* store, datawal_keys** keys, datawal_error* error) {
  if (keys != nullptr) *keys = nullptr;
  if (store == nullptr || keys == nullptr) return fail(error, missing("list keys"));
  return returned(
      error, [&] { return store->store.keys(); },
      [&](std::vector<std::string> all) { *keys = new datawal_keys{std::move(all)}; });
}

datawal_code datawal_store_for_each(const datawal_store* store, datawal_visitor visit, void* context,
                                    datawal_error* error) {
  if (store == nullptr || visit == nullptr) return fail(error, missing("visit keys"));
  return done(error, [&] { return store->store.for_each(visiting(visit, context)); });
}

datawal_code datawal_store_save_index(datawal_store* store, datawal_error* error) {
  if (store == nullptr) return fail(error, missing("save index"));
  return done(error, [&] { return store->store.save_index(); });
}

datawal_code datawal_store_fsync(datawal_store* store, datawal_error* error) {
  if (store == nullptr) return fail(error, missing("sync store"));
  return done(error, [&] { return store->store.fsync(); });
}

datawal_code datawal_store_compact(datawal_store* store, const datawal_compact_options* options, datawal_counts* counts,
                                   datawal_error* error) {
  if (store == nullptr) return fail(error, missing("compact store"));
  return returned(
      error, [&] { return store->store.compact(from_c(options)); },
      [&](const CompactionStats& stats) { fill(counts, stats); });
}

void datawal_store_recovery_report(const datawal_store* store, datawal_recovery_report* report) {
  if (store != nullptr && report != nullptr) *report = to_c(store->store.log().recovery_report());
}

int datawal_store_is_poisoned(const datawal_store* store) {
  return store != nullptr && store->store.log().is_poisoned() ? 1 : 0;
}

datawal_code datawal_store_close(datawal_store* store, datawal_error* error) {
  if (store == nullptr) return succeed(error);
  return done(error, [&] { return store->store.close(); });
}

void datawal_store_free(datawal_store* store) { delete store; }

size_t datawal_keys_count(const datawal_keys* keys) { return keys == nullptr ? 0 : keys->keys.size(); }

const char* datawal_keys_at(const datawal_keys* keys, size_t index, size_t* key_len) {
  const bool is_there = keys != nullptr && index < keys->keys.size();
  if (key_len != nullptr) *key_len = is_there ? keys->keys[index].size() : 0;
  return is_there ? keys->keys[index].c_str() : nullptr;
}

void datawal_keys_free(datawal_keys* keys) { delete keys; }
