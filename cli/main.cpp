// The program `datawal`: the command line, and what holds for every command.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/commands.hpp"
#include "cli/console.hpp"

namespace datawal::cli {
namespace {

constexpr const char* overview = R"(A store is a directory. `datawal COMMAND --help` explains a command.

  printf 'one\ntwo\n' | datawal append ./log   # makes ./log if need be
  datawal scan ./log
  datawal tail ./log -f
  datawal verify ./log
  datawal put ./kv --key user:17 Ada
  datawal get ./kv --key user:17

Results go to standard output, everything else to standard error.
Exit status: 0 done; 1 usage, input, or the store is locked (also: nobody
reads the output any more); 2 the log ends in a torn record, as a crash
leaves it: nothing that was synced is missing; 3 damage, a newer format, or
the operating system failed.)";

// A segment that is opened while descriptor 1 is free would become standard output. What is missing is filled with
// something that refuses: writing to a closed standard output stays an error.
void fill_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    // Takes the lowest free number, which is `fd`, since those below it are open by now.
    [[maybe_unused]] const int filled = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

std::string first_word(const std::vector<std::string>& arguments) {
  for (const std::string& text : arguments) {
    if (!text.starts_with('-')) return as_typed(text);
  }
  return {};
}

int fail_to_parse(Console& console, const CLI::App& program, const CLI::ParseError& error,
                  const std::vector<std::string>& arguments) {
  // Nothing was parsed to the end, so the wish for JSON is looked up in the arguments.
  console.set_json(std::ranges::find(arguments, "--json") != arguments.end());
  const std::vector<CLI::App*> chosen = program.get_subcommands();
  if (!chosen.empty()) {
    console.set_command(chosen.front()->get_name());
    return console.fail_usage(error.what());
  }
  const std::string word = first_word(arguments);
  if (word.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return console.fail_usage("a command is missing");
  }
  return console.fail_usage(word.empty() ? error.what() : fmt::format("'{}' is no command", word));
}

int run_program(Console& console, const std::vector<std::string>& arguments) {
  CLI::App program("A record log, or keys and values, in a directory: feed it, read it, check it.", "datawal");
  program.footer(overview);
  program.set_version_flag("--version", "datawal " DATAWAL_VERSION);
  add_json(program);
  program.require_subcommand(1);
  program.get_formatter()->column_width(26);
  program.get_formatter()->label("SUBCOMMAND", "COMMAND ...");

  Run run;
  add_append(program, run);
  add_scan(program, run);
  add_tail(program, run);
  add_dump(program, run);
  add_report(program, run);
  add_verify(program, run);
  add_repair(program, run);
  add_get(program, run);
  add_put(program, run);
  add_delete(program, run);
  add_check(program, run);
  add_stat(program, run);
  add_export(program, run);
  add_import(program, run);
  add_compact(program, run);

  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    program.parse(std::move(reversed));
  } catch (const CLI::Success& success) {  // --help, --version
    const bool is_version = dynamic_cast<const CLI::CallForVersion*>(&success) != nullptr;
    console.out().write(is_version ? std::string(success.what()) + '\n' : program.help());
    return exit_done;
  } catch (const CLI::ParseError& error) {
    return fail_to_parse(console, program, error, arguments);
  }

  const CLI::App& chosen = *program.get_subcommands().front();
  console.set_command(chosen.get_name());
  console.set_json(program.count("--json") + chosen.count("--json") > 0);
  return run(console);
}

int guarded(Console& console, const std::vector<std::string>& arguments) {
  try {
    return run_program(console, arguments);
  } catch (const std::bad_alloc&) {
    return console.fail(exit_damaged, {.code = "no_memory", .text = "out of memory; nothing acknowledged is lost"});
  } catch (const std::exception& error) {
    return console.fail(exit_damaged, {.code = "io", .text = error.what()});
  }
}

}  // namespace
}  // namespace datawal::cli

int main(int argc, char** argv) {
  datawal::cli::fill_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it cannot fail; a closed pipe is a failed write then
  datawal::cli::Console console;
  return console.finish(datawal::cli::guarded(console, datawal::cli::guarded_arguments(argc, argv)));
}
