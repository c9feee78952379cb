// Walking records.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_cursor_next(datawal_cursor* cursor, const datawal_record** record, datawal_error* error) {
  if (record != nullptr) *record = nullptr;
  return guarded(error, [&] {
    if (cursor == nullptr || record == nullptr) return fail(error, missing("read record"));
    const Result<std::optional<RecordView>> next = cursor->cursor.next();
    if (!next) return fail(error, next.error());
    if (!*next) return succeed(error);
    cursor->record = to_c(**next);
    *record = &cursor->record;
    return succeed(error);
  });
}

void datawal_cursor_report(const datawal_cursor* cursor, datawal_recovery_report* report) {
  if (cursor != nullptr && report != nullptr) *report = to_c(cursor->cursor.report());
}

void datawal_cursor_free(datawal_cursor* cursor) { delete cursor; }
