// RecordLog.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_log_open(const char* dir, const datawal_open_options* options, datawal_log** log,
                              datawal_error* error) {
  if (log != nullptr) *log = nullptr;
  return guarded(error, [&] {
    if (dir == nullptr || log == nullptr) return fail(error, missing("open log"));
    Result<RecordLog> opened = RecordLog::open(dir, from_c(options));
    if (!opened) return fail(error, opened.error());
    *log = new datawal_log{std::move(*opened)};
    return succeed(error);
  });
}

datawal_code datawal_log_append(datawal_log* log, const void* payload, size_t payload_len, datawal_sync sync,
                                datawal_ref* ref, datawal_error* error) {
  return datawal_log_append_record(log, DATAWAL_RAW, nullptr, 0, payload, payload_len, sync, ref, error);
}

datawal_code datawal_log_append_record(datawal_log* log, datawal_record_type type, const void* key, size_t key_len,
                                       const void* payload, size_t payload_len, datawal_sync sync, datawal_ref* ref,
                                       datawal_error* error) {
  if (log == nullptr) return fail(error, missing("append record"));
  const auto append = [&] {
    return log->log.append_record(from_c(type), key_view(key, key_len), payload_view(payload, payload_len),
                                  from_c(sync));
  };
  return returned(error, append, [&](const RecordRef& place) {
    if (ref != nullptr) *ref = to_c(place);
  });
}

datawal_code datawal_log_append_batch(datawal_log* log, const datawal_input* records, size_t count, datawal_sync sync,
                                      datawal_ref* refs, datawal_error* error) {
  if (log == nullptr || (records == nullptr && count != 0)) return fail(error, missing("append records"));
  const auto append = [&] {
    const std::span<const datawal_input> given = inputs_view(records, count);
    std::vector<RecordInput> inputs;
    inputs.reserve(given.size());
    for (const datawal_input& record : given) {
      inputs.push_back({.type = from_c(record.type),
                        .key = key_view(record.key, record.key_len),
                        .payload = payload_view(record.payload, record.payload_len)});
    }
    return log->log.append_batch(inputs, from_c(sync));
  };
  return returned(error, append, [&](const std::vector<RecordRef>& places) {
    for (std::size_t n = 0; refs != nullptr && n < places.size(); ++n) refs[n] = to_c(places[n]);
  });
}

datawal_code datawal_log_fsync(datawal_log* log, datawal_error* error) {
  if (log == nullptr) return fail(error, missing("sync log"));
  return done(error, [&] { return log->log.fsync(); });
}

datawal_code datawal_log_rotate(datawal_log* log, datawal_error* error) {
  if (log == nullptr) return fail(error, missing("rotate log"));
  return done(error, [&] { return log->log.rotate(); });
}

datawal_code datawal_log_save_state(datawal_log* log, datawal_error* error) {
  if (log == nullptr) return fail(error, missing("save state"));
  return done(error, [&] { return log->log.save_state(); });
}

datawal_code datawal_log_read(const datawal_log* log, const datawal_ref* ref, datawal_record_type* type,
                              datawal_buffer* key, datawal_buffer* payload, datawal_error* error) {
  if (key != nullptr) *key = {};
  if (payload != nullptr) *payload = {};
  if (log == nullptr || ref == nullptr) return fail(error, missing("read record"));
  const datawal_code code = returned(
      error, [&] { return log->log.read(from_c(*ref)); },
      [&](const Record& record) {
        give(key, record.key);
        give(payload, record.payload);
        if (type != nullptr) *type = static_cast<datawal_record_type>(record.type);
      });
  if (code != DATAWAL_OK) datawal_buffer_free(key);  // there may be no memory for the payload
  return code;
}

datawal_code datawal_log_records(const datawal_log* log, datawal_cursor** cursor, datawal_error* error) {
  if (cursor != nullptr) *cursor = nullptr;
  return guarded(error, [&] {
    if (log == nullptr || cursor == nullptr) return fail(error, missing("read log"));
    *cursor = new datawal_cursor{log->log.records(), {}};
    return succeed(error);
  });
}

void datawal_log_recovery_report(const datawal_log* log, datawal_recovery_report* report) {
  if (log != nullptr && report != nullptr) *report = to_c(log->log.recovery_report());
}

uint64_t datawal_log_last_txid(const datawal_log* log) { return log == nullptr ? 0 : log->log.last_txid(); }

uint64_t datawal_log_durable_txid(const datawal_log* log) { return log == nullptr ? 0 : log->log.durable_txid(); }

uint32_t datawal_log_active_segment(const datawal_log* log) { return log == nullptr ? 0 : log->log.active_segment(); }

int datawal_log_is_poisoned(const datawal_log* log) { return log != nullptr && log->log.is_poisoned() ? 1 : 0; }

datawal_code datawal_log_close(datawal_log* log, datawal_error* error) {
  if (log == nullptr) return succeed(error);
  return done(error, [&] { return log->log.close(); });
}

void datawal_log_free(datawal_log* log) { delete log; }
