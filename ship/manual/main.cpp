// datawal_ship_manual DIRECTORY VERSION: the manual pages and the completion of datawal-ship, from the definitions that its --help
// prints. A part of the build; not installed.

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
#include "ship/program.hpp"

namespace datawal::ship {
namespace {

bool write(const std::filesystem::path& file, const std::string& content) {
  const auto written = safeatomic::write_atomic(file, content, {.file_mode = 0644});
  if (!written) fmt::print(stderr, "datawal_ship_manual: {}\n", written.error().message());
  return written.has_value();
}

bool write_all_into(const std::filesystem::path& directory, const std::string& version) {
  CLI::App program;
  Run run;
  define_program(program, run);
  std::filesystem::create_directories(directory / "man1");
  bool is_done = write(directory / "man1" / "datawal-ship.1", cli::program_page(program, version));
  for (const CLI::App* command : cli::commands_of(program)) {
    is_done = write(directory / "man1" / ("datawal-ship-" + command->get_name() + ".1"),
                    cli::command_page(program, *command, version)) &&
              is_done;
  }
  return write(directory / "datawal-ship.bash", cli::bash_completion(program)) &&
         write(directory / "_datawal-ship", cli::zsh_completion(program)) && is_done;
}

}  // namespace
}  // namespace datawal::ship

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: datawal_ship_manual DIRECTORY VERSION\n", stderr);
    return 1;
  }
  try {
    return datawal::ship::write_all_into(argv[1], argv[2]) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "datawal_ship_manual: %s\n", error.what());
    return 1;
  }
}
