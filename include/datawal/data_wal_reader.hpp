#pragma once
// Looking at a key/value store without disturbing anybody.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <datawal/data_wal.hpp>
#include <datawal/error.hpp>
#include <datawal/holds.hpp>
#include <datawal/options.hpp>
#include <datawal/recovery_report.hpp>

namespace datawal {

/// A read-only view of a store at one instant: takes no lock, changes no byte, works on a read-only mount and beside a live writer
/// in this or another process. Movable. Threads: `get`, `contains` and `size` from any thread; refresh() excludes them.
class DataWalReader {
 public:
  /// Builds the index by reading the store once; with ReaderOptions::uses_index, from the persisted one and what lies behind it.
  /// @return not_found if there is no such directory; corruption or unsupported_version with segment and offset: a
  ///   damaged store has no state that could be shown; snapshot_expired if the store changed too fast; invalid_argument
  ///   with ReaderOptions::only_durable; io
  [[nodiscard]] static Result<DataWalReader> open(const std::filesystem::path& dir, const ReaderOptions& options = {});

  /// As DataWal::get; snapshot_expired if a segment that could not be kept open was replaced: refresh() then.
  [[nodiscard]] Answer<std::optional<std::string>> get(std::string_view key) const;
  /// As DataWal::get into memory of the caller's.
  [[nodiscard]] Answer<std::optional<std::size_t>> get(std::string_view key, std::span<char> room) const;
  /// As DataWal::multi_get.
  [[nodiscard]] Result<void> multi_get(std::span<const std::string_view> keys, Values& values) const;
  [[nodiscard]] Answer<bool> contains(std::string_view key) const;  ///< as DataWal::contains
  [[nodiscard]] std::uint64_t size() const noexcept;                ///< live keys

  /// Calls `visit(key, value)` for each live key in the order in which they were last put; false stops.
  [[nodiscard]] Result<void> for_each(const DataWal::Visitor& visit) const;
  [[nodiscard]] Result<void> for_each(const CursorOptions& which,
                                      const DataWal::Visitor& visit) const;                    ///< as DataWal::for_each
  [[nodiscard]] Result<std::vector<std::string>> keys(const CursorOptions& which = {}) const;  ///< as DataWal::keys
  [[nodiscard]] Result<void> for_each_key(const DataWal::KeyVisitor& visit) const;  ///< as DataWal::for_each_key
  /// As DataWal::cursor; it stays at this reader's state. While refresh() runs, no cursor may be used.
  [[nodiscard]] Result<DataWalCursor> cursor(const CursorOptions& options = {}) const;

  /// As DataWal::export_jsonl.
  [[nodiscard]] Result<ExportStats> export_jsonl(const std::filesystem::path& file,
                                                 const ExportOptions& options = {}) const;

  using Sink = DataWal::Sink;  ///< of export_jsonl_to()
  /// The same lines, handed to `sink` in large pieces that end with a line.
  [[nodiscard]] Result<ExportStats> export_jsonl_to(const Sink& sink, const ExportOptions& options = {}) const;

  /// The holds of now, not of this instant: datawal::holds_of.
  [[nodiscard]] Result<std::vector<Hold>> holds() const;

  /// As DataWal::compact_to.
  [[nodiscard]] Result<CompactionStats> compact_to(const std::filesystem::path& dir,
                                                   const CompactToOptions& options = {}) const;

  /// As RecordLogReader::checkpoint.
  [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& dir, const CheckpointOptions& options = {}) const;

  /// Goes on to what the store is now. After an error the view is as before. Where nothing was changed it costs a look at each
  /// segment's name, and a reading of what the writer has not synced; where the log only grew, also of what is new (up to 100,000
  /// records); otherwise, after a compaction for one, as much as open(). Damage in what was read before is not looked for again.
  /// @return true if anything changed
  [[nodiscard]] Result<bool> refresh();

  [[nodiscard]] StoreStats stats() const;  ///< as DataWal::stats

  /// What was met while the index was built: a torn tail, for one.
  [[nodiscard]] const RecoveryReport& report() const noexcept;

  DataWalReader(DataWalReader&&) noexcept;
  DataWalReader& operator=(DataWalReader&&) noexcept;
  ~DataWalReader();

 private:
  struct Impl;
  explicit DataWalReader(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
