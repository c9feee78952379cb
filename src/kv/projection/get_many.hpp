#pragma once
// Looks many keys up together.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <datawal/error.hpp>
#include <datawal/values.hpp>

#include "kv/index/key_directory.hpp"
#include "kv/records/locate.hpp"

namespace datawal::kv {

/// What `directory` says of each key, read from `space`: some at a time, so that what they need is fetched together.
/// @param protect  its result is kept while some keys are looked up: from then on what the directory leads to is not freed
template <class Space, class HashOf, class Protect>
[[nodiscard]] Result<void> get_many(const KeyDirectory& directory, const Space& space, const HashOf& hash_of,
                                    std::span<const std::string_view> keys, Values& values, const Protect& protect) {
  constexpr std::size_t together = 16;  // more does not hide more
  values.clear();
  std::string buffer;
  std::array<std::uint64_t, together> hashes{};
  while (!keys.empty()) {
    const std::span<const std::string_view> now = keys.first(std::min(together, keys.size()));
    for (std::size_t n = 0; n < now.size(); ++n) {
      hashes[n] = hash_of(now[n]);
      directory.prefetch(hashes[n]);
    }
    [[maybe_unused]] const auto kept = protect();
    for (std::size_t n = 0; n < now.size(); ++n) {
      const Candidates candidates = directory.find(hashes[n]);
      for (const std::uint64_t address : candidates.addresses()) space.prefetch(address);
    }
    for (std::size_t n = 0; n < now.size(); ++n) {
      Result<bool> found = locate(
          directory, now[n], hashes[n], [&](std::uint64_t address) { return space.read(address, buffer); },
          [&](const LocatedRecord& located, std::uint64_t) { values.add(located.record.payload); });
      if (!found) {
        values.clear();
        return propagate(found);
      }
      if (!*found) values.add_absent();
    }
    keys = keys.subspan(now.size());
  }
  return {};
}

}  // namespace datawal::kv
