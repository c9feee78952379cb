#include "cli/console.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "cli/human.hpp"
#include "cli/json.hpp"
#include "cli/terminal.hpp"

namespace datawal::cli {
namespace {

// Standard error is the last resort: if it is gone there is nobody left to tell.
void write_to_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A name in a message must not drive the terminal.
std::string without_controls(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7F) c = '?';
  }
  return text;
}

// What to type next, where the library's sentence, written for callers of functions, does not name a command.
std::string next_command(const Error& error, const std::filesystem::path& dir) {
  const std::string store = shell_word(dir);
  switch (error.code) {
    case Errc::corruption: return fmt::format("`datawal repair {} --salvage OUT` copies what still decodes", store);
    case Errc::unsupported_version: return "`datawal --version` tells which one this is";
    case Errc::locked: return fmt::format("looking needs no lock: `datawal tail {}`", store);
    case Errc::not_found: return fmt::format("`datawal append {}` makes a store", store);
    case Errc::no_space: return fmt::format("`df {}` shows the room there is", store);
    case Errc::poisoned:
    case Errc::closed: return fmt::format("`datawal verify {}` tells what is there", store);
    case Errc::snapshot_expired: return fmt::format("run `datawal verify {}`, or the same command again", store);
    case Errc::io:
    case Errc::invalid_argument:
    case Errc::already_exists:
      return fmt::format("`ls -la {}` shows what is there", error.path.empty() ? store : shell_word(error.path));
  }
  return {};
}

// Who has just done it need not be told to.
void forget_verifying(std::string& text) {
  constexpr std::string_view advice = "run `datawal verify ";
  constexpr std::string_view then = "`, then ";
  const std::size_t begin = text.find(advice);
  const std::size_t end = begin == std::string::npos ? begin : text.find(then, begin);
  if (end != std::string::npos) text.replace(begin, end + then.size() - begin, "run ");
}

}  // namespace

Console::Console() : out_(STDOUT_FILENO) {}

ExitCode Console::fail(ExitCode status, const Message& message) {
  say("error", message);
  return status;
}

ExitCode Console::fail(const Error& error, const std::filesystem::path& dir) {
  std::string text = error.message();
  if (error.code == Errc::snapshot_expired) {
    text = fmt::format("the files of {} were replaced while they were read", shell_word(dir));
  }
  if (command_ == "verify") forget_verifying(text);
  if (const std::string next = next_command(error, dir); !next.empty()) text += "; " + next;
  return fail(exit_code_of(error), {.code = name_of(error.code),
                                    .text = text,
                                    .path = error.path,
                                    .segment = error.segment,
                                    .offset = error.offset});
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
  return fail(exit_damaged, {.code = "io",
                             .text = fmt::format("cannot write standard output: {}; what was printed is incomplete",
                                                 std::generic_category().message(out_.os_errno()))});
}

void Console::say(std::string_view kind, const Message& message) {
  out_.flush();
  const std::string who = fmt::format("datawal{}{}:", command_.empty() ? "" : " ", command_);
  const std::string line = without_controls(message.text);
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
