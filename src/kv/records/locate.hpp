#pragma once
// Finds the live record of a key with an index that knows only hashes.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <datawal/error.hpp>
#include <datawal/record.hpp>

#include "kv/index/key_directory.hpp"
#include "kv/records/address_space.hpp"

namespace datawal::kv {

/// Calls `confirmed(located, address)` for the live Put of `key`, which `read(address)` reads; false if there is none. A candidate that
/// cannot be read may be the one, so that it is an error and not an absence; so is a page of the directory that cannot be loaded.
/// @param protect  as KeyDirectory::lookup
template <class Read, class Confirmed, class Protect = KeyDirectory::Unprotected>
[[nodiscard]] Result<bool> locate(const KeyDirectory& directory, std::string_view key, std::uint64_t hash, Read&& read,
                                  Confirmed&& confirmed, Protect&& protect = {}) {
  std::optional<Error> error;
  const auto confirm = [&](std::uint64_t address) {
    Result<LocatedRecord> located = read(address);
    if (!located) [[unlikely]] {
      error = std::move(located.error());
      return true;
    }
    if (located->record.key != key || located->record.type != RecordType::Put) return false;
    confirmed(*located, address);
    return true;
  };
  for (;;) {
    const Lookup found = directory.look_up(hash, confirm, protect);
    if (error) [[unlikely]]
      return std::unexpected(std::move(*error));
    if (found != Lookup::on_file) [[likely]]
      return found == Lookup::confirmed;
    if (Result<void> loaded = directory.load(hash); !loaded) return propagate(loaded);
  }
}

}  // namespace datawal::kv
