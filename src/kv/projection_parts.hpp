#pragma once
// What the sources of Projection share.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kv/projection.hpp"

namespace datawal::kv {

// Calls `confirmed(located, position)` for the live Put of `key`, which `read(position)` reads; false if there is none. A candidate that cannot be
// read may be the one, so that it is an error and not an absence.
template <class Read, class Confirmed, class Protect>
Result<bool> Projection::locate(std::string_view key, std::uint64_t hash, Read&& read, Confirmed&& confirmed,
                                Protect&& protect) const {
  std::optional<Error> error;
  const auto confirm = [&](std::uint64_t position) {
    Result<LocatedRecord> located = read(position);
    if (!located) [[unlikely]] {
      error = std::move(located.error());
      return true;
    }
    if (located->record.key != key || located->record.type != RecordType::Put) return false;
    confirmed(*located, position);
    return true;
  };
  const bool found = directory_.lookup(hash, confirm, std::forward<Protect>(protect));
  if (error) [[unlikely]]
    return std::unexpected(std::move(*error));
  return found;
}

// For whoever excludes all changes.
template <class Confirmed>
Result<bool> Projection::locate(std::string_view key, std::uint64_t hash, std::string& buffer,
                                Confirmed&& confirmed) const {
  if (!directory_.may_hold(hash)) return false;
  return locate(
      key, hash, [&](std::uint64_t position) { return space_.read(position, buffer); },
      std::forward<Confirmed>(confirmed), KeyDirectory::Unprotected{});
}

inline void Projection::change(SpaceSegment& segment, const Change& change, RecordType type, std::uint64_t position,
                               std::uint32_t len) {
  if (change.live) space_.count_dead(*change.live_segment, change.live_len);
  if (type == RecordType::Put) {
    space_.count_live(segment, len);
    if (change.live) {
      (void)directory_.replace(change.hash, *change.live, position);
    } else {
      directory_.insert(change.hash, position);
    }
  } else if (change.live) {
    (void)directory_.erase(change.hash, *change.live);
  }
}

}  // namespace datawal::kv
