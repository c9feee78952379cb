#pragma once
// The keys that a command is about, as many as there are: `--key`, `--key-base64`, `--key-hex`, each any number of times, and
// `--keys-from FILE`.

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/stop_signal.hpp"

namespace datawal::cli {

struct KeyList {
  std::vector<std::string> keys{};
  std::string file{};  ///< more of them; "-" is standard input, empty: none
  bool is_null_separated = false;

  [[nodiscard]] bool is_empty() const noexcept { return keys.empty() && file.empty(); }
  /// Exactly one, named on the command line.
  [[nodiscard]] bool is_single() const noexcept { return keys.size() == 1 && file.empty(); }

  /// Shows the keys to `take`, one at a time, until it returns false, or until `stop` asks to end. The view is valid during the call.
  /// @return or a sentence with the name and the reason; the keys before that were shown
  [[nodiscard]] std::expected<void, std::string> for_each(const StopSignal& stop,
                                                          const std::function<bool(std::string_view)>& take) const;
};

void add_key_list(CLI::App& command, KeyList& list);

}  // namespace datawal::cli
