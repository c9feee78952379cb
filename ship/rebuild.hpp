#pragma once
// From the stream to a store, and the stream against a store.

#include <cstdint>
#include <filesystem>
#include <functional>

#include "ship/outcome.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

using OnProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

struct Rebuilt {
  std::uint64_t units = 0;
  std::uint64_t records = 0;
  std::uint64_t last = 0;
  std::uint64_t floor = 0;  ///< what is above it is whole
};

/// Makes `out`, which must be absent, with the bytes that were shipped. Durable on return; after a crash complete or absent.
[[nodiscard]] Outcome<Rebuilt> rebuild(Stream& stream, const std::filesystem::path& out,
                                       const OnProgress& on_progress = {});

struct Verified {
  std::uint64_t units = 0;
  std::uint64_t voids = 0;
  std::uint64_t foreign = 0;      ///< messages that are no units of this stream
  std::uint64_t records = 0;      ///< in the stream
  std::uint64_t last = 0;         ///< newest txid of the stream
  std::uint64_t compared = 0;     ///< of these, in the store too, and the same
  std::uint64_t not_shipped = 0;  ///< in the store alone, and newer
};

/// Reads all of both. @return exit_other_history at the first record that differs, or that the store has and the stream lacks, or if the
///   store ends before the stream
[[nodiscard]] Outcome<Verified> verify(Stream& stream, const std::filesystem::path& dir,
                                       const OnProgress& on_progress = {});

}  // namespace datawal::ship
