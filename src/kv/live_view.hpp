#pragma once
// One state of a store, to be walked while the store goes on.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <datawal/error.hpp>
#include <datawal/options.hpp>

#include "kv/key_order.hpp"
#include "kv/record_space.hpp"

namespace datawal::kv {

/// The live records at one instant. Nothing that is put or erased later takes a byte of them away.
struct LiveView {
  PinnedSpace space;
  std::vector<std::uint64_t> positions;
  std::uint64_t bytes = 0;  ///< of all these frames together

  /// Orders the positions by key.
  [[nodiscard]] Result<void> sort() { return sort_by_key(space, positions); }

  /// Calls `visit(record)`, which returns Result<bool> (false stops), for each record in the order of the positions. Errors as
  /// RecordSpace::read, or the visitor's.
  template <class Visit>
  [[nodiscard]] Result<void> for_each(const ProgressCallback& on_progress, Visit&& visit) const {
    constexpr std::size_t prefetch_distance = 16;         // records
    constexpr std::uint64_t progress_interval = 4 << 20;  // bytes
    std::string buffer;
    Progress progress{.bytes_total = bytes};
    std::uint64_t done = 0;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      if (i + prefetch_distance < positions.size()) space.prefetch(positions[i + prefetch_distance]);
      Result<LocatedRecord> located = space.read(positions[i], buffer);
      if (!located) return propagate(located);
      done += located->ref.len;
      Result<bool> more = visit(located->record);
      if (!more) return propagate(more);
      if (!*more) return {};
      if (on_progress && done >= progress.bytes_done + progress_interval) {
        progress.bytes_done = done;
        on_progress(progress);
      }
    }
    if (on_progress) on_progress({.bytes_done = bytes, .bytes_total = bytes});
    return {};
  }
};

}  // namespace datawal::kv
