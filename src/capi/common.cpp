#include "capi/common.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <datawal/text.hpp>

namespace datawal::capi {
namespace {

// Where to cut text that does not fit: before a UTF-8 character, not within it.
std::size_t cut_at(std::string_view text, std::size_t room) noexcept {
  if (text.size() <= room) return text.size();
  std::size_t end = room;
  constexpr std::size_t longest_character = 4;
  while (end > 0 && room - end < longest_character && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  const bool is_within = first_character(text.substr(end)).len > room - end;
  return is_within ? end : room;  // anything but UTF-8 is cut anywhere
}

datawal_code code_of(Errc code) noexcept { return static_cast<datawal_code>(static_cast<int>(code) + 1); }

static_assert(static_cast<int>(Errc::io) + 1 == DATAWAL_IO);
static_assert(static_cast<int>(Errc::locked) + 1 == DATAWAL_LOCKED);
static_assert(static_cast<int>(Errc::closed) + 1 == DATAWAL_CLOSED);
static_assert(static_cast<int>(Errc::place_lost) + 1 == DATAWAL_PLACE_LOST,
              "a new code needs a number behind the last one");

// Never allocated: the first failure may be lack of memory.
thread_local datawal_error last_error{};

}  // namespace

void copy_cut(std::span<char> into, std::string_view text) noexcept {
  const std::size_t length = cut_at(text, into.size() - 1);
  std::memcpy(into.data(), text.data(), length);
  std::memset(into.data() + length, 0, into.size() - length);
}

void fill(datawal_error& error, const Error& with) noexcept {
  error.code = code_of(with.code);
  try {
    copy_cut(error.message, with.message());
  } catch (const std::bad_alloc&) {
    copy_cut(error.message, name_of(with.code));
  }
  copy_cut(error.path, with.path.native());
  error.os_errno = with.os_errno;
  error.segment = with.segment;
  error.offset = with.offset;
}

datawal_code fail(datawal_error* error, const Error& with) noexcept {
  fill(last_error, with);
  if (error != nullptr) *error = last_error;
  return last_error.code;
}

datawal_code fail_without_memory(datawal_error* error) noexcept {
  last_error = {};
  last_error.code = DATAWAL_NO_MEMORY;
  copy_cut(last_error.message, "out of memory; nothing acknowledged is lost");
  if (error != nullptr) *error = last_error;
  return DATAWAL_NO_MEMORY;
}

datawal_code succeed(datawal_error* error) noexcept {
  if (error != nullptr) {
    error->code = DATAWAL_OK;
    error->os_errno = 0;
    error->segment = 0;
    error->offset = 0;
    error->path[0] = '\0';
    error->message[0] = '\0';
  }
  return DATAWAL_OK;
}

Error refusal(const Refused& refused) {
  return {.code = Errc::invalid_argument,
          .action = "take the arguments",
          .detail = std::string(refused.field) + " " + refused.why};
}

Error missing(std::string_view action) {
  return {.code = Errc::invalid_argument, .action = action, .detail = "an argument is NULL"};
}

datawal_ref to_c(const RecordRef& ref) noexcept {
  return {
      .offset = ref.offset, .txid = ref.txid, .segment = ref.segment, .len = ref.len, .crc = ref.crc, .reserved = 0};
}

RecordRef from_c(const datawal_ref& ref) noexcept {
  return {.segment = ref.segment, .offset = ref.offset, .len = ref.len, .txid = ref.txid, .crc = ref.crc};
}

datawal_record to_c(const RecordView& record) noexcept {
  // An empty view may point nowhere; C callers pass pointers on to functions that forbid NULL.
  return {.type = static_cast<datawal_record_type>(record.type),
          .ref = to_c(record.ref),
          .key = record.key.empty() ? "" : record.key.data(),
          .key_len = record.key.size(),
          .payload = record.payload.empty() ? "" : record.payload.data(),
          .payload_len = record.payload.size()};
}

datawal_recovery_report to_c(const RecoveryReport& report) noexcept {
  return {.files_scanned = report.files_scanned,
          .records_replayed = report.records_replayed,
          .tail_bytes_discarded = report.tail_bytes_discarded,
          .mid_stream_errors = report.mid_stream_errors,
          .unsupported_versions = report.unsupported_versions,
          .last_txid_seen = report.last_txid_seen,
          .preallocated_bytes = report.preallocated_bytes,
          .txid_gaps = report.txid_gaps,
          .records_beyond_tear = report.records_beyond_tear,
          .quarantined_previously = report.quarantined_previously,
          .tail_truncated = report.tail_truncated ? 1 : 0,
          .index_state = to_c(report.index_state),
          .records_read = report.records_read,
          .reserved = {}};
}

namespace {

// Of the lowest hold, which keeps all that the others keep.
std::uint64_t most(const std::vector<HoldStats>& holds, std::uint64_t HoldStats::* number) noexcept {
  std::uint64_t most = 0;
  for (const HoldStats& hold : holds) most = std::max(most, hold.*number);
  return most;
}

}  // namespace

datawal_store_stats to_c(const StoreStats& stats) noexcept {
  return {.segments = stats.segments,
          .bytes = stats.bytes,
          .live_bytes = stats.live_bytes,
          .live_keys = stats.live_keys,
          .raw_records = stats.raw_records,
          .put_records = stats.put_records,
          .delete_records = stats.delete_records,
          .last_txid = stats.last_txid,
          .durable_txid = stats.durable_txid,
          .key_directory_bytes = stats.key_directory_bytes,
          .quarantined_files = stats.quarantined_files,
          .quarantined_bytes = stats.quarantined_bytes,
          .garbage_ratio = stats.garbage_ratio,
          .auto_compact_runs = stats.auto_compact.runs,
          .auto_compact_failures = stats.auto_compact.failures,
          .auto_compact_failing = stats.auto_compact.is_failing ? 1U : 0U,
          .holds = stats.holds_error ? UINT64_MAX : stats.holds.size(),
          .held_bytes = most(stats.holds, &HoldStats::bytes),
          .held_garbage_bytes = most(stats.holds, &HoldStats::garbage_bytes),
          .key_directory_changed_bytes = stats.key_directory_changed_bytes,
          .key_directory_bytes_on_file = stats.key_directory_bytes_on_file};
}

void fill(datawal_counts* counts, const CompactionStats& stats) noexcept {
  if (counts == nullptr) return;
  *counts = {};
  counts->live_keys = stats.live_keys;
  counts->records_written = stats.records_written;
  counts->bytes_written = stats.bytes_written;
  counts->segments_rewritten = stats.segments_rewritten;
  counts->segments_removed = stats.segments_removed;
  counts->segments_skipped = stats.segments_skipped;
  counts->segments_held = stats.segments_held;
  counts->segments_busy = stats.segments_busy;
  counts->bytes_reclaimed = stats.bytes_reclaimed;
  counts->is_cancelled = stats.is_cancelled ? 1 : 0;
}

void fill(datawal_counts* counts, const ExportStats& stats) noexcept {
  if (counts == nullptr) return;
  *counts = {};
  counts->records_written = stats.records_written;
  counts->bytes_written = stats.bytes_written;
}

void fill(datawal_counts* counts, const ImportStats& stats) noexcept {
  if (counts == nullptr) return;
  *counts = {};
  counts->records_read = stats.records_read;
  counts->records_written = stats.records_written;
  counts->lines_rejected = stats.lines_rejected;
}

void give(datawal_buffer* buffer, std::string_view bytes) {
  if (buffer == nullptr) return;
  *buffer = {};
  auto* const data = static_cast<char*>(std::malloc(bytes.size() + 1));
  if (data == nullptr) throw std::bad_alloc();
  std::ranges::copy(bytes, data);
  data[bytes.size()] = '\0';
  *buffer = {.data = data, .size = bytes.size()};
}

}  // namespace datawal::capi

using namespace datawal;
using namespace datawal::capi;

const char* datawal_version() { return DATAWAL_VERSION; }

const datawal_error* datawal_last_error() { return &last_error; }

datawal_code datawal_is_store(const char* dir, int* is_there, datawal_error* error) {
  if (is_there != nullptr) *is_there = 0;
  if (dir == nullptr || is_there == nullptr) return fail(error, missing("look for store"));
  return returned(error, [&] { return is_store(dir); }, [&](bool there) { *is_there = there ? 1 : 0; });
}

uint32_t datawal_wire_version() { return wire_version; }

const char* datawal_code_name(datawal_code code) {
  const int number = number_in(code);
  if (number == DATAWAL_OK) return "ok";
  if (number == DATAWAL_NO_MEMORY) return "no_memory";
  if (number < DATAWAL_OK || number > DATAWAL_PLACE_LOST) return "unknown";
  return name_of(static_cast<Errc>(number - 1)).data();  // views a literal
}

void datawal_buffer_free(datawal_buffer* buffer) {
  if (buffer == nullptr) return;
  std::free(buffer->data);
  *buffer = {};
}
