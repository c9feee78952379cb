#pragma once
// How far a store is shipped.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ship/outcome.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

struct Status {
  std::uint64_t units = 0;  ///< messages of the stream
  std::uint64_t lost = 0;   ///< messages that the stream had, and has no more
  std::uint64_t epoch = 0;  ///< 0: the stream is empty
  std::uint64_t stream_last = 0;
  std::uint64_t durable_last = 0;  ///< newest durable txid of the store
  std::uint64_t lag_records = 0;   ///< durable, and not in the stream
  std::uint64_t lag_bytes = 0;
  double lag_seconds = 0;             ///< since something last came into the stream, if anything lags: at most so long
  std::uint64_t replicas_behind = 0;  ///< servers that should have all of the stream, and are away or do not
  std::optional<std::uint64_t> floor{};  ///< where the hold of this store stands; nullopt: it does not ship there
  bool is_owner = false;                 ///< this store is the one that ships
};

/// @return exit_other_history if the two are not of one history
[[nodiscard]] Outcome<Status> status_of(Stream& stream, const std::filesystem::path& dir, const std::string& name);

}  // namespace datawal::ship
