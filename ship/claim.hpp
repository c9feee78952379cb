#pragma once
// Which store ships into a stream: a hold in the store, whose name the units repeat.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ship/history.hpp"
#include "ship/outcome.hpp"

namespace datawal::ship {

inline constexpr std::size_t max_stream_name_len = 25;  ///< so that it fits into the name of a hold

/// 1 .. max_stream_name_len letters, digits, `_` or `-`.
[[nodiscard]] bool is_stream_name(std::string_view name) noexcept;

/// What a store says of itself. It keeps what was not shipped, too: it is the floor of compaction and retention.
struct Claim {
  std::string stream{};
  std::string store{};
  std::string owner{};
  std::uint64_t txid = 0;  ///< where the hold stands

  [[nodiscard]] std::string hold_name() const { return "ship." + stream + '.' + store + '.' + owner; }
};

/// A new one, with a new owner; of a new store if `store` is empty.
[[nodiscard]] Claim new_claim(const std::string& stream, std::string store = {});

/// All of this store on this stream.
[[nodiscard]] Outcome<std::vector<Claim>> claims_of(const std::filesystem::path& dir, const std::string& stream);

/// Sets or moves the hold. Durable on return.
[[nodiscard]] Outcome<void> set_claim(const std::filesystem::path& dir, const Claim& claim, std::uint64_t txid);
[[nodiscard]] Outcome<void> drop_claim(const std::filesystem::path& dir, const Claim& claim);

/// Where the hold may stand once all up to `head` is in the stream: one below, so that the record at which the stream ends stays, to be
/// compared with.
[[nodiscard]] constexpr std::uint64_t floor_below(std::uint64_t last) noexcept { return last == 0 ? 0 : last - 1; }

/// The claim by which this store may ship behind `head`.
/// @return exit_not_owner if another store has taken over; exit_other_history if this one never shipped there
[[nodiscard]] Outcome<Claim> claim_for(const std::filesystem::path& dir, const std::string& stream, const Head& head);

}  // namespace datawal::ship
