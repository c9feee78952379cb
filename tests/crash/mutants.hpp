#pragma once
// Deliberate bugs. A crash suite that does not catch them proves nothing.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crash/explorer.hpp"

namespace datawal::crash {

struct Mutant {
  std::string name;
  Wrap wrap;
  std::vector<std::string> scenarios;  ///< in which it is looked for
  std::function<std::unique_ptr<Scenario>()> own =
      {};  ///< not of this library, but of a program that has the bug itself
};

[[nodiscard]] std::vector<Mutant> all_mutants();

/// The first violation that the mutant leads to; nullopt if it passes for sound.
[[nodiscard]] std::optional<Violation> hunt(const Mutant& mutant, const Scenarios& scenarios, std::uint64_t seed);

}  // namespace datawal::crash
