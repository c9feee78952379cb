#include "capi/common.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace datawal::capi {
namespace {

template <std::size_t size>
void copy_cut(char (&into)[size], std::string_view text) noexcept {
  const std::size_t length = std::min(text.size(), size - 1);
  std::memcpy(into, text.data(), length);
  std::memset(into + length, 0, size - length);
}

datawal_code code_of(Errc code) noexcept { return static_cast<datawal_code>(static_cast<int>(code) + 1); }

static_assert(static_cast<int>(Errc::io) + 1 == DATAWAL_IO);
static_assert(static_cast<int>(Errc::locked) + 1 == DATAWAL_LOCKED);
static_assert(static_cast<int>(Errc::closed) + 1 == DATAWAL_CLOSED, "a new code needs a number behind the last one");

}  // namespace

datawal_code fail(datawal_error* error, const Error& with) noexcept {
  const datawal_code code = code_of(with.code);
  if (error == nullptr) return code;
  try {
    copy_cut(error->message, with.message());
  } catch (const std::bad_alloc&) {
    copy_cut(error->message, name_of(with.code));
  }
  copy_cut(error->path, with.path.native());
  error->code = code;
  error->os_errno = with.os_errno;
  error->segment = with.segment;
  error->offset = with.offset;
  return code;
}

datawal_code fail_without_memory(datawal_error* error) noexcept {
  if (error != nullptr) {
    *error = {};
    error->code = DATAWAL_NO_MEMORY;
    copy_cut(error->message, "out of memory; nothing acknowledged is lost");
  }
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
          .reserved = {}};
}

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
          .reserved = {}};
}

OpenOptions from_c(const datawal_open_options* options) {
  OpenOptions result;
  if (options == nullptr) return result;
  result.max_segment_bytes = options->max_segment_bytes;
  if (options->write_path == DATAWAL_WRITE_MAPPED) result.write_path = WritePath::mapped;
  if (options->write_path == DATAWAL_WRITE_APPEND) result.write_path = WritePath::append;
  if (options->read_path == DATAWAL_READ_PREAD) result.read_path = ReadPath::pread;
  if (options->sync_policy == DATAWAL_SYNC_EVERY_APPEND) result.sync_policy = SyncPolicy::every_append();
  if (options->sync_policy == DATAWAL_SYNC_INTERVAL) {
    constexpr std::uint64_t longest = 1ULL << 40;
    const auto period = static_cast<std::int64_t>(std::min<std::uint64_t>(options->sync_interval_ms, longest));
    result.sync_policy = SyncPolicy::interval(std::chrono::milliseconds(period));
  }
  result.open_threads = options->open_threads;
  result.auto_compact = {.is_enabled = options->auto_compact != 0,
                         .garbage_ratio = options->auto_compact_ratio,
                         .max_bytes_per_second = options->auto_compact_bytes_per_second,
                         .keeps_up_with_writers = options->auto_compact_keeps_up != 0};
  result.file_mode = options->file_mode;
  result.directory_mode = options->directory_mode;
  result.quarantine_torn_tail = options->quarantine_torn_tail != 0;
  result.allow_network_filesystem = options->allow_network_filesystem != 0;
  if (options->on_progress != nullptr) {
    result.on_progress = [call = options->on_progress, context = options->progress_context](const Progress& progress) {
      call(context, progress.bytes_done, progress.bytes_total);
    };
  }
  return result;
}

CompactOptions from_c(const datawal_compact_options* options) {
  CompactOptions result;
  if (options == nullptr) return result;
  result.min_garbage_ratio = options->min_garbage_ratio;
  result.max_bytes_per_second = options->max_bytes_per_second;
  if (options->on_progress != nullptr) {
    result.on_progress = [call = options->on_progress, context = options->progress_context](const Progress& progress) {
      return call(context, progress.bytes_done, progress.bytes_total) != 0;
    };
  }
  return result;
}

CompactToOptions from_c(datawal_raw_records raw) {
  CompactToOptions options;
  if (raw == DATAWAL_RAW_INCLUDE) options.raw = RawRecords::include;
  if (raw == DATAWAL_RAW_DROP) options.raw = RawRecords::drop;
  return options;
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
  counts->bytes_reclaimed = stats.bytes_reclaimed;
  counts->is_cancelled = stats.is_cancelled ? 1 : 0;
}

void fill(datawal_counts* counts, const ExportStats& stats) noexcept {
  if (counts == nullptr) return;
  *counts = {};
  counts->records_written = stats.records_written;
  counts->bytes_written = stats.bytes_written;
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

void give(datawal_buffer* buffer, int* found, const std::optional<std::string>& value) {
  if (buffer != nullptr) *buffer = {};
  if (value) give(buffer, *value);
  if (found != nullptr) *found = value ? 1 : 0;
}

}  // namespace datawal::capi

using namespace datawal;
using namespace datawal::capi;

const char* datawal_version() { return DATAWAL_VERSION; }

uint32_t datawal_wire_version() { return wire_version; }

const char* datawal_code_name(datawal_code code) {
  if (code == DATAWAL_OK) return "ok";
  if (code == DATAWAL_NO_MEMORY) return "no_memory";
  if (code < DATAWAL_OK || code > DATAWAL_NO_MEMORY) return "unknown";
  return name_of(static_cast<Errc>(static_cast<int>(code) - 1)).data();  // views a literal
}

void datawal_buffer_free(datawal_buffer* buffer) {
  if (buffer == nullptr) return;
  std::free(buffer->data);
  *buffer = {};
}

void datawal_open_options_init(datawal_open_options* options) {
  if (options == nullptr) return;
  const OpenOptions defaults;
  *options = {};
  options->max_segment_bytes = defaults.max_segment_bytes;
  options->file_mode = defaults.file_mode;
  options->directory_mode = defaults.directory_mode;
  options->quarantine_torn_tail = 1;
  options->open_threads = defaults.open_threads;
  options->auto_compact_ratio = defaults.auto_compact.garbage_ratio;
  options->auto_compact_bytes_per_second = defaults.auto_compact.max_bytes_per_second;
  options->auto_compact_keeps_up = defaults.auto_compact.keeps_up_with_writers ? 1 : 0;
}

void datawal_compact_options_init(datawal_compact_options* options) {
  if (options == nullptr) return;
  const CompactOptions defaults;
  *options = {};
  options->min_garbage_ratio = defaults.min_garbage_ratio;
  options->max_bytes_per_second = defaults.max_bytes_per_second;
}
