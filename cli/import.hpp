#pragma once
// Puts lines of JSON into a store.

#include <filesystem>
#include <string>

#include <datawal/options.hpp>

#include "cli/console.hpp"

namespace datawal::cli {

struct ImportArguments {
  std::filesystem::path dir;
  std::string file = "-";  ///< "-" is standard input
  bool skip_bad = false;
  bool offers_to_skip = false;  ///< a message about a bad line names --skip-bad
  OpenOptions open{};
};

/// Puts the keys and values of a file into the store in `dir`, which is made if the options let it.
/// @return the exit status
int import_lines(Console& console, const ImportArguments& arguments);

}  // namespace datawal::cli
