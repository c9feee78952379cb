#pragma once
// What every function of datawal.h needs: errors and bytes handed over, exceptions stopped.

#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/datawal.h>
#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>

// The opaque handles. A cursor keeps the record that it lends.
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
struct datawal_store {
  datawal::DataWal store;
};
struct datawal_store_reader {
  datawal::DataWalReader reader;
};
struct datawal_keys {
  std::vector<std::string> keys;
};

namespace datawal::capi {

/// Fills `error`, unless it is null, and returns its code.
datawal_code fail(datawal_error* error, const Error& with) noexcept;
datawal_code fail_without_memory(datawal_error* error) noexcept;
datawal_code succeed(datawal_error* error) noexcept;

/// The same for a null pointer where there may be none.
[[nodiscard]] Error missing(std::string_view action);

/// Thrown by view(), and caught by guarded().
struct BytesAreMissing {};

/// The bytes that a caller lends. To take bytes that are not there for none would store something else than was meant.
[[nodiscard]] inline std::string_view view(const void* bytes, std::size_t size) {
  if (bytes == nullptr && size != 0) throw BytesAreMissing();
  return {static_cast<const char*>(bytes), size};
}

/// `call` returns a code; the one exception that the library lets out becomes one too, and so do bytes that are not there.
template <class Call>
datawal_code guarded(datawal_error* error, Call call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return fail_without_memory(error);
  } catch (const BytesAreMissing&) {
    return fail(error, missing("use key or payload"));
  }
}

/// `call` returns a Result, whose value is handed to `take`.
template <class Call, class Take>
datawal_code returned(datawal_error* error, Call call, Take take) noexcept {
  return guarded(error, [&] {
    auto result = call();
    if (!result) return fail(error, result.error());
    take(std::move(*result));
    return succeed(error);
  });
}

/// `call` returns a Result<void>.
template <class Call>
datawal_code done(datawal_error* error, Call call) noexcept {
  return guarded(error, [&] {
    const Result<void> result = call();
    return result ? succeed(error) : fail(error, result.error());
  });
}

[[nodiscard]] datawal_ref to_c(const RecordRef& ref) noexcept;
[[nodiscard]] RecordRef from_c(const datawal_ref& ref) noexcept;
[[nodiscard]] datawal_recovery_report to_c(const RecoveryReport& report) noexcept;
[[nodiscard]] datawal_store_stats to_c(const StoreStats& stats) noexcept;
[[nodiscard]] OpenOptions from_c(const datawal_open_options* options);
[[nodiscard]] CompactOptions from_c(const datawal_compact_options* options);
[[nodiscard]] inline WriteOptions from_c(datawal_sync sync) noexcept { return {.sync = sync != DATAWAL_NO_SYNC}; }
[[nodiscard]] CompactToOptions from_c(datawal_raw_records raw);
void fill(datawal_counts* counts, const CompactionStats& stats) noexcept;
void fill(datawal_counts* counts, const ExportStats& stats) noexcept;

/// Copies `bytes` into a buffer of the caller's. @throws std::bad_alloc
void give(datawal_buffer* buffer, std::string_view bytes);

/// For get(): the value or its absence.
void give(datawal_buffer* buffer, int* found, const std::optional<std::string>& value);

/// Adapts a visitor.
[[nodiscard]] inline DataWal::Visitor visiting(datawal_visitor visit, void* context) {
  return [visit, context](std::string_view key, std::string_view value) {
    return visit(context, key.data(), key.size(), value.data(), value.size()) != 0;
  };
}

}  // namespace datawal::capi
