#pragma once
// The keys that a command is about, as many as there are: `--key`, `--key-base64`, `--key-hex`, each any number of times, and
// `--keys-from FILE`.

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"

namespace datawal::cli {

struct KeyList {
  std::vector<std::string> keys{};
  std::string file{};  ///< more of them; "-" is standard input, empty: none
  bool is_null_separated = false;

  [[nodiscard]] bool is_empty() const noexcept { return keys.empty() && file.empty(); }
  /// Exactly one, named on the command line.
  [[nodiscard]] bool is_single() const noexcept { return keys.size() == 1 && file.empty(); }

  /// Shows the keys to `take`, some at a time, until it returns false. The views are valid during the call.
  /// @return or a sentence with the name and the reason
  [[nodiscard]] std::expected<void, std::string> for_each(
      std::size_t together, const std::function<bool(const std::vector<std::string_view>&)>& take) const;
};

void add_key_list(CLI::App& command, KeyList& list);

}  // namespace datawal::cli
