// The program `datawal`: process-wide settings; program.cpp has the command line.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "cli/arguments.hpp"
#include "cli/program.hpp"

namespace datawal::cli {
namespace {

// A segment opened while descriptor 1 is free would become standard output. Fill missing descriptors with something that
// refuses: writing to a closed standard output stays an error.
void fill_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    // Takes the lowest free number, which is `fd`, since those below it are now open.
    [[maybe_unused]] const int filled = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace
}  // namespace datawal::cli

int main(int argc, char** argv) {
  datawal::cli::fill_standard_descriptors();
  std::signal(SIGXFSZ,
              SIG_IGN);           // NOLINT(cert-err33-c): it cannot fail; makes a file that may not grow a failed write
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it cannot fail; makes a closed pipe a failed write
  datawal::cli::Console console;
  return console.finish(datawal::cli::run_program(console, datawal::cli::guarded_arguments(argc, argv)));
}
