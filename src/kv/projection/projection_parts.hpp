#pragma once
// Shared by the sources of Projection.

#include <string>
#include <string_view>
#include <utility>

#include "kv/projection/projection.hpp"
#include "kv/records/locate.hpp"

namespace datawal::kv {

// As kv::locate; the caller must exclude writers.
template <class Confirmed>
Result<bool> Projection::locate(std::string_view key, std::uint64_t hash, std::string& buffer,
                                Confirmed&& confirmed) const {
  if (Result<void> held = directory_.hold(hash); !held) return propagate(held);
  if (!directory_.may_contain(hash)) return false;
  const auto read = [&](std::uint64_t address) {
    return is_trusting_ ? address_space_.read_key(address, key.size(), buffer) : address_space_.read(address, buffer);
  };
  return kv::locate(directory_, key, hash, read, std::forward<Confirmed>(confirmed));
}

inline void Projection::change(SegmentFile& segment, const Change& change, RecordType type, std::uint64_t address,
                               std::uint32_t len) {
  if (change.live) address_space_.count_dead(*change.live_segment, change.live_len);
  if (type == RecordType::Put) {
    address_space_.count_live(segment, len);
    if (change.live) {
      (void)directory_.replace(change.hash, *change.live, address);
    } else {
      directory_.insert(change.hash, address);
    }
  } else if (change.live) {
    (void)directory_.erase(change.hash, *change.live);
  }
}

}  // namespace datawal::kv
