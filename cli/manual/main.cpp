// datawal_manual DIRECTORY VERSION: writes the manual pages and the completion for bash and zsh into DIRECTORY, from the
// definitions that `datawal --help` prints. A part of the build; not installed.

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <safeatomic/safeatomic.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "cli/manual/completion.hpp"
#include "cli/manual/manual_page.hpp"
#include "cli/manual/parts.hpp"
#include "cli/program.hpp"

namespace datawal::cli {
namespace {

constexpr const char* environment =
    ".TP\n\\fBNO_COLOR\\fR\nIf it is set, messages on a terminal are not coloured.\n.TP\n\\fBTERM\\fR\n"
    "On a terminal called \"dumb\" there are neither colours nor progress bars.\n";

// Returns the exit status.
int write(const std::filesystem::path& file, const std::string& content) {
  const auto written = safeatomic::write_atomic(file, content, {.file_mode = 0644});
  if (written) return 0;
  fmt::print(stderr, "datawal_manual: {}\n", written.error().message());
  return 1;
}

int write_all_into(const std::filesystem::path& directory, const std::string& version) {
  CLI::App program;
  Run run;
  define_program(program, run);
  std::filesystem::create_directories(directory / "man1");
  int status = write(directory / "man1" / "datawal.1", program_page(program, version, environment));
  for (const CLI::App* command : commands_of(program)) {
    status |= write(directory / "man1" / ("datawal-" + command->get_name() + ".1"),
                    command_page(program, *command, version));
  }
  status |= write(directory / "datawal.bash", bash_completion(program));
  status |= write(directory / "_datawal", zsh_completion(program));
  return status;
}

}  // namespace
}  // namespace datawal::cli

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: datawal_manual DIRECTORY VERSION\n", stderr);
    return 1;
  }
  try {
    return datawal::cli::write_all_into(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "datawal_manual: %s\n", error.what());
    return 1;
  }
}
