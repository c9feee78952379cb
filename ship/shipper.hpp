#pragma once
// Ships a store, and takes a stream over.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "ship/outcome.hpp"
#include "ship/stream.hpp"

namespace datawal::ship {

/// How far it has come.
struct Shipped {
  std::uint64_t units = 0;    ///< by this run
  std::uint64_t records = 0;  ///< whole ones, by this run
  std::uint64_t bytes = 0;
  std::uint64_t resumed = 0;  ///< how often it looked again where the stream ends
  std::uint64_t last = 0;     ///< newest txid in the stream
};

struct ShipOptions {
  std::filesystem::path dir{};
  std::string stream = "DATAWAL";
  std::uint64_t unit_bytes = 512 << 10;           ///< at most, and never more than the servers take
  std::chrono::seconds hold{600};                 ///< how far the floor stays behind what was acknowledged
  bool from_here = false;                         ///< the log need not begin with its first record
  bool once = false;                              ///< ends when all that is durable is shipped
  const std::atomic<bool>* stop = nullptr;        ///< ends when it is set, behind the unit in flight; null: never
  std::function<void(const Shipped&)> on_unit{};  ///< behind each unit
};

/// Ships what the stream does not have, unit by unit, exactly one in flight, each on the condition that it is the very next one.
/// @return exit_not_owner, exit_other_history: never to be tried again as it is
[[nodiscard]] Outcome<Shipped> run(Stream& stream, const ShipOptions& options);

/// Lets this store ship from here on, and no other: it must hold the record at which the stream ends.
/// @return the epoch that began; exit_other_history if the stream goes on elsewhere
[[nodiscard]] Outcome<std::uint64_t> take_over(Stream& stream, const ShipOptions& options);

}  // namespace datawal::ship
