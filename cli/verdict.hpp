#pragma once
// What a verification means, in words: the same for `datawal verify` and for a page that shows the store.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <datawal/verify.hpp>

#include "cli/exit_codes.hpp"
#include "cli/message.hpp"

namespace datawal::cli {

/// A word for programs, and what it means to people.
struct StateName {
  std::string_view word, explanation;
};
[[nodiscard]] StateName name_of(WatermarkState state);

struct Verdict {
  std::string_view code;  ///< clean, gaps, records_missing, torn_tail, out_of_order or damaged
  std::string text;
};
[[nodiscard]] Verdict verdict_of(const VerifyReport& report);

/// "469 txids are missing, 967 to 1435". Some are.
[[nodiscard]] std::string missing_txids(const VerifyReport& report);

/// What is wrong, where, what to do about it, and the exit status that says so.
struct Trouble {
  ExitCode status = exit_done;
  Message message;
};

/// Of a store in `dir`, as `command` tells it; nullopt if nothing is wrong.
[[nodiscard]] std::optional<Trouble> trouble_of(const VerifyReport& report, const std::filesystem::path& dir,
                                                std::string_view command);

/// The log ends in a torn record of `bytes` bytes.
[[nodiscard]] Trouble torn_tail(const std::filesystem::path& dir, std::uint32_t segment, std::uint64_t offset,
                                std::uint64_t bytes);

/// A failed call of the library for `command` on the store in `dir`, with the next command to type, and `more`.
[[nodiscard]] Trouble trouble_of(const Error& error, const std::filesystem::path& dir, std::string_view command,
                                 std::string_view more = {});

}  // namespace datawal::cli
