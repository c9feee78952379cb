#pragma once
// A store at one instant, in the process that writes it: DataWal::view.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <datawal/conditional.hpp>
#include <datawal/data_wal_cursor.hpp>
#include <datawal/error.hpp>
#include <datawal/values.hpp>

namespace datawal {

/// What a DataWal showed when DataWal::view() was called, whatever is put, erased or compacted later. It outlives the store, which may be
/// closed or destroyed. Copies share one state; the last one frees what it holds: the memory of an index, and on the disk the files
/// of that instant that were compacted away since, but no later file. Where records are not read from a mapping (ReadPath::pread, or
/// no room for one), such files are kept open while descriptors last (ReaderOptions). Those not kept open, and those that a later
/// handle compacts away once this store is closed, are `snapshot_expired`. Belongs to the process that made it: in a forked child
/// every call returns `closed`. Threads: any.
class DataWalView {
 public:
  /// As in DataWal, at that instant.
  [[nodiscard]] Answer<std::optional<std::string>> get(std::string_view key) const;
  [[nodiscard]] Answer<std::optional<std::size_t>> get(std::string_view key, std::span<char> room) const;  ///< likewise
  [[nodiscard]] Answer<std::optional<StoredValue>> find(std::string_view key) const;                       ///< likewise
  [[nodiscard]] Answer<bool> contains(std::string_view key) const;                                         ///< likewise
  [[nodiscard]] Result<void> multi_get(std::span<const std::string_view> keys, Values& values) const;      ///< likewise

  [[nodiscard]] std::uint64_t size() const noexcept;       ///< live keys
  [[nodiscard]] std::uint64_t last_txid() const noexcept;  ///< the log's newest record at that instant; 0: none

  /// As DataWal::for_each. `visit` may use the store in any way.
  [[nodiscard]] Result<void> for_each(
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  /// As DataWal::for_each_key.
  [[nodiscard]] Result<void> for_each_key(const std::function<bool(std::string_view key)>& visit) const;

  /// As DataWal::cursor. The first cursor in an order keeps it, in 8 bytes a key; later ones in the same order begin at once, whatever
  /// their bounds.
  [[nodiscard]] Result<DataWalCursor> cursor(const CursorOptions& options = {}) const;

  DataWalView(const DataWalView&) noexcept;  ///< shares the state
  DataWalView(DataWalView&&) noexcept;
  DataWalView& operator=(const DataWalView&) noexcept;  ///< likewise
  DataWalView& operator=(DataWalView&&) noexcept;
  ~DataWalView();

  struct Impl;
  explicit DataWalView(std::shared_ptr<const Impl> impl) noexcept;  ///< for DataWal

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace datawal
