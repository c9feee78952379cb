#pragma once
// Walks a key/value store one key at a time, at the caller's pace.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/record.hpp>

namespace datawal {

/// The order in which a DataWalCursor shows the keys.
enum class CursorOrder : std::uint8_t {
  key,  ///< ascending, as bytes
  log,  ///< as they were last put: begins at once and reads the log from front to back
};

/// Which keys a DataWalCursor shows, and how. All bounds apply, in either order.
struct CursorOptions {
  CursorOrder order = CursorOrder::key;  ///< the order of the keys
  bool keys_only = false;                ///< show no values: those of records over 1 KiB are neither read nor checked
  std::string prefix{};                  ///< only keys that begin with it
  std::optional<std::string> from{};     ///< only this key and those after it
  std::optional<std::string>
      after{};  ///< only keys after this one: to continue where another cursor stopped, in key order
  std::optional<std::string> until{};  ///< only keys before this one
};

/// What a cursor shows. The views are valid until the next call of the cursor.
struct KeyValue {
  std::string_view key;    ///< may be empty
  std::string_view value;  ///< may be empty; always is with CursorOptions::keys_only
  RecordRef ref{};         ///< the record that holds it; none with CursorOptions::keys_only
};

/// Shows one state of a store: that of the instant when the cursor, or the view it comes from, was made. Later puts, erases and
/// compactions take nothing away from it; what was compacted keeps its space on the disk while a cursor or view needs it.
/// Outlives its source, which may be closed, within the limits of DataWalView. Movable. One thread at a time; several cursors are
/// independent.
class DataWalCursor {
 public:
  /// The next key; nullopt after the last one. After an error every call returns the same error, until seek().
  /// @return corruption, with segment and offset, if its record is damaged, after every key before it; io; snapshot_expired as
  ///   DataWalReader::get
  [[nodiscard]] Result<std::optional<KeyValue>> next();

  /// Makes next() continue with the first key that is not before `key`, within the bounds. Reads some 20 records of a million.
  /// @return invalid_argument for a cursor in log order; errors as next()
  [[nodiscard]] Result<void> seek(std::string_view key);

  DataWalCursor(DataWalCursor&&) noexcept;
  DataWalCursor& operator=(DataWalCursor&&) noexcept;
  ~DataWalCursor();

  struct Impl;
  explicit DataWalCursor(std::unique_ptr<Impl> impl) noexcept;  ///< for DataWal, DataWalReader and DataWalView

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
