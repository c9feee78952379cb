#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace datawal::cli {

bool is_terminal(int fd) {
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

bool takes_colours(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(fd) && (no_color == nullptr || *no_color == '\0');
}

TerminalSize terminal_size(int fd) {
  winsize size{};
  TerminalSize answer;
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return answer;
  if (size.ws_col > 0) answer.columns = size.ws_col;
  if (size.ws_row > 0) answer.rows = size.ws_row;
  return answer;
}

}  // namespace datawal::cli
