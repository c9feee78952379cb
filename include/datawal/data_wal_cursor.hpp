#pragma once
// Walking a key/value store, one key at a time, at the caller's pace.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/record.hpp>

namespace datawal {

/// In which order a DataWalCursor shows the keys.
enum class CursorOrder : std::uint8_t {
  key,  ///< ascending, as bytes
  log,  ///< that in which they were last put: begins at once, and reads the log from front to back
};

/// Which keys a DataWalCursor shows, and how. The bounds hold together, in either order.
struct CursorOptions {
  CursorOrder order = CursorOrder::key;  ///< the order of the keys
  bool keys_only = false;  ///< show no values: of records over 1 KiB they are not read, and not checked either
  std::string prefix{};    ///< only keys that begin with it
  std::optional<std::string> from{};  ///< only this key and those behind it
  std::optional<std::string>
      after{};  ///< only keys behind this one: to go on where another cursor was left, in the order of the keys
  std::optional<std::string> until{};  ///< only keys before this one
};

/// What a cursor stands at. The views are valid until the next call of the cursor.
struct KeyValue {
  std::string_view key;    ///< may be empty
  std::string_view value;  ///< may be empty; with CursorOptions::keys_only it is
  RecordRef ref{};         ///< the record that holds it; with CursorOptions::keys_only it is none
};

/// Shows one state of a store: that at the instant at which it, or the view that it comes from, was made. What is put, erased or
/// compacted later takes nothing away from it; what was compacted keeps its space on the disk as long as a cursor or view needs it.
/// Outlives whatever it came from, which may be closed, within the limits of DataWalView. Movable. One thread at a time; several are independent.
class DataWalCursor {
 public:
  /// The next key, nullopt behind the last one. After an error the same error comes again, until seek().
  /// @return corruption, with segment and offset, if its record is damaged, after every key before it; io; snapshot_expired as
  ///   DataWalReader::get
  [[nodiscard]] Result<std::optional<KeyValue>> next();

  /// next() goes on with the first key that is not before `key`, within the bounds. Takes a look at some 20 records of a million.
  /// @return invalid_argument if it shows the keys in the order of the log; errors as next()
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
