#include "cli/program.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <datawal/record.hpp>

#include "cli/commands/commands.hpp"
#include "cli/needed_options.hpp"

namespace datawal::cli {
namespace {

constexpr const char* overview = R"(A store is a directory. `datawal help COMMAND` explains a command.

  printf 'one\ntwo\n' | datawal append ./log   # makes ./log if need be
  datawal scan ./log
  datawal tail ./log -f
  datawal verify ./log
  datawal put ./kv --key user:17 Ada
  datawal get ./kv --key user:17

Results go to standard output, everything else to standard error. What each
message means, and the next command: docs/TROUBLE.md.
Exit status: 0 done; 1 usage, input, or the store is locked (also: `diff` found
a difference, or nobody reads the output any more); 2 a key is not there, or
the log ends in a torn record, as a crash leaves it: nothing that was synced is
missing; 3 damage, a newer format, or the operating system failed; 128 + N:
`append` was ended by signal N.)";

std::string first_word(const std::vector<std::string>& arguments) {
  for (const std::string& text : arguments) {
    if (!text.starts_with('-')) return as_typed(text);
  }
  return {};
}

int fail_to_parse(Console& console, const CLI::App& program, const CLI::ParseError& error,
                  const std::vector<std::string>& arguments) {
  // Parsing did not finish, so look for --json in the arguments.
  console.set_json(std::ranges::find(arguments, "--json") != arguments.end());
  const std::vector<CLI::App*> chosen = program.get_subcommands();
  if (!chosen.empty()) {
    console.set_command(chosen.front()->get_name());
    return console.fail_usage(error.what());
  }
  const std::string word = first_word(arguments);
  if (word.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    std::string names;
    for (const CLI::App* command : program.get_subcommands({}))
      names += (names.empty() ? "" : ", ") + command->get_name();
    return console.fail_usage("a command is missing, one of " + names);
  }
  return console.fail_usage(word.empty() ? error.what() : fmt::format("'{}' is no command", word));
}

int parse_and_run(Console& console, const std::vector<std::string>& arguments) {
  CLI::App program;
  Run run;
  define_program(program, run);

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

// `datawal help COMMAND`, as `datawal COMMAND --help`.
int help_on(Console& console, const std::vector<std::string>& arguments) {
  CLI::App program;
  Run run;
  define_program(program, run);
  std::vector<std::string> words = {"--help"};
  if (const std::string wanted = first_word(arguments); !wanted.empty()) {
    const std::vector<CLI::App*> commands = program.get_subcommands({});
    if (std::ranges::none_of(commands, [&](const CLI::App* command) { return command->get_name() == wanted; })) {
      return console.fail_usage(fmt::format("'{}' is no command", wanted));
    }
    words.insert(words.begin(), wanted);
  }
  return parse_and_run(console, words);
}

std::string version_text() {
  return fmt::format("datawal {}\nwire version {}\n{} build by {} for {}, {} library", DATAWAL_VERSION, wire_version,
                     DATAWAL_BUILD_TYPE, DATAWAL_COMPILER, DATAWAL_SYSTEM, DATAWAL_LIBRARY);
}

// Its usage does not hide what is needed among [OPTIONS].
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = Formatter::make_usage(app, std::move(name));
    return usage.insert(usage.find_last_not_of('\n') + 1, needed_options(*app));
  }
};

}  // namespace

void define_program(CLI::App& program, Run& run) {
  program.name("datawal");
  program.description("A record log, or keys and values, in a directory: feed it, read it, check it.");
  program.footer(overview);
  program.set_version_flag("--version", version_text, "Print the version, that of the format, and how it was\nbuilt");
  program.set_help_flag("-h,--help", "Print this help and exit");
  add_json(program);
  program.require_subcommand(1);
  program.formatter(std::make_shared<HelpFormatter>());
  program.get_formatter()->column_width(23);
  program.get_formatter()->label("SUBCOMMAND", "COMMAND ...");

  add_append(program, run);
  add_scan(program, run);
  add_cat(program, run);
  add_tail(program, run);
  add_dump(program, run);
  add_report(program, run);
  add_verify(program, run);
  add_repair(program, run);
  add_checkpoint(program, run);
  add_trim(program, run);
  add_hold(program, run);
  add_page(program, run);
  add_keys(program, run);
  add_get(program, run);
  add_put(program, run);
  add_delete(program, run);
  add_check(program, run);
  add_diff(program, run);
  add_stat(program, run);
  add_index(program, run);
  add_export(program, run);
  add_import(program, run);
  add_compact(program, run);
}

int run_program(Console& console, const std::vector<std::string>& arguments) {
  try {
    const auto first = std::ranges::find_if(arguments, [](const std::string& word) { return word != "--json"; });
    const bool asks_for_help = first != arguments.end() && *first == "help";
    return asks_for_help ? help_on(console, {first + 1, arguments.end()}) : parse_and_run(console, arguments);
  } catch (const std::bad_alloc&) {
    return console.fail(exit_damaged, {.code = "no_memory", .text = "out of memory; nothing acknowledged is lost"});
  } catch (const std::exception& error) {
    return console.fail(exit_damaged, {.code = "io", .text = error.what()});
  }
}

}  // namespace datawal::cli
