#pragma once
// Whether somebody is looking.

namespace datawal::cli {

/// Whether `fd` is a terminal that can move its cursor.
[[nodiscard]] bool is_terminal(int fd);

/// Whether colours are welcome there: a terminal, and NO_COLOR is not set (https://no-color.org).
[[nodiscard]] bool takes_colours(int fd);

}  // namespace datawal::cli
