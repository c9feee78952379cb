#pragma once
// Shared by all functions of datawal.h: passes errors and bytes, and stops exceptions.

#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/datawal.h>
#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/follower.hpp>
#include <datawal/holds.hpp>
#include <datawal/log_rebuilder.hpp>
#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>
#include <datawal/scrub.hpp>
#include <datawal/survey.hpp>

// The opaque handles. A cursor and a follower keep the record that they lend.
struct datawal_log {
  datawal::RecordLog log;
};
struct datawal_log_reader {
  datawal::RecordLogReader reader;
};
struct datawal_cursor {
  datawal::RecordCursor cursor;
  datawal_record record;
};
struct datawal_follower {
  datawal::Follower follower;
  datawal_record record;
};
struct datawal_store {
  datawal::DataWal store;
};
struct datawal_store_reader {
  datawal::DataWalReader reader;
};
struct datawal_keys {
  std::vector<std::string> keys;
};
struct datawal_rebuilder {
  datawal::LogRebuilder rebuilder;
};
struct datawal_holds {
  std::vector<datawal::Hold> holds;
};
struct datawal_store_cursor {
  datawal::DataWalCursor cursor;
  datawal_record record;
};
struct datawal_view {
  datawal::DataWalView view;
};
struct datawal_values {
  datawal::Values values;
  std::vector<std::string_view> keys;  // of the call that fills it
};
struct datawal_batch {
  datawal::Batch batch;
};

namespace datawal::capi {

/// Copies `text` and a NUL, and zeros behind that; cut before a character where it does not fit.
void copy_cut(std::span<char> into, std::string_view text) noexcept;

/// Fills `error`.
void fill(datawal_error& error, const Error& with) noexcept;

/// Keeps `with` as the last error of this thread, fills `error` unless that is null, and returns its code.
datawal_code fail(datawal_error* error, const Error& with) noexcept;
datawal_code fail_without_memory(datawal_error* error) noexcept;
datawal_code succeed(datawal_error* error) noexcept;

/// The same for a null pointer that is not allowed.
[[nodiscard]] Error missing(std::string_view action);

/// Thrown for an invalid argument, and caught by guarded(). Both texts are literals.
struct Refused {
  const char* field;  ///< or argument
  const char* why;    ///< "is set"
};
[[nodiscard]] Error refusal(const Refused& refused);

/// The number in an enumeration, which a caller may have set to anything: reading it as the enumeration is undefined.
template <class Enumeration>
[[nodiscard]] int number_in(const Enumeration& value) noexcept {
  static_assert(sizeof(Enumeration) == sizeof(int));
  int number = 0;
  std::memcpy(&number, &value, sizeof number);
  return number;
}

/// The bytes of a key that a caller lends. Reads nothing if they are too long. Missing bytes do not count as empty: that would
/// store something other than was meant.
[[nodiscard]] inline std::string_view key_view(const void* bytes, std::size_t size) {
  if (size > max_key_len) throw Refused{"key_len", "is more than 65536"};
  if (bytes == nullptr && size != 0) throw Refused{"key", "is NULL, and key_len is not 0"};
  return {static_cast<const char*>(bytes), size};
}

/// The same for a payload.
[[nodiscard]] inline std::string_view payload_view(const void* bytes, std::size_t size) {
  if (size > max_payload_len) throw Refused{"payload_len", "is more than 67108864"};
  if (bytes == nullptr && size != 0) throw Refused{"payload", "is NULL, and payload_len is not 0"};
  return {static_cast<const char*>(bytes), size};
}

/// The same for the payload of a put.
[[nodiscard]] inline std::string_view value_view(const void* bytes, std::size_t size) {
  if (size > max_payload_len) throw Refused{"value_len", "is more than 67108864"};
  if (bytes == nullptr && size != 0) throw Refused{"value", "is NULL, and value_len is not 0"};
  return {static_cast<const char*>(bytes), size};
}

/// The same for records. No memory holds more of them.
[[nodiscard]] inline std::span<const datawal_input> inputs_view(const datawal_input* inputs, std::size_t count) {
  if (count > UINT32_MAX) throw Refused{"count", "is more than 4294967295"};
  return {inputs, count};
}

/// `call` returns a code; the one exception that leaves the library becomes one too, and so does Refused. Taken by reference, since
/// copying what it holds costs an eighth of a get.
template <class Call>
datawal_code guarded(datawal_error* error, const Call& call) noexcept {
  try {
    try {
      return call();
    } catch (const Refused& refused) {
      return fail(error, refusal(refused));
    }
  } catch (const std::bad_alloc&) {
    return fail_without_memory(error);
  }
}

/// `call` returns a Result, whose value goes to `take`.
template <class Call, class Take>
datawal_code returned(datawal_error* error, const Call& call, const Take& take) noexcept {
  return guarded(error, [&] {
    auto result = call();
    if (!result.has_value()) return fail(error, result.error());
    take(std::move(*result));
    return succeed(error);
  });
}

/// `call` returns a Result<void>.
template <class Call>
datawal_code done(datawal_error* error, const Call& call) noexcept {
  return guarded(error, [&] {
    const Result<void> result = call();
    return result ? succeed(error) : fail(error, result.error());
  });
}

[[nodiscard]] datawal_ref to_c(const RecordRef& ref) noexcept;
[[nodiscard]] RecordRef from_c(const datawal_ref& ref) noexcept;
[[nodiscard]] datawal_record to_c(const RecordView& record) noexcept;
[[nodiscard]] constexpr datawal_index_state to_c(IndexState state) noexcept {
  return static_cast<datawal_index_state>(state);
}
[[nodiscard]] datawal_recovery_report to_c(const RecoveryReport& report) noexcept;
[[nodiscard]] datawal_store_stats to_c(const StoreStats& stats) noexcept;

// These throw Refused.
[[nodiscard]] OpenOptions from_c(const datawal_open_options* given);
[[nodiscard]] ReaderOptions from_c(const datawal_reader_options* given);
[[nodiscard]] CompactOptions from_c(const datawal_compact_options* given);
[[nodiscard]] SurveyOptions from_c(const datawal_survey_options* given);
[[nodiscard]] ScrubOptions from_c(const datawal_scrub_options* given);
[[nodiscard]] datawal_survey_visitor from_c(const datawal_survey_visitor* given);
[[nodiscard]] ProgressCallback from_c(const datawal_work_options* given);
[[nodiscard]] CursorOptions from_c(const datawal_store_cursor_options* given);
[[nodiscard]] FollowerOptions from_c(const datawal_follower_options* given);
[[nodiscard]] WriteOptions from_c(const datawal_sync& sync);
[[nodiscard]] CompactToOptions from_c(const datawal_raw_records& raw);
[[nodiscard]] RecordType from_c(const datawal_record_type& type);
[[nodiscard]] Expect from_c(const datawal_expect& expect, const datawal_ref* expected);
[[nodiscard]] bool from_c(int truth, const char* argument);

void fill(datawal_verify_report& report, const VerifyReport& found) noexcept;
void fill(datawal_saved_report& report, const IndexReport& found) noexcept;
void fill(datawal_saved_report& report, const StateReport& found) noexcept;
void fill(datawal_counts* counts, const CompactionStats& stats) noexcept;
void fill(datawal_counts* counts, const ExportStats& stats) noexcept;
void fill(datawal_counts* counts, const ImportStats& stats) noexcept;

/// Copies `bytes` into a buffer of the caller's. @throws std::bad_alloc
void give(datawal_buffer* buffer, std::string_view bytes);

/// The room that a caller lends.
[[nodiscard]] inline std::span<char> room_view(void* room, std::size_t size) {
  if (room == nullptr && size != 0) throw Refused{"room", "is NULL, and room_len is not 0"};
  return {static_cast<char*>(room), size};
}

/// Adapts a visitor.
[[nodiscard]] inline DataWal::Visitor visiting(datawal_visitor visit, void* context) {
  return [visit, context](std::string_view key, std::string_view value) {
    return visit(context, key.data(), key.size(), value.data(), value.size()) != 0;
  };
}

}  // namespace datawal::capi
