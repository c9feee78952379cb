// Options and enumerators as C programs pass them: they may hold anything.

#include <algorithm>
#include <cstddef>

#include "capi/common.hpp"

namespace datawal::capi {
namespace {

// More than anybody has. A size that was never set is mostly larger, and is then refused instead of read.
constexpr std::size_t largest_struct = 4096;

// The end of `field`, with which a struct ended when it first appeared. Later fields follow it.
#define DATAWAL_FIRST_SIZE(type, field) (offsetof(type, field) + sizeof(type::field))
constexpr std::size_t first_size(const datawal_open_options&) {
  return DATAWAL_FIRST_SIZE(datawal_open_options, reserved);
}
constexpr std::size_t first_size(const datawal_reader_options&) {
  return DATAWAL_FIRST_SIZE(datawal_reader_options, reserved);
}
constexpr std::size_t first_size(const datawal_follower_options&) {
  return DATAWAL_FIRST_SIZE(datawal_follower_options, poll_interval_ms);
}
constexpr std::size_t first_size(const datawal_store_cursor_options&) {
  return DATAWAL_FIRST_SIZE(datawal_store_cursor_options, until_len);
}
constexpr std::size_t first_size(const datawal_work_options&) {
  return DATAWAL_FIRST_SIZE(datawal_work_options, progress_context);
}
constexpr std::size_t first_size(const datawal_survey_options&) {
  return DATAWAL_FIRST_SIZE(datawal_survey_options, progress_context);
}
constexpr std::size_t first_size(const datawal_scrub_options&) {
  return DATAWAL_FIRST_SIZE(datawal_scrub_options, reserved);
}
constexpr std::size_t first_size(const datawal_survey_visitor&) {
  return DATAWAL_FIRST_SIZE(datawal_survey_visitor, on_missing);
}
constexpr std::size_t first_size(const datawal_compact_options&) {
  return DATAWAL_FIRST_SIZE(datawal_compact_options, progress_context);
}
#undef DATAWAL_FIRST_SIZE

/// The options as this library knows them, from a caller who may know fewer or more. All zero if there are none.
template <class Options>
Options known(const Options* given) {
  Options options{};
  if (given == nullptr) return options;
  const std::size_t size = given->struct_size != 0 ? given->struct_size : first_size(options);
  if (size < first_size(options) || size > largest_struct) {
    throw Refused{"struct_size", "is not what the size of these options can be: start from ..._init"};
  }
  const auto* const bytes = reinterpret_cast<const char*>(given);
  std::memcpy(&options, bytes, std::min(size, sizeof options));
  for (std::size_t i = sizeof options; i < size; ++i) {
    if (bytes[i] != 0) throw Refused{"struct_size", "covers a field that is set and that this library does not know"};
  }
  return options;
}

bool flag(int value, const char* field) {
  if (value != 0 && value != 1) throw Refused{field, "is neither 0 nor 1"};
  return value == 1;
}

double share(double value, double otherwise, const char* field) {
  if (!(value >= 0 && value <= 1)) throw Refused{field, "is not from 0 to 1"};
  return value == 0 ? otherwise : value;
}

std::uint32_t threads(std::uint32_t count) {
  constexpr std::uint32_t most = 2;
  if (count > most) throw Refused{"open_threads", "is more than 2"};
  return count;
}

template <class Number>
Number unless_zero(Number value, Number otherwise) noexcept {
  return value != 0 ? value : otherwise;
}

// In the C++ interface 0 means no limit.
std::uint64_t limit(std::uint64_t bytes, std::uint64_t otherwise) noexcept {
  return bytes == DATAWAL_UNLIMITED ? 0 : unless_zero(bytes, otherwise);
}

WritePath from_c(const datawal_write_path& path) {
  switch (number_in(path)) {
    case DATAWAL_WRITE_AUTOMATIC: return WritePath::automatic;
    case DATAWAL_WRITE_MAPPED: return WritePath::mapped;
    case DATAWAL_WRITE_APPEND: return WritePath::append;
    default: throw Refused{"write_path", "is no write path that this library knows"};
  }
}

ReadPath from_c(const datawal_read_path& path) {
  switch (number_in(path)) {
    case DATAWAL_READ_MAPPED: return ReadPath::mapped;
    case DATAWAL_READ_PREAD: return ReadPath::pread;
    default: throw Refused{"read_path", "is no read path that this library knows"};
  }
}

OpenMode from_c(const datawal_open_mode& mode) {
  switch (number_in(mode)) {
    case DATAWAL_CREATE_IF_MISSING: return OpenMode::create_if_missing;
    case DATAWAL_MUST_EXIST: return OpenMode::must_exist;
    case DATAWAL_MUST_BE_NEW: return OpenMode::must_be_new;
    default: throw Refused{"open_mode", "is no mode that this library knows"};
  }
}

std::chrono::seconds seconds(std::uint64_t value, std::chrono::seconds otherwise) {
  constexpr std::chrono::seconds longest = std::chrono::hours(24 * 365);
  if (value == 0) return otherwise;
  return value < static_cast<std::uint64_t>(longest.count()) ? std::chrono::seconds(value) : longest;
}

SyncPolicy policy_of(const datawal_open_options& options) {
  const int policy = number_in(options.sync_policy);
  const std::uint64_t interval = options.sync_interval_ms;
  if (policy == DATAWAL_SYNC_INTERVAL) {
    constexpr std::uint64_t longest = UINT32_MAX;
    if (interval == 0 || interval > longest) throw Refused{"sync_interval_ms", "is not from 1 to 4294967295"};
    return SyncPolicy::interval(std::chrono::milliseconds(static_cast<std::int64_t>(interval)));
  }
  // Ignoring it would let the caller believe that something is synced.
  if (interval != 0) throw Refused{"sync_interval_ms", "is set, but sync_policy is not DATAWAL_SYNC_INTERVAL"};
  switch (policy) {
    case DATAWAL_SYNC_MANUAL: return SyncPolicy::manual();
    case DATAWAL_SYNC_EVERY_APPEND: return SyncPolicy::every_append();
    default: throw Refused{"sync_policy", "is no policy that this library knows"};
  }
}

// A bound that is NULL is none; an empty one is one.
std::optional<std::string> bound(const void* bytes, std::size_t size, const char* field) {
  if (size > max_key_len) throw Refused{field, "is longer than any key"};
  if (bytes != nullptr) return std::string(static_cast<const char*>(bytes), size);
  if (size != 0) throw Refused{field, "is NULL, and its length is not 0"};
  return std::nullopt;
}

ProgressCallback telling(datawal_progress call, void* context) {
  if (call == nullptr) return {};
  return [call, context](const Progress& progress) { call(context, progress.bytes_done, progress.bytes_total); };
}

}  // namespace

OpenOptions from_c(const datawal_open_options* given) {
  const datawal_open_options options = known(given);
  OpenOptions result;
  result.max_segment_bytes = limit(options.max_segment_bytes, result.max_segment_bytes);
  result.write_path = from_c(options.write_path);
  result.read_path = from_c(options.read_path);
  result.sync_policy = policy_of(options);
  result.mode = from_c(options.open_mode);
  result.file_mode = unless_zero(options.file_mode, result.file_mode);
  result.directory_mode = unless_zero(options.directory_mode, result.directory_mode);
  result.quarantine_torn_tail = !flag(options.drops_torn_tail, "drops_torn_tail");
  result.allow_network_filesystem = flag(options.allow_network_filesystem, "allow_network_filesystem");
  result.open_threads = threads(options.open_threads);
  AutoCompact& compaction = result.auto_compact;
  compaction.is_enabled = flag(options.auto_compact, "auto_compact");
  compaction.garbage_ratio = share(options.auto_compact_ratio, compaction.garbage_ratio, "auto_compact_ratio");
  compaction.max_bytes_per_second = limit(options.auto_compact_bytes_per_second, compaction.max_bytes_per_second);
  compaction.keeps_up_with_writers = !flag(options.auto_compact_is_capped, "auto_compact_is_capped");
  if (options.reserved != 0) throw Refused{"reserved", "is set"};
  if (options.reserved_2 != 0) throw Refused{"reserved_2", "is set"};
  IndexOptions& index = result.index;
  index.is_enabled = flag(options.index, "index");
  index.write_at_close = !flag(options.index_is_not_for_close, "index_is_not_for_close");
  index.least_records = unless_zero(options.index_least_records, index.least_records);
  index.least_bytes = unless_zero(options.index_least_bytes, index.least_bytes);
  index.loads_in_background = !flag(options.index_loads_on_demand, "index_loads_on_demand");
  index.writes_in_background = !flag(options.index_is_not_in_background, "index_is_not_in_background");
  index.memory_limit = options.index_memory_limit;
  Scrubbing& scrub = result.scrub;
  scrub.is_enabled = flag(options.scrub, "scrub");
  scrub.compares_index = !flag(options.scrub_skips_index, "scrub_skips_index");
  scrub.period = seconds(options.scrub_period_s, scrub.period);
  scrub.max_bytes_per_second = limit(options.scrub_bytes_per_second, scrub.max_bytes_per_second);
  if (options.reserved_3 != 0) throw Refused{"reserved_3", "is set"};
  StateOptions& state = result.state;
  state.is_enabled = flag(options.state, "state");
  state.write_at_rotation = !flag(options.state_is_not_for_rotation, "state_is_not_for_rotation");
  state.write_at_close = !flag(options.state_is_not_for_close, "state_is_not_for_close");
  state.least_bytes = unless_zero(options.state_least_bytes, state.least_bytes);
  if (flag(options.verifies_all, "verifies_all")) result.verification = Verification::full;
  result.on_progress = telling(options.on_progress, options.progress_context);
  return result;
}

ProgressCallback from_c(const datawal_work_options* given) {
  const datawal_work_options options = known(given);
  return telling(options.on_progress, options.progress_context);
}

SurveyOptions from_c(const datawal_survey_options* given) {
  const datawal_survey_options options = known(given);
  return {.reads_keys = !flag(options.skips_keys, "skips_keys"),
          .max_index_bytes = unless_zero(options.max_index_bytes, SurveyOptions().max_index_bytes),
          .read_path = from_c(options.read_path),
          .on_progress = telling(options.on_progress, options.progress_context)};
}

ScrubOptions from_c(const datawal_scrub_options* given) {
  const datawal_scrub_options options = known(given);
  if (options.reserved != 0) throw Refused{"reserved", "is set"};
  ScrubOptions result{.max_bytes_per_second = limit(options.max_bytes_per_second, 0),
                      .compares_index = !flag(options.skips_index, "skips_index")};
  if (options.on_progress != nullptr) {
    result.on_progress = [call = options.on_progress, context = options.progress_context](const Progress& progress) {
      return call(context, progress.bytes_done, progress.bytes_total) != 0;
    };
  }
  return result;
}

datawal_survey_visitor from_c(const datawal_survey_visitor* given) { return known(given); }

ReaderOptions from_c(const datawal_reader_options* given) {
  const datawal_reader_options options = known(given);
  if (options.reserved != 0) throw Refused{"reserved", "is set"};
  if (options.reserved_2 != 0) throw Refused{"reserved_2", "is set"};
  if (options.reserved_3 != 0) throw Refused{"reserved_3", "is set"};
  return {.only_durable = flag(options.only_durable, "only_durable"),
          .read_path = from_c(options.read_path),
          .open_threads = threads(options.open_threads),
          .uses_index = flag(options.uses_index, "uses_index"),
          .index_memory_limit = options.index_memory_limit,
          .uses_state = flag(options.uses_state, "uses_state")};
}

CursorOptions from_c(const datawal_store_cursor_options* given) {
  const datawal_store_cursor_options options = known(given);
  CursorOptions result;
  switch (number_in(options.order)) {
    case DATAWAL_ORDER_KEY: result.order = CursorOrder::key; break;
    case DATAWAL_ORDER_LOG: result.order = CursorOrder::log; break;
    default: throw Refused{"order", "is no order that this library knows"};
  }
  result.keys_only = flag(options.keys_only, "keys_only");
  result.prefix = bound(options.prefix, options.prefix_len, "prefix").value_or("");
  result.from = bound(options.from, options.from_len, "from");
  result.after = bound(options.after, options.after_len, "after");
  result.until = bound(options.until, options.until_len, "until");
  return result;
}

FollowerOptions from_c(const datawal_follower_options* given) {
  const datawal_follower_options options = known(given);
  FollowerOptions result;
  result.only_durable = !flag(options.shows_undurable, "shows_undurable");
  if (options.after != nullptr) result.after = from_c(*options.after);
  if (options.cursor_file != nullptr) {
    if (*options.cursor_file == '\0') throw Refused{"cursor_file", "is empty"};
    result.cursor_file = options.cursor_file;
  }
  if (options.poll_interval_ms != 0) result.poll_interval = std::chrono::milliseconds(options.poll_interval_ms);
  return result;
}

CompactOptions from_c(const datawal_compact_options* given) {
  const datawal_compact_options options = known(given);
  CompactOptions result;
  result.min_garbage_ratio = share(options.min_garbage_ratio, result.min_garbage_ratio, "min_garbage_ratio");
  result.max_bytes_per_second = limit(options.max_bytes_per_second, result.max_bytes_per_second);
  if (options.on_progress != nullptr) {
    result.on_progress = [call = options.on_progress, context = options.progress_context](const Progress& progress) {
      return call(context, progress.bytes_done, progress.bytes_total) != 0;
    };
  }
  return result;
}

CompactToOptions from_c(const datawal_raw_records& raw) {
  switch (number_in(raw)) {
    case DATAWAL_RAW_REFUSE: return {.raw = RawRecords::refuse};
    case DATAWAL_RAW_INCLUDE: return {.raw = RawRecords::include};
    case DATAWAL_RAW_DROP: return {.raw = RawRecords::drop};
    default: throw Refused{"raw", "is nothing that can be done with Raw records"};
  }
}

WriteOptions from_c(const datawal_sync& sync) {
  switch (number_in(sync)) {
    case DATAWAL_NO_SYNC: return {.sync = false};
    case DATAWAL_SYNC: return {.sync = true};
    default: throw Refused{"sync", "is neither DATAWAL_NO_SYNC nor DATAWAL_SYNC"};
  }
}

RecordType from_c(const datawal_record_type& type) {
  switch (number_in(type)) {
    case DATAWAL_RAW: return RecordType::Raw;
    case DATAWAL_PUT: return RecordType::Put;
    case DATAWAL_DELETE: return RecordType::Delete;
    default: throw Refused{"type", "is no kind of record"};
  }
}

Expect from_c(const datawal_expect& expect, const datawal_ref* expected) {
  const int kind = number_in(expect);
  if (kind == DATAWAL_EXPECT_RECORD) {
    if (expected == nullptr) throw Refused{"expected", "is NULL, and expect is DATAWAL_EXPECT_RECORD"};
    return from_c(*expected);
  }
  if (expected != nullptr) throw Refused{"expected", "is set, but expect is not DATAWAL_EXPECT_RECORD"};
  switch (kind) {
    case DATAWAL_EXPECT_ANYTHING: return Expect::anything();
    case DATAWAL_EXPECT_ABSENT: return Expect::absent();
    default: throw Refused{"expect", "is nothing that can be expected"};
  }
}

bool from_c(int truth, const char* argument) { return flag(truth, argument); }

}  // namespace datawal::capi

using namespace datawal;
using namespace datawal::capi;

namespace {

template <class Options>
void init(Options* options) noexcept {
  if (options == nullptr) return;
  *options = {};
  options->struct_size = sizeof *options;
}

}  // namespace

void datawal_open_options_init(datawal_open_options* options) { init(options); }
void datawal_reader_options_init(datawal_reader_options* options) { init(options); }
void datawal_compact_options_init(datawal_compact_options* options) { init(options); }
void datawal_store_cursor_options_init(datawal_store_cursor_options* options) { init(options); }
void datawal_work_options_init(datawal_work_options* options) { init(options); }
void datawal_survey_options_init(datawal_survey_options* options) { init(options); }
void datawal_scrub_options_init(datawal_scrub_options* options) { init(options); }
void datawal_survey_visitor_init(datawal_survey_visitor* visitor) { init(visitor); }
void datawal_follower_options_init(datawal_follower_options* options) { init(options); }
