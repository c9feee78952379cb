#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <sstream>

#include "../scratch.hpp"
#include "document.hpp"
#include "scale.hpp"
#include "timing.hpp"

namespace bench {

namespace {

constexpr char usage[] =
    "usage: datawal_peers_bench --scale [--quick] [--millions N,N,...] [--only STORE] [--limit SECONDS]\n"
    "                           [--commit TEXT] [--out DIR]\n";

struct Size {
  std::uint64_t keys;
  std::size_t value_len;
};

struct Settings {
  std::vector<Size> sizes{};
  std::string only{};
  double limit_s = 600;  // of filling; a tenth of it for every other step
  std::string run = "unknown";
  std::filesystem::path out{};
};

// 100 million records of 100 bytes fit neither the time nor, of those who keep several copies, a page cache.
Size size_of(std::uint64_t keys) { return {.keys = keys, .value_len = keys > 20'000'000 ? 16 : value_len}; }

bool parse(std::span<char* const> arguments, Settings& settings) {
  std::string commit = "unknown";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (argument == "--quick") {
      settings.sizes = {size_of(10'000), size_of(100'000)};
      settings.limit_s = 30;
    } else if (argument == "--millions" && has_value) {
      std::istringstream list(arguments[++i]);
      for (std::string number; std::getline(list, number, ',');) {
        settings.sizes.push_back(size_of(std::stoull(number) * 1'000'000));
      }
    } else if (argument == "--only" && has_value) {
      settings.only = arguments[++i];
    } else if (argument == "--limit" && has_value) {
      settings.limit_s = std::stod(arguments[++i]);
    } else if (argument == "--commit" && has_value) {
      commit = arguments[++i];
    } else if (argument == "--out" && has_value) {
      settings.out = arguments[++i];
    } else {
      return false;
    }
  }
  if (settings.sizes.empty()) settings.sizes = {size_of(1'000'000), size_of(10'000'000), size_of(100'000'000)};
  const std::time_t now = std::time(nullptr);
  char date[64];
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &utc);
  settings.run = "commit " + commit + ", " + date;
  return true;
}

struct Outcome {
  std::string lines;   // that it wrote
  std::string missed;  // empty: it ended, or was killed by itself
};

Outcome run_child(const std::vector<std::string>& arguments, double limit_s) {
  int ends[2];
  require(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
  const pid_t child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    std::vector<char*> words{const_cast<char*>("datawal_peers_bench"), const_cast<char*>("--scale-child")};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    ::execv("/proc/self/exe", words.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  Outcome outcome;
  const Clock::time_point begin = Clock::now();
  for (;;) {
    const double left_s = limit_s - seconds_since(begin);
    if (left_s <= 0) {
      outcome.missed = "> " + std::to_string(static_cast<long>(limit_s)) + " s";
      ::kill(child, SIGKILL);
      break;
    }
    pollfd ready{.fd = ends[0], .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(left_s * 1e3) + 1) <= 0) continue;
    char text[4096];
    const ssize_t got = ::read(ends[0], text, sizeof text);
    if (got <= 0) break;
    outcome.lines.append(text, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  require(::waitpid(child, &status, 0) == child, "waitpid");
  const bool ended = (WIFEXITED(status) && WEXITSTATUS(status) == 0) || WIFSIGNALED(status);
  if (outcome.missed.empty() && !ended) outcome.missed = "failed";
  return outcome;
}

std::uint64_t bytes_below(const std::filesystem::path& dir) {
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    struct stat at{};
    if (::stat(entry.path().c_str(), &at) == 0 && S_ISREG(at.st_mode))
      sum += static_cast<std::uint64_t>(at.st_blocks) * 512;
  }
  return sum;
}

// So that no step pays for the disk's reading of what another has pushed out of memory.
void warm(const std::filesystem::path& dir) {
  std::vector<char> buffer(1 << 20);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && ::read(fd, buffer.data(), buffer.size()) > 0) {
    }
    if (fd >= 0) ::close(fd);
  }
}

/// One size of one store: its steps, and what they said.
class Course {
 public:
  Course(const Settings& settings, Size size, std::filesystem::path dir, std::vector<ScaleFigure>& figures)
      : settings_(settings), size_(size), dir_(std::move(dir)), figures_(figures) {}

  /// @param expected  figures that it is to tell, each of them or why not
  bool step(const std::string& name, const std::string& store, double limit_s,
            std::initializer_list<std::string_view> expected, std::uint64_t behind = 0) {
    std::fprintf(stderr, "%.0f keys, %s: %s\n", static_cast<double>(size_.keys), store.c_str(), name.c_str());
    const Outcome outcome = run_child({name, store, dir_.string(), std::to_string(size_.keys),
                                       std::to_string(size_.value_len), std::to_string(behind)},
                                      limit_s);
    std::istringstream lines(outcome.lines);
    std::vector<std::string> told;
    for (std::string line; std::getline(lines, line);) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) continue;
      told.push_back(line.substr(0, tab));
      if (std::ranges::find(expected, told.back()) != expected.end())
        add(store, label(told.back(), behind), std::stod(line.substr(tab + 1)));
    }
    if (outcome.missed.empty()) return true;
    for (const std::string_view figure : expected) {
      if (std::ranges::find(told, figure) == told.end()) add(store, label(figure, behind), 0, outcome.missed);
    }
    std::fprintf(stderr, "  %s\n", outcome.missed.c_str());
    return false;
  }

  void all_of(const std::string& store) {
    const double small_limit_s = settings_.limit_s / 5;
    if (!step("fill", store, settings_.limit_s, {scale_fill, scale_put, scale_close})) {
      for (const std::string_view figure :
           {scale_open, scale_first_gets, scale_get, scale_peak, scale_memory, scale_disk}) {
        add(store, std::string(figure), 0, "not filled");
      }
      return;
    }
    ::sync();
    add(store, std::string(scale_disk), static_cast<double>(bytes_below(dir_)) / static_cast<double>(size_.keys));
    const bool has_keys = !store.starts_with("RecordLog");
    std::vector<std::string> lookers{store};
    for (std::string& other : scale_lookers(store)) lookers.push_back(std::move(other));
    for (const std::string& looker : lookers) {
      warm(dir_);
      if (has_keys) {
        step("look", looker, small_limit_s, {scale_open, scale_first_gets, scale_peak, scale_get, scale_memory});
      } else {
        step("look", looker, small_limit_s, {scale_open, scale_peak, scale_memory});
      }
    }
    warm(dir_);
    step("close", store, small_limit_s, {scale_small_close});
    if (!store.starts_with("datawal")) return;
    for (const std::uint64_t behind : {10'000ULL, 100'000ULL, 1'000'000ULL}) {
      if (behind > size_.keys) continue;
      step("kill", store, settings_.limit_s, {}, behind);
      warm(dir_);
      step("look", store, small_limit_s, {scale_open}, behind);
    }
  }

 private:
  static std::string label(std::string_view figure, std::uint64_t behind) {
    if (behind == 0) return std::string(figure);
    return std::string(figure) + ", after kill -9 with " + std::to_string(behind) + " records behind the index";
  }
  void add(const std::string& store, std::string figure, double number, std::string missed = {}) {
    figures_.push_back({.keys = size_.keys,
                        .value_len = size_.value_len,
                        .store = store,
                        .figure = std::move(figure),
                        .number = number,
                        .missed = std::move(missed),
                        .run = settings_.run});
  }

  const Settings& settings_;
  Size size_;
  std::filesystem::path dir_;
  std::vector<ScaleFigure>& figures_;
};

void write_all(const std::vector<ScaleFigure>& figures, const std::filesystem::path& out) {
  const std::filesystem::path benchmarks = out / "benchmarks";
  std::filesystem::create_directories(benchmarks);
  const std::vector<ScaleFigure> all = merged(scale_from_csv(benchmarks / "scale.csv"), figures);
  write_file(benchmarks / "scale.csv", scale_csv(all));
  for (const std::string& figure : distinct(all, &ScaleFigure::figure)) {
    if (has_curve(all, figure)) write_file(benchmarks / curve_name(figure), curve_svg(all, figure));
  }
  write_between_marks(out / "BENCHMARKS.md", "scale", "\n" + scale_markdown(all, "benchmarks"));
}

}  // namespace

int scale(const Contenders& all, std::span<char* const> arguments) {
  Settings settings;
  if (!parse(arguments, settings)) {
    std::fputs(usage, stderr);
    return 1;
  }
  const Scratch scratch;
  std::vector<ScaleFigure> figures;
  for (const Size size : settings.sizes) {
    for (const std::string& store : scale_stores(all)) {
      if (!settings.only.empty() && store.find(settings.only) == std::string::npos) continue;
      const FreshDirectory dir(scratch.path());  // gone before the next one: disks are finite
      Course(settings, size, dir.path(), figures).all_of(store);
      if (!settings.out.empty()) write_all(figures, settings.out);
    }
    ::sync();
  }
  if (!settings.out.empty()) write_all(figures, settings.out);  // also what was measured before, if nothing was now
  std::printf("%s", scale_markdown(figures, "").c_str());
  return 0;
}

}  // namespace bench
