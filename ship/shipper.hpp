#pragma once
// Ships a store.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <datawal/record.hpp>

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
  std::uint64_t epoch = 0;
  std::uint64_t floor = 0;         ///< where the hold stands
  std::optional<RecordRef> ref{};  ///< of the record `last`; nullopt: the stream has none
};

struct ShipOptions {
  std::filesystem::path dir{};
  std::string stream = "DATAWAL";
  std::uint64_t unit_bytes = 512 << 10;           ///< at most, and never more than the servers take
  std::chrono::seconds hold{600};                 ///< how far the floor stays behind what was acknowledged
  bool from_here = false;                         ///< the log need not begin with its first record
  bool once = false;                              ///< ends when all that is durable is shipped
  const std::atomic<bool>* stop = nullptr;        ///< ends when it is set, behind the unit in flight; null: never
  std::chrono::seconds patience{0};               ///< for a unit that does not get in; 0: for ever
  std::function<void(const Shipped&)> on_look{};  ///< each time that it has seen where the stream ends
  std::function<void(const Shipped&)> on_unit{};  ///< behind each unit
  std::function<void(const std::string&)> on_trouble{};  ///< each time that something has to be tried again, with why
};

/// Ships what the stream does not have, unit by unit, exactly one in flight, each on the condition that it is the very next one.
/// @return exit_not_owner, exit_other_history: never to be tried again as it is
[[nodiscard]] Outcome<Shipped> run(Stream& stream, const ShipOptions& options);

}  // namespace datawal::ship
