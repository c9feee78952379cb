#pragma once
// The mapped write path: into reserved space, small frames by a copy into memory.

#include <cstdint>
#include <memory>

#include "segment/writer.hpp"

namespace datawal::segment {

/// Reserves space with `fallocate` in chunks that double from 64 KiB to 64 MiB, so that a full disk shows there and not as a
/// SIGBUS, and a small log stays small. Never maps more than is reserved. After end() the file holds zeros, until
/// cut_to_end().
///
/// How a frame gets in follows from what was measured to be fastest, and from what a sync then has to write: a store to a clean
/// page makes its whole folio dirty. So the first frames after a sync go by `pwrite`; then pages are prepared in growing steps,
/// never further ahead than was written since the sync; if nobody syncs for long, in huge pages. Large frames always go by
/// `pwritev`. Small ones are copied without their first 4 bytes, then these. A page that cannot be prepared (the filesystem was
/// shut down, the disk fails) is not stored to, which would raise SIGBUS: its frames go by `pwrite`, which reports the error.
class MappedWriter final : public Writer {
 public:
  static constexpr std::uint64_t min_chunk = 64 * 1024;
  static constexpr std::uint64_t max_chunk = 64 * 1024 * 1024;

  /// @param end        where the valid prefix ends, which is where the file ends
  /// @param max_bytes  no space is reserved beyond it, except for a larger frame; 0: no limit
  MappedWriter(std::shared_ptr<safeatomic::File> file, std::uint64_t end, std::uint64_t max_bytes) noexcept;

  [[nodiscard]] Result<void> cut_to_end() override;

  /// The offset up to which a write cannot be refused for lack of space.
  [[nodiscard]] std::uint64_t reserved_end() const noexcept { return reserved_end_; }

 private:
  [[nodiscard]] Result<void> make_room(std::uint64_t len) override;
  [[nodiscard]] bool copy(std::string_view frames) noexcept override;
  [[nodiscard]] safeatomic::Result<void> put(Parts parts, std::uint64_t len) override;
  void was_cut() noexcept override;
  void was_synced(bool asked_for) noexcept override;

  [[nodiscard, gnu::cold]] Result<void> reserve(std::uint64_t needed);
  [[nodiscard, gnu::cold]] safeatomic::Result<void> try_reserve(std::uint64_t to);
  [[nodiscard, gnu::cold]] safeatomic::Result<void> reserve_least(std::uint64_t needed);
  [[nodiscard]] std::uint64_t without_excess(std::uint64_t wanted, std::uint64_t needed) const noexcept;
  [[nodiscard]] bool is_ready_for(std::uint64_t len) noexcept;
  [[nodiscard, gnu::cold]] bool map();
  [[nodiscard]] bool get_pages_ready(std::uint64_t needed);
  void drop_mapping() noexcept;

  const std::uint64_t max_bytes_;
  std::uint64_t chunk_ = min_chunk;
  std::uint64_t reserved_end_;
  std::uint64_t file_end_;  // the file may be that long; never less than reserved_end_

  std::unique_ptr<safeatomic::Mapping> mapping_;  // of [mapped_begin_, mapped_end_), all of it reserved
  std::uint64_t mapped_begin_ = 0;
  std::uint64_t mapped_end_ = 0;
  bool can_map_ = true;          // false: not before the next reservation
  bool is_huge_ = false;         // the mapping asks for huge pages
  std::uint64_t ready_end_ = 0;  // pages up to here were prepared since the last sync
  std::uint64_t huge_end_ = 0;   // up to here some may be huge
  std::uint64_t synced_end_;     // end() at the last requested sync
  std::uint64_t by_call_until_;  // frames that begin before this go by `pwrite`
};

}  // namespace datawal::segment
