#pragma once
// Properties of the terminal.

#include <cstddef>

namespace datawal::cli {

/// True if `fd` is a terminal that can move its cursor.
[[nodiscard]] bool is_terminal(int fd);

/// True if colours are welcome there: a terminal, and NO_COLOR is not set (https://no-color.org).
[[nodiscard]] bool takes_colours(int fd);

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// How large the terminal on `fd` is; the usual size where it does not say.
[[nodiscard]] TerminalSize terminal_size(int fd);

}  // namespace datawal::cli
