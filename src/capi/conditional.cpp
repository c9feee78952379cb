// Changes that depend on the current value, or report it.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

void fill(datawal_outcome* outcome, const ChangeOutcome& what) noexcept {
  if (outcome == nullptr) return;
  outcome->previous = to_c(what.previous.value_or(RecordRef{}));
  outcome->ref = to_c(what.ref.value_or(RecordRef{}));
  outcome->is_done = what.is_done ? 1 : 0;
  outcome->had_value = what.previous ? 1 : 0;
}

std::optional<datawal_ref> copy_of(const datawal_ref* ref) noexcept {
  return ref == nullptr ? std::nullopt : std::optional(*ref);
}

}  // namespace

datawal_code datawal_store_find(const datawal_store* store, const void* key, size_t key_len, datawal_buffer* value,
                                datawal_ref* ref, int* found, datawal_error* error) {
  if (value != nullptr) *value = {};
  if (ref != nullptr) *ref = {};
  if (found != nullptr) *found = 0;
  if (store == nullptr || value == nullptr || ref == nullptr || found == nullptr) return fail(error, missing("get"));
  return returned(
      error, [&]() -> Result<std::optional<StoredValue>> { return store->store.find(key_view(key, key_len)); },
      [&](const std::optional<StoredValue>& stored) {
        if (!stored) return;
        give(value, stored->value);
        *ref = to_c(stored->ref);
        *found = 1;
      });
}

datawal_code datawal_store_put_if(datawal_store* store, const void* key, size_t key_len, datawal_expect expect,
                                  const datawal_ref* expected, const void* value, size_t value_len, datawal_sync sync,
                                  datawal_outcome* outcome, datawal_error* error) {
  const std::optional<datawal_ref> wanted = copy_of(expected);  // it may be a part of `outcome`
  if (outcome != nullptr) *outcome = {};
  if (store == nullptr) return fail(error, missing("put"));
  return returned(
      error,
      [&] {
        return store->store.put_if(key_view(key, key_len), from_c(expect, wanted ? &*wanted : nullptr),
                                   value_view(value, value_len), from_c(sync));
      },
      [&](const ChangeOutcome& what) { ::fill(outcome, what); });
}

datawal_code datawal_store_erase_if(datawal_store* store, const void* key, size_t key_len, datawal_expect expect,
                                    const datawal_ref* expected, datawal_sync sync, datawal_outcome* outcome,
                                    datawal_error* error) {
  const std::optional<datawal_ref> wanted = copy_of(expected);
  if (outcome != nullptr) *outcome = {};
  if (store == nullptr) return fail(error, missing("erase"));
  return returned(
      error,
      [&] {
        return store->store.erase_if(key_view(key, key_len), from_c(expect, wanted ? &*wanted : nullptr), from_c(sync));
      },
      [&](const ChangeOutcome& what) { ::fill(outcome, what); });
}
