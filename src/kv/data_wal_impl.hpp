#pragma once
// What a DataWal is inside. Its functions lie in several files, so that a program holds only those that it calls.

#include <datawal/data_wal.hpp>

#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "kv/auto_compact.hpp"
#include "kv/live_view.hpp"
#include "kv/projection.hpp"
#include "log/log_core.hpp"
#include "log/process_mark.hpp"
#include "log/store_directory.hpp"
#include "log/word_lock.hpp"

namespace datawal {

struct [[gnu::visibility("hidden")]] DataWal::Impl {
  std::unique_ptr<kv::Projection> projection{};
  LogCore* core = nullptr;  // owned by `log`
  RecordLog log;
  OpenOptions options{};
  std::mutex compacting{};   // one compaction at a time
  mutable WordLock mutex{};  // one change at a time: the order of the log is the order of the projection
  std::unique_ptr<kv::AutoCompaction> auto_compaction{};  // null: not wanted
  std::uint64_t look_at{0};  // bytes of the active segment at which it is to look again; by `mutex`
  static constexpr std::uint64_t look_step = 16ULL << 20;
  ProcessMark process{};

  ~Impl();

  [[nodiscard]] Result<void> change(RecordType type, std::string_view key, std::string_view value,
                                    const WriteOptions& how);
  [[nodiscard]] Result<void> write(std::span<const RecordInput> records, const WriteOptions& how);
  [[nodiscard]] Result<void> follow(const RecordRef& last);
  [[nodiscard, gnu::cold]] Result<void> follow_rotation();
  [[nodiscard]] Result<void> rotate();
  [[nodiscard]] Result<kv::LiveView> view(std::shared_ptr<const Snapshot>* snapshot = nullptr) const;
  [[nodiscard]] Result<void> refuse_closed() const {
    if (!core->is_closed()) [[likely]]
      return {};
    return std::unexpected(closed_error());
  }
  [[nodiscard, gnu::cold]] static Error closed_error();
  [[nodiscard, gnu::cold]] static Error moved_from();
  /// What a segment of such a store may become.
  [[nodiscard]] static kv::SegmentRoom room_of(const OpenOptions& options) noexcept;
  [[nodiscard]] safeatomic::FileSystem& file_system() const noexcept { return file_system_of(options.file_system); }
};

}  // namespace datawal
