// RecordLogReader.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

// `records` makes the cursor.
template <class Records>
datawal_code hand_out(const datawal_log_reader* reader, datawal_cursor** cursor, datawal_error* error,
                      Records records) {
  if (cursor != nullptr) *cursor = nullptr;
  return guarded(error, [&] {
    if (reader == nullptr || cursor == nullptr) return fail(error, missing("read log"));
    *cursor = new datawal_cursor{records(reader->reader), {}};
    return succeed(error);
  });
}

}  // namespace

datawal_code datawal_log_reader_open(const char* dir, const datawal_reader_options* options,
                                     datawal_log_reader** reader, datawal_error* error) {
  if (reader != nullptr) *reader = nullptr;
  return guarded(error, [&] {
    if (dir == nullptr || reader == nullptr) return fail(error, missing("open log"));
    Result<RecordLogReader> opened = RecordLogReader::open(dir, from_c(options));
    if (!opened) return fail(error, opened.error());
    *reader = new datawal_log_reader{std::move(*opened)};
    return succeed(error);
  });
}

const uint32_t* datawal_log_reader_segments(const datawal_log_reader* reader, size_t* count) {
  const std::span<const std::uint32_t> ids = reader == nullptr ? std::span<const std::uint32_t>{}
                                                               : reader->reader.segments();
  if (count != nullptr) *count = ids.size();
  return ids.data();
}

datawal_code datawal_log_reader_records(const datawal_log_reader* reader, datawal_cursor** cursor,
                                        datawal_error* error) {
  return hand_out(reader, cursor, error, [](const RecordLogReader& from) { return from.records(); });
}

datawal_code datawal_log_reader_records_from(const datawal_log_reader* reader, uint32_t segment, uint64_t offset,
                                             datawal_cursor** cursor, datawal_error* error) {
  return hand_out(reader, cursor, error,
                  [&](const RecordLogReader& from) { return from.records_from(segment, offset); });
}

datawal_code datawal_log_reader_records_after(const datawal_log_reader* reader, const datawal_ref* last,
                                              datawal_cursor** cursor, datawal_error* error) {
  if (last == nullptr) return fail(error, missing("read log"));
  return hand_out(reader, cursor, error,
                  [&](const RecordLogReader& from) { return from.records_after(from_c(*last)); });
}

datawal_code datawal_log_reader_refresh(datawal_log_reader* reader, int* changed, datawal_error* error) {
  if (reader == nullptr) return fail(error, missing("refresh reader"));
  return returned(
      error, [&] { return reader->reader.refresh(); },
      [&](bool is_new) {
        if (changed != nullptr) *changed = is_new ? 1 : 0;
      });
}

datawal_code datawal_log_reader_writer_lives(const datawal_log_reader* reader, int* lives, datawal_error* error) {
  if (reader == nullptr || lives == nullptr) return fail(error, missing("look for writer"));
  return returned(error, [&] { return reader->reader.writer_lives(); }, [&](bool alive) { *lives = alive ? 1 : 0; });
}

datawal_code datawal_log_reader_durable_end(const datawal_log_reader* reader, datawal_durable_end* end,
                                            datawal_error* error) {
  if (end != nullptr) *end = {};
  if (reader == nullptr || end == nullptr) return fail(error, missing("find durable end"));
  return returned(
      error, [&] { return reader->reader.durable_end(); },
      [&](const DurableEnd& found) {
        *end = {.offset = found.offset, .txid = found.txid, .segment = found.segment, .reserved = 0};
      });
}

void datawal_log_reader_free(datawal_log_reader* reader) { delete reader; }
