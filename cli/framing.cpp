#include "cli/framing.hpp"

#include <CLI/CLI.hpp>

#include <vector>

namespace datawal::cli {

void add_framing(CLI::App& command, Framing& framing, const FramingTexts& texts) {
  struct Mode {
    const char *name, *text;
    Framing framing;
  };
  const std::vector<Mode> modes = {{"--lines", texts.lines, Framing::lines},
                                   {"--null", texts.null_separated, Framing::null_separated},
                                   {"--whole", texts.whole, Framing::whole},
                                   {"--length-prefixed", texts.length_prefixed, Framing::length_prefixed}};
  std::vector<CLI::Option*> options;
  for (const Mode& mode : modes) {
    CLI::Option* option = command.add_flag_callback(mode.name, [&framing, mode] { framing = mode.framing; }, mode.text);
    for (CLI::Option* other : options) option->excludes(other);
    option->option_text(" ");
    options.push_back(option);
  }
}

}  // namespace datawal::cli
