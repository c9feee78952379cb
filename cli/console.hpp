#pragma once
// The output of every command: results on standard output, everything else on standard error.

#include <filesystem>
#include <string>
#include <string_view>

#include <datawal/error.hpp>

#include "cli/exit_codes.hpp"
#include "cli/message.hpp"
#include "cli/output.hpp"

namespace datawal::cli {

class Console {
 public:
  Console();

  Output& out() noexcept { return out_; }

  void set_json(bool json) noexcept { json_ = json; }
  [[nodiscard]] bool json() const noexcept { return json_; }

  /// The running command, for the start of each message.
  void set_command(std::string name) { command_ = std::move(name); }
  [[nodiscard]] const std::string& command() const noexcept { return command_; }

  /// Why the exit status is not 0: a line, in JSON mode also an object of kind `error`. Flushes standard output first.
  ExitCode fail(ExitCode status, const Message& message);

  /// A failed call of the library on the store in `dir`, with the next command to type.
  ExitCode fail(const Error& error, const std::filesystem::path& dir, std::string_view more = {});

  /// Reports arguments that parse but contradict each other.
  ExitCode fail_usage(const std::string& text);

  /// A note: a line, in JSON mode also an object of kind `note`.
  void note(const Message& message);

  /// Ends a command: flushes standard output; a byte lost there turns `status` into a failure. If the reader went away,
  /// that was its decision: no message.
  int finish(int status);

 private:
  void say(std::string_view kind, const Message& message);

  Output out_;
  std::string command_;
  bool json_ = false;
};

}  // namespace datawal::cli
