// DataWalCursor.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

// `source` has the method cursor.
template <class Source>
datawal_code open(const Source& source, const datawal_store_cursor_options* options, datawal_store_cursor*& cursor,
                  datawal_error* error) {
  return returned(
      error, [&] { return source.cursor(from_c(options)); },
      [&](DataWalCursor opened) { cursor = new datawal_store_cursor{std::move(opened), {}}; });
}

}  // namespace

datawal_code datawal_store_cursor_open(const datawal_store* store, const datawal_store_cursor_options* options,
                                       datawal_store_cursor** cursor, datawal_error* error) {
  if (cursor != nullptr) *cursor = nullptr;
  if (store == nullptr || cursor == nullptr) return fail(error, missing("walk store"));
  return ::open(store->store, options, *cursor, error);
}

datawal_code datawal_store_reader_cursor_open(const datawal_store_reader* reader,
                                              const datawal_store_cursor_options* options,
                                              datawal_store_cursor** cursor, datawal_error* error) {
  if (cursor != nullptr) *cursor = nullptr;
  if (reader == nullptr || cursor == nullptr) return fail(error, missing("walk store"));
  return ::open(reader->reader, options, *cursor, error);
}

datawal_code datawal_view_cursor_open(const datawal_view* view, const datawal_store_cursor_options* options,
                                      datawal_store_cursor** cursor, datawal_error* error) {
  if (cursor != nullptr) *cursor = nullptr;
  if (view == nullptr || cursor == nullptr) return fail(error, missing("walk store"));
  return ::open(view->view, options, *cursor, error);
}

datawal_code datawal_store_cursor_next(datawal_store_cursor* cursor, const datawal_record** record,
                                       datawal_error* error) {
  if (record != nullptr) *record = nullptr;
  if (cursor == nullptr || record == nullptr) return fail(error, missing("walk store"));
  return returned(
      error, [&] { return cursor->cursor.next(); },
      [&](const std::optional<KeyValue>& next) {
        if (!next) return;
        cursor->record = to_c(RecordView{.type = RecordType::Put,
                                         .txid = next->ref.txid,
                                         .key = next->key,
                                         .payload = next->value,
                                         .ref = next->ref});
        *record = &cursor->record;
      });
}

datawal_code datawal_store_cursor_seek(datawal_store_cursor* cursor, const void* key, size_t key_len,
                                       datawal_error* error) {
  if (cursor == nullptr) return fail(error, missing("seek key"));
  return done(error, [&] { return cursor->cursor.seek(key_view(key, key_len)); });
}

void datawal_store_cursor_free(datawal_store_cursor* cursor) { delete cursor; }
