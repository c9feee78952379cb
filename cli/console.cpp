#include "cli/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <datawal/text.hpp>

#include "cli/json.hpp"
#include "cli/terminal.hpp"
#include "cli/verdict.hpp"

namespace datawal::cli {
namespace {

// Standard error is the last resort: without it nothing can be reported.
void write_to_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Console::Console() : out_(STDOUT_FILENO) {}

ExitCode Console::fail(ExitCode status, const Message& message) {
  say("error", message);
  return status;
}

ExitCode Console::fail(const Error& error, const std::filesystem::path& dir, std::string_view more) {
  const Trouble trouble = trouble_of(error, dir, command_, more);
  return fail(trouble.status, trouble.message);
}

ExitCode Console::fail_usage(const std::string& text) {
  const std::string space = command_.empty() ? "" : " ";
  return fail(exit_usage,
              {.code = "usage", .text = fmt::format("{}; see `datawal{}{} --help`", text, space, command_)});
}

void Console::note(const Message& message) { say("note", message); }

int Console::finish(int status) {
  if (out_.flush()) return status;
  if (out_.os_errno() == EPIPE) return status == exit_done ? exit_usage : status;
  if (out_.os_errno() == EINTR) {
    return fail(
        exit_usage,
        {.code = "signal", .text = "stopped by a signal while nobody took the output; what was printed is incomplete"});
  }
  return fail(exit_damaged, {.code = "io",
                             .text = fmt::format("cannot write standard output: {}; what was printed is incomplete",
                                                 std::generic_category().message(out_.os_errno()))});
}

void Console::say(std::string_view kind, const Message& message) {
  out_.flush();
  const std::string who = fmt::format("datawal{}{}:", command_.empty() ? "" : " ", command_);
  const std::string line = printable(message.text);  // a name in a message must not drive the terminal
  if (takes_colours(STDERR_FILENO)) {
    write_to_stderr(fmt::format("\033[1;{}m{}\033[0m {}\n", kind == "error" ? "31" : "33", who, line));
  } else {
    write_to_stderr(fmt::format("{} {}\n", who, line));
  }
  if (!json_) return;
  JsonLine object(kind);
  object.text("command", command_).text("code", message.code).text("message", message.text);
  object.text("path", message.path.native()).number("segment", message.segment).number("offset", message.offset);
  write_to_stderr(object.finish());
}

}  // namespace datawal::cli
