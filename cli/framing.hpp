#pragma once
// How records follow each other in a file or a pipe.

#include <cstdint>

#include "cli/arguments.hpp"

namespace datawal::cli {

enum class Framing : std::uint8_t {
  lines,            ///< a record a line, without its newline; a last line without one too
  null_separated,   ///< the same with NUL bytes
  whole,            ///< all of the input is one record
  length_prefixed,  ///< 4 bytes, little-endian, then as many bytes
};

/// What `--help` says of each.
struct FramingTexts {
  const char* lines;
  const char* null_separated;
  const char* whole;
  const char* length_prefixed;
};

/// `--lines`, `--null`, `--whole`, `--length-prefixed`, of which at most one is given.
void add_framing(CLI::App& command, Framing& framing, const FramingTexts& texts);

}  // namespace datawal::cli
