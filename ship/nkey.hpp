#pragma once
// Keys as the servers write them: base32 of a kind, an Ed25519 key, and CRC-16.

#include <optional>
#include <string>
#include <string_view>

namespace datawal::ship {

/// "U..." of a seed "SU...", which the servers know the user by. nullopt if it is no seed of a user.
[[nodiscard]] std::optional<std::string> user_key_of(std::string_view seed);

/// The first seed of a user in a text of lines, as `nk` and credential files have it. nullopt if there is none.
[[nodiscard]] std::optional<std::string> seed_in(std::string_view text);

}  // namespace datawal::ship
