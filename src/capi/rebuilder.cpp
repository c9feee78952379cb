// LogRebuilder.

#include <datawal/format.hpp>

#include "capi/common.hpp"

using namespace datawal;
using namespace datawal::capi;

datawal_code datawal_rebuilder_open(const char* dir, const datawal_open_options* options, datawal_rebuilder** rebuilder,
                                    datawal_error* error) {
  if (rebuilder != nullptr) *rebuilder = nullptr;
  return guarded(error, [&] {
    if (dir == nullptr || rebuilder == nullptr) return fail(error, missing("open log"));
    Result<LogRebuilder> opened = LogRebuilder::open(dir, from_c(options));
    if (!opened) return fail(error, opened.error());
    *rebuilder = new datawal_rebuilder{std::move(*opened)};
    return succeed(error);
  });
}

int datawal_rebuilder_last(const datawal_rebuilder* rebuilder, datawal_ref* ref) {
  if (ref != nullptr) *ref = {};
  if (rebuilder == nullptr || !rebuilder->rebuilder.last()) return 0;
  if (ref != nullptr) *ref = to_c(*rebuilder->rebuilder.last());
  return 1;
}

uint32_t datawal_rebuilder_segment(const datawal_rebuilder* rebuilder) {
  return rebuilder == nullptr ? 0 : rebuilder->rebuilder.segment();
}

datawal_code datawal_rebuilder_begin_segment(datawal_rebuilder* rebuilder, uint32_t id, datawal_error* error) {
  if (rebuilder == nullptr) return fail(error, missing("begin segment"));
  return done(error, [&] { return rebuilder->rebuilder.begin_segment(id); });
}

datawal_code datawal_rebuilder_append(datawal_rebuilder* rebuilder, const void* frames, size_t frames_len,
                                      uint64_t before_txid, uint32_t before_crc, datawal_error* error) {
  if (rebuilder == nullptr) return fail(error, missing("append frames"));
  return done(error, [&] {
    if (frames == nullptr && frames_len != 0) throw Refused{"frames", "is NULL, and frames_len is not 0"};
    return rebuilder->rebuilder.append({static_cast<const char*>(frames), frames_len},
                                       {.txid = before_txid, .crc = before_crc});
  });
}

datawal_code datawal_rebuilder_fsync(datawal_rebuilder* rebuilder, datawal_error* error) {
  if (rebuilder == nullptr) return fail(error, missing("sync log"));
  return done(error, [&] { return rebuilder->rebuilder.fsync(); });
}

datawal_code datawal_rebuilder_close(datawal_rebuilder* rebuilder, datawal_error* error) {
  if (rebuilder == nullptr) return succeed(error);
  return done(error, [&] { return rebuilder->rebuilder.close(); });
}

void datawal_rebuilder_free(datawal_rebuilder* rebuilder) { delete rebuilder; }

datawal_code datawal_frame_of(const datawal_record* record, datawal_buffer* frame, datawal_error* error) {
  if (frame != nullptr) *frame = {};
  return guarded(error, [&] {
    if (record == nullptr || frame == nullptr) return fail(error, missing("encode record"));
    const std::string_view key = key_view(record->key, record->key_len);
    const std::string_view payload = payload_view(record->payload, record->payload_len);
    std::string bytes(static_cast<std::size_t>(format::frame_len(key.size(), payload.size())), '\0');
    // Cannot fail: type and lengths were looked at, and there is room.
    (void)format::encode(from_c(record->type), record->ref.txid, key, payload, bytes);
    give(frame, bytes);
    return succeed(error);
  });
}
