// Checkpoints and retention: apart, so that a program without them does not link them.

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

namespace {

// `source` has the method checkpoint.
template <class Source>
datawal_code copy(const Source& source, const char* dir, const char* previous, datawal_checkpoint_report* report,
                  datawal_error* error) {
  CheckpointReport made;
  const datawal_code code = done(error, [&] {
    CheckpointOptions options{.report = &made};
    if (previous != nullptr) options.previous = previous;
    return source.checkpoint(dir, options);
  });
  if (report != nullptr) *report = {};
  if (report == nullptr || code != DATAWAL_OK) return code;
  report->segments = made.segments;
  report->bytes = made.bytes;
  report->linked = made.linked;
  return code;
}

}  // namespace

datawal_code datawal_log_checkpoint(const datawal_log* log, const char* dir, const char* previous,
                                    datawal_checkpoint_report* report, datawal_error* error) {
  if (log == nullptr || dir == nullptr) return fail(error, missing("checkpoint log"));
  return copy(log->log, dir, previous, report, error);
}

datawal_code datawal_log_reader_checkpoint(const datawal_log_reader* reader, const char* dir, const char* previous,
                                           datawal_checkpoint_report* report, datawal_error* error) {
  if (reader == nullptr || dir == nullptr) return fail(error, missing("checkpoint log"));
  return copy(reader->reader, dir, previous, report, error);
}

datawal_code datawal_store_checkpoint(const datawal_store* store, const char* dir, const char* previous,
                                      datawal_checkpoint_report* report, datawal_error* error) {
  if (store == nullptr || dir == nullptr) return fail(error, missing("checkpoint store"));
  return copy(store->store, dir, previous, report, error);
}

datawal_code datawal_store_reader_checkpoint(const datawal_store_reader* reader, const char* dir, const char* previous,
                                             datawal_checkpoint_report* report, datawal_error* error) {
  if (reader == nullptr || dir == nullptr) return fail(error, missing("checkpoint store"));
  return copy(reader->reader, dir, previous, report, error);
}

datawal_code datawal_log_drop_segments_before(datawal_log* log, uint32_t segment, datawal_error* error) {
  if (log == nullptr) return fail(error, missing("drop segments"));
  return done(error, [&] { return log->log.drop_segments_before(segment); });
}

datawal_code datawal_log_drop_segments_with_keys_before(datawal_log* log, uint32_t segment, datawal_error* error) {
  if (log == nullptr) return fail(error, missing("drop segments"));
  return done(error, [&] { return log->log.drop_segments_before(segment, {.with_keys = true}); });
}
