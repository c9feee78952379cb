#include "cli/checking.hpp"

#include "cli/progress_bar.hpp"
#include "cli/verdict.hpp"

namespace datawal::cli {

Result<VerifyReport> check(const std::filesystem::path& dir) {
  ProgressBar bar("checking");
  return verify(dir, {.on_progress = bar.callback()});
}

int judge(Console& console, const std::filesystem::path& dir, const VerifyReport& report) {
  const std::optional<Trouble> trouble = trouble_of(report, dir, console.command());
  return trouble ? console.fail(trouble->status, trouble->message) : exit_done;
}

}  // namespace datawal::cli
