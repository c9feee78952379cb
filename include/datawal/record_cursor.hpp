#pragma once
// Reads a log from front to back, one record at a time.

#include <memory>
#include <optional>

#include <datawal/error.hpp>
#include <datawal/record.hpp>
#include <datawal/recovery_report.hpp>

namespace datawal {

/// Walks the records of one snapshot in log order and checks each record's CRC as it returns it. Reads in large blocks into
/// one buffer: memory grows only with the largest record, not with the log. Outlives the log or reader it came from.
/// One thread at a time; several cursors are independent.
class RecordCursor {
 public:
  /// The next record, nullopt at the end. The view is valid until the next call: keep a copy, `std::string(view.payload)`. A library
  /// built without NDEBUG overwrites what it lent before with the byte 0xDB, so a kept view is noticed. After an error every call
  /// returns the same error. A torn tail is an end, not an error: see report().
  /// @return corruption or unsupported_version with segment, offset and reason, after every record before it;
  ///   snapshot_expired if a segment that could not be kept open was replaced; io
  [[nodiscard]] Result<std::optional<RecordView>> next();

  /// What was found so far; complete once next() has returned nullopt or an error.
  [[nodiscard]] const RecoveryReport& report() const noexcept;

  RecordCursor(RecordCursor&&) noexcept;
  RecordCursor& operator=(RecordCursor&&) noexcept;
  ~RecordCursor();

  struct Impl;
  explicit RecordCursor(std::unique_ptr<Impl> impl) noexcept;  ///< for RecordLog and RecordLogReader

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
