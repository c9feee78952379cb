// DataWalView.

#include "capi/get.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_view_open(const datawal_store* store, datawal_view** view, datawal_error* error) {
  if (view != nullptr) *view = nullptr;
  if (store == nullptr || view == nullptr) return fail(error, missing("view store"));
  return returned(
      error, [&] { return store->store.view(); },
      [&](DataWalView opened) { *view = new datawal_view{std::move(opened)}; });
}

datawal_code datawal_view_get(const datawal_view* view, const void* key, size_t key_len, datawal_buffer* value,
                              int* found, datawal_error* error) {
  if (value != nullptr) *value = {};
  if (found != nullptr) *found = 0;
  if (view == nullptr || value == nullptr) return fail(error, missing("get"));
  return get_buffer(view->view, key, key_len, value, found, error);
}

datawal_code datawal_view_get_into(const datawal_view* view, const void* key, size_t key_len, void* room,
                                   size_t room_len, size_t* value_len, int* found, datawal_error* error) {
  if (value_len != nullptr) *value_len = 0;
  if (found != nullptr) *found = 0;
  if (view == nullptr || value_len == nullptr || found == nullptr) return fail(error, missing("get"));
  return get_into(view->view, key, key_len, room, room_len, value_len, found, error);
}

datawal_code datawal_view_multi_get(const datawal_view* view, const void* keys, const size_t* key_lens, size_t count,
                                    datawal_values* values, datawal_error* error) {
  if (values != nullptr) values->values.clear();
  if (view == nullptr || values == nullptr || (key_lens == nullptr && count != 0))
    return fail(error, missing("get many"));
  return multi_get(view->view, keys, key_lens, count, *values, error);
}

datawal_code datawal_view_contains(const datawal_view* view, const void* key, size_t key_len, int* found,
                                   datawal_error* error) {
  if (found != nullptr) *found = 0;
  if (view == nullptr || found == nullptr) return fail(error, missing("look up key"));
  return returned(
      error, [&] { return view->view.contains(key_view(key, key_len)); }, [&](bool there) { *found = there ? 1 : 0; });
}

datawal_code datawal_view_for_each(const datawal_view* view, datawal_visitor visit, void* context,
                                   datawal_error* error) {
  if (view == nullptr || visit == nullptr) return fail(error, missing("visit keys"));
  return done(error, [&] { return view->view.for_each(visiting(visit, context)); });
}

uint64_t datawal_view_size(const datawal_view* view) { return view == nullptr ? 0 : view->view.size(); }

uint64_t datawal_view_last_txid(const datawal_view* view) { return view == nullptr ? 0 : view->view.last_txid(); }

void datawal_view_free(datawal_view* view) { delete view; }
