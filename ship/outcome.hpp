#pragma once
// Why a command ends: an exit status for programs, a sentence for people.

#include <expected>
#include <string>
#include <utility>

#include <datawal/error.hpp>

namespace datawal::ship {

enum Exit : int {
  exit_done = 0,
  exit_usage = 1,           ///< usage, or what was set up does not fit: no store, no stream, a wrong password
  exit_local = 3,           ///< the store cannot be read, as for the program datawal
  exit_other_history = 4,   ///< the store and the stream are not of one history: never merged
  exit_not_owner = 5,       ///< another store ships into the stream since a take-over: never retried
  exit_stream_damaged = 6,  ///< what is in the stream is not what was shipped
};

struct Failure {
  Exit exit = exit_local;
  std::string text{};
};

template <class T>
using Outcome = std::expected<T, Failure>;

[[nodiscard]] inline std::unexpected<Failure> fail(Exit exit, std::string text) {
  return std::unexpected(Failure{.exit = exit, .text = std::move(text)});
}

/// A failed call of the library on the store.
[[nodiscard]] inline std::unexpected<Failure> fail(const Error& error) {
  const bool is_usage = error.code == Errc::not_found || error.code == Errc::invalid_argument ||
                        error.code == Errc::locked || error.code == Errc::already_exists;
  return fail(is_usage ? exit_usage : exit_local, error.message());
}

template <class T>
[[nodiscard]] std::unexpected<Failure> pass_on(const Outcome<T>& failed) {
  return std::unexpected(failed.error());
}

}  // namespace datawal::ship
