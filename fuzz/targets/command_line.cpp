// Oracle: whatever the arguments, the input and the store: an exit status of 0 to 3, one JSON object a line where --json is
// given, a reason on standard error where it failed, not a byte changed by what only looks, and a repaired store verifies.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/program.hpp"
#include "support/oracle.hpp"
#include "support/recipe.hpp"
#include "support/reference_jsonl.hpp"
#include "support/reference_recovery.hpp"
#include "support/scratch.hpp"

namespace datawal::fuzz {
namespace {

// A standard descriptor that leads into memory for a while.
class Redirected {
 public:
  Redirected(int fd, std::string_view content) : fd_(fd), saved_(::fcntl(fd, F_DUPFD_CLOEXEC, 10)) {
    file_ = ::memfd_create("stream", MFD_CLOEXEC);
    require(file_ >= 0, "a stream can be made");
    require(::pwrite(file_, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()),
            "and be filled");
    ::dup2(file_, fd_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;
  ~Redirected() { restore(); }

  // What was written; the descriptor is as before from here on.
  std::string take() {
    restore();
    std::string text(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    require(::pread(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()), "a stream can be read");
    ::close(std::exchange(file_, -1));
    return text;
  }

 private:
  void restore() {
    if (saved_ >= 0) {
      ::dup2(saved_, fd_);
      ::close(std::exchange(saved_, -1));
    } else if (file_ >= 0 && !was_open_restored_) {
      ::close(fd_);
    }
    was_open_restored_ = true;
  }

  int fd_;
  int saved_;
  int file_ = -1;
  bool was_open_restored_ = false;
};

struct Ended {
  int status = 0;
  std::string out;
  std::string error;
};

Ended run(const std::vector<std::string>& arguments, std::string_view input) {
  std::vector<std::string> words = {"datawal"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size());
  for (std::string& word : words) argv.push_back(word.data());
  Ended ended;
  Redirected in(STDIN_FILENO, input);
  Redirected out(STDOUT_FILENO, {});
  Redirected error(STDERR_FILENO, {});
  {
    cli::Console console;
    ended.status = console.finish(
        cli::run_program(console, cli::guarded_arguments(static_cast<int>(argv.size()), argv.data())));
  }
  ended.error = error.take();
  ended.out = out.take();
  return ended;
}

// Nothing outside of scratch() may be named, and nothing may wait for ever.
std::vector<std::string> tamed(const std::vector<std::string>& arguments) {
  std::vector<std::string> tame;
  for (std::string argument : arguments) {
    std::ranges::replace(argument, '/', '_');
    std::ranges::replace(argument, '\0', '_');
    if (argument.find("..") != std::string::npos) std::ranges::replace(argument, '.', '_');
    tame.push_back(std::move(argument));
  }
  return tame;
}

bool waits_for_ever(const std::vector<std::string>& arguments) {
  return std::ranges::find(arguments, "tail") != arguments.end() &&
         std::ranges::any_of(arguments, [](const std::string& argument) {
           return argument.starts_with('-') && argument.find('f') != std::string::npos;
         });
}

bool only_looks(const std::vector<std::string>& arguments) {
  const std::set<std::string> changing = {"append", "put",     "delete",     "import",
                                          "repair", "compact", "checkpoint", "export"};
  return std::ranges::none_of(arguments, [&](const std::string& word) { return changing.contains(word); });
}

void check_lines(const Ended& ended, bool json) {
  require(ended.status >= 0 && ended.status <= 3, "the exit status is one of four", std::to_string(ended.status));
  if (ended.status == 1 || ended.status == 3) require(!ended.error.empty(), "a failure says why");
  if (!json) return;
  std::string_view rest = ended.out;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    require(end != std::string_view::npos, "a line ends");
    const std::string_view line = rest.substr(0, end);
    require(is_json_object(line), "a line of output is a JSON object", std::string(line.substr(0, 200)));
    rest.remove_prefix(end + 1);
  }
}

// `repair` by its own word.
void check_repair(const std::filesystem::path& store, const Image& before) {
  const Prediction want = predict(before, store);
  const std::string name = store.filename().string();
  const Ended repaired = run({"--json", "repair", name}, {});
  check_lines(repaired, true);
  if (repaired.status != 0) return;
  require(want.outcome != Outcome::unsupported, "a newer format is not repaired");
  const Prediction now = predict(image_of(store), store);
  require(now.outcome == Outcome::opens && now.torn.empty(), "a repaired store is sound");
  require(now.records == want.records, "and holds the valid prefix");
  const bool is_empty = std::ranges::none_of(before, [](const auto& file) { return segment_id(file.first) != 0; });
  if (is_empty) return;  // verify calls that no store
  const Ended verified = run({"verify", name}, {});
  const bool is_in_order = std::ranges::adjacent_find(now.records, [](const auto& a, const auto& b) {
                             return b.txid <= a.txid;
                           }) == now.records.end();
  require(verified.status == 0 || !is_in_order, "verify says so too", verified.error);
}

}  // namespace
}  // namespace datawal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT(*-naming): libFuzzer's
  using namespace datawal::fuzz;
  static const bool moved = ::chdir(scratch().c_str()) == 0;
  require(moved, "the scratch directory can be entered");
  clear_scratch();
  const Recipe recipe = read_recipe({reinterpret_cast<const char*>(data), size});
  const std::filesystem::path store = scratch() / "store";
  write_recipe(recipe, store);
  const Image before = image_of(store);

  const std::vector<std::string> arguments = tamed(recipe.arguments);
  if (!waits_for_ever(arguments)) {
    const Ended ended = run(arguments, recipe.input);
    const bool json = !arguments.empty() && arguments.front() == "--json";  // behind an option it may be its value
    const bool is_plain = std::ranges::none_of(arguments, [](const std::string& word) {
      const bool may_ask_for_help = word.starts_with('-') && word.find('h') != std::string::npos;
      return may_ask_for_help || word == "--version" || word == "--" || word == "export";
    });
    check_lines(ended, json && is_plain && ended.status != 1);
    if (only_looks(arguments)) require(image_of(store) == before, "what only looks changes nothing");
  }
  if (recipe.option(6) % 4 == 1 && image_of(store) == before) check_repair(store, before);
  return 0;
}
