// Holds.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

// `set` sets the hold.
template <class Set>
datawal_code hold(const void* where, const char* name, datawal_error* error, const Set& set) {
  if (where == nullptr || name == nullptr) return fail(error, missing("set hold"));
  return done(error, set);
}

// `drop` drops it.
template <class Drop>
datawal_code drop(const void* where, const char* name, int* was_there, datawal_error* error, const Drop& drop_it) {
  if (where == nullptr || name == nullptr) return fail(error, missing("drop hold"));
  return returned(error, drop_it, [was_there](bool was) {
    if (was_there != nullptr) *was_there = was ? 1 : 0;
  });
}

}  // namespace

datawal_code datawal_store_hold_from(datawal_store* store, const char* name, uint64_t txid, datawal_error* error) {
  return hold(store, name, error, [&] { return store->store.hold_from(name, txid); });
}

datawal_code datawal_store_drop_hold(datawal_store* store, const char* name, int* was_there, datawal_error* error) {
  return drop(store, name, was_there, error, [&] { return store->store.drop_hold(name); });
}

datawal_code datawal_log_hold_from(datawal_log* log, const char* name, uint64_t txid, datawal_error* error) {
  return hold(log, name, error, [&] { return log->log.hold_from(name, txid); });
}

datawal_code datawal_log_drop_hold(datawal_log* log, const char* name, int* was_there, datawal_error* error) {
  return drop(log, name, was_there, error, [&] { return log->log.drop_hold(name); });
}

datawal_code datawal_hold_from(const char* dir, const char* name, uint64_t txid, datawal_error* error) {
  return hold(dir, name, error, [&] { return hold_from(std::filesystem::path(dir), name, txid); });
}

datawal_code datawal_drop_hold(const char* dir, const char* name, int* was_there, datawal_error* error) {
  return drop(dir, name, was_there, error, [&] { return drop_hold(std::filesystem::path(dir), name); });
}

datawal_code datawal_holds_of(const char* dir, datawal_holds** holds, datawal_error* error) {
  if (holds != nullptr) *holds = nullptr;
  if (dir == nullptr || holds == nullptr) return fail(error, missing("list holds"));
  return returned(
      error, [&] { return holds_of(dir); }, [&](std::vector<Hold> all) { *holds = new datawal_holds{std::move(all)}; });
}

size_t datawal_holds_count(const datawal_holds* holds) { return holds == nullptr ? 0 : holds->holds.size(); }

const char* datawal_holds_at(const datawal_holds* holds, size_t index, uint64_t* txid) {
  if (txid != nullptr) *txid = 0;
  if (holds == nullptr || index >= holds->holds.size()) return nullptr;
  const Hold& hold = holds->holds[index];
  if (txid != nullptr) *txid = hold.txid;
  return hold.name.c_str();
}

void datawal_holds_free(datawal_holds* holds) { delete holds; }
