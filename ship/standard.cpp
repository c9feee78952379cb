#include "ship/standard.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace datawal::ship {

namespace {

// @return 0, or why not
int write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

void settle_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    // Takes the lowest free number, which is this one, and refuses what it is for.
    [[maybe_unused]] const int filled = ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void tell(std::string_view text) noexcept { (void)write_all(STDERR_FILENO, text); }

Outcome<void> print(std::string_view text) {
  const int failed = write_all(STDOUT_FILENO, text);
  if (failed == 0) return {};
  return fail(
      failed == EPIPE ? exit_usage : exit_local,
      fmt::format("cannot write standard output: {}; what it was asked for is done, and what was printed is incomplete",
                  std::generic_category().message(failed)));
}

}  // namespace datawal::ship
