// datawal_interleave: every schedule of some threads of the library, up to a number of deviations, and every bug of a list, caught.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interleave/explore/explorer.hpp"
#include "interleave/mutants.hpp"
#include "interleave/workloads/litmus.hpp"
#include "interleave/workloads/workload.hpp"
#include "interleave/world/world.hpp"

namespace datawal::interleave {
namespace {

using Clock = std::chrono::steady_clock;

/// What a worker tells its parent.
struct Report {
  std::uint64_t schedules;
  std::uint64_t states;
  std::uint64_t disks;
  std::uint64_t recoveries;
  int bound;
  bool is_complete;
  bool is_violated;
  bool is_done;
};

struct Arguments {
  std::optional<int> bound;
  std::string only;
  bool is_exact = false;  ///< `only` is the whole name
  std::optional<double> minutes;
  double seconds_max = 60;
  std::uint64_t seed = 1;
  std::string replay;
  bool has_mutants = true;
  bool is_weak = true;
};

std::size_t processors() { return static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN))); }

/// Calls `work(i)` for 0 .. count - 1, each in a process of its own, as many at a time as there are processors.
void in_processes(std::size_t count, const std::function<void(std::size_t)>& work) {
  const std::size_t most = processors();
  std::size_t running = 0;
  const auto reap = [&] {
    int status = 0;
    if (::wait(&status) > 0) --running;
  };
  for (std::size_t at = 0; at < count; ++at) {
    if (running == most) reap();
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      work(at);
      std::fflush(nullptr);
      ::_exit(0);
    }
    if (child > 0) ++running;
  }
  while (running > 0) reap();
}

/// Numbers that workers fill in and their parent reads.
Report* shared_reports(std::size_t count) {
  void* const room = ::mmap(nullptr, std::max<std::size_t>(count, 1) * sizeof(Report), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) std::abort();
  return static_cast<Report*>(room);
}

void print(const Workload& workload, const Exploration& all, int bound, bool is_random) {
  std::string line = "workload " + workload.name;
  line.resize(std::max<std::size_t>(line.size(), 38), ' ');
  char numbers[256];
  std::snprintf(numbers, sizeof numbers, "bound %d %9llu schedules %9llu states %6zu disks %6.1f s, %s\n", bound,
                static_cast<unsigned long long>(all.schedules), static_cast<unsigned long long>(all.states),
                ledger().disks.size(), all.seconds,
                !all.violation.empty() ? "VIOLATED"
                : is_random            ? "random"
                : all.is_complete      ? "complete"
                                       : "not complete");
  line += numbers;
  if (!all.violation.empty()) {
    line += "VIOLATED: " + all.violation + "\n  ./dev interleave --replay '" + workload.name + "@" +
            to_string(all.schedule) + "'\n";
  }
  std::fputs(line.c_str(), stdout);
}

void run_one(const Workload& workload, const Arguments& arguments, std::uint64_t seed, Report& report) {
  prepare_runtime();
  (void)ledger();  // before the first run, which would take it for its own
  const int bound = arguments.bound.value_or(workload.bound);
  Runner runner(workload.body);
  runner.all_sites = workload.all_sites;
  const bool is_random = arguments.minutes.has_value();
  const ExploreOptions options{
      .bound = bound, .seconds_max = arguments.seconds_max, .seed = seed, .is_weak = arguments.is_weak};
  const Exploration all = is_random ? explore_random(runner, options) : explore(runner, options);
  print(workload, all, bound, is_random);
  report = {.schedules = all.schedules,
            .states = all.states,
            .disks = ledger().disks.size(),
            .recoveries = ledger().recoveries,
            .bound = bound,
            .is_complete = all.is_complete,
            .is_violated = !all.violation.empty(),
            .is_done = true};
}

struct Total {
  std::uint64_t schedules = 0;
  std::uint64_t states = 0;
  std::uint64_t disks = 0;
  std::uint64_t recoveries = 0;
  std::uint64_t violations = 0;
  std::size_t incomplete = 0;
  int bound_min = 99;
  int bound_max = 0;
};

Total run_all(const std::vector<Workload>& workloads, const Arguments& arguments, std::uint64_t seed) {
  Report* const reports = shared_reports(workloads.size());
  in_processes(workloads.size(), [&](std::size_t at) { run_one(workloads[at], arguments, seed + at, reports[at]); });
  Total total;
  for (std::size_t at = 0; at < workloads.size(); ++at) {
    const Report& report = reports[at];
    if (!report.is_done) {
      std::cout << "VIOLATED: workload " << workloads[at].name << " ended the program\n";
      ++total.violations;
    }
    total.schedules += report.schedules;
    total.states += report.states;
    total.disks += report.disks;
    total.recoveries += report.recoveries;
    total.violations += report.is_violated ? 1 : 0;
    total.incomplete += report.is_complete ? 0 : 1;
    total.bound_min = std::min(total.bound_min, report.bound);
    total.bound_max = std::max(total.bound_max, report.bound);
  }
  return total;
}

std::string output_of(const std::string& command, int& status) {
  std::string output;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) output += buffer;
  status = ::pclose(pipe);
  return output;
}

/// What it was caught by; empty: it was not.
std::string hunt(const Mutant& mutant, const std::filesystem::path& folder) {
  const std::filesystem::path program = folder / mutant.name;
  for (int bound = 0; bound <= mutant.bound; ++bound) {
    int status = 0;
    const std::string output = output_of(
        program.string() + " --exactly " + mutant.workload + " --bound " + std::to_string(bound) +
            " --no-mutants --seconds 300",  // none is let off because the machine is slow
        status);
    const std::string_view mark = "VIOLATED: ";
    const std::size_t at = output.find(mark);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + mark.size();
    return "bound " + std::to_string(bound) + ": " + output.substr(begin, output.find('\n', begin) - begin);
  }
  return {};
}

std::filesystem::path program_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

/// How many were caught.
std::size_t hunt_all(const std::vector<Mutant>& mutants) {
  Report* const reports = shared_reports(mutants.size());
  const std::filesystem::path folder = program_folder() / "interleave_mutants";
  in_processes(mutants.size(), [&](std::size_t at) {
    const std::string found = hunt(mutants[at], folder);
    reports[at].is_violated = !found.empty();
    std::string line = "mutant " + mutants[at].what;
    line.resize(std::max<std::size_t>(line.size(), 62), ' ');
    line += found.empty() ? "NOT CAUGHT\n" : "caught, " + found.substr(0, 160) + "\n";
    std::fputs(line.c_str(), stdout);
  });
  return static_cast<std::size_t>(
      std::count_if(reports, reports + mutants.size(), [](const Report& report) { return report.is_violated; }));
}

/// How many of them show what they must, and nothing else.
std::size_t try_all(const std::vector<Litmus>& all) {
  Report* const reports = shared_reports(all.size());
  in_processes(all.size(), [&](std::size_t at) {
    const Litmus& litmus = all[at];
    prepare_runtime();
    Runner runner(litmus.workload.body);
    const Exploration exploration = explore(runner, {.bound = litmus.workload.bound});
    reports[at].is_done = !exploration.violation.empty() == litmus.is_possible &&
                          (litmus.is_possible || exploration.is_complete);
    std::string line = "litmus " + litmus.workload.name;
    line.resize(std::max<std::size_t>(line.size(), 52), ' ');
    line += exploration.violation.empty() ? "not seen, " : "seen, ";
    line += std::to_string(exploration.schedules) + " schedules";
    line += reports[at].is_done ? "\n" : ": WRONG, " + exploration.violation + "\n";
    std::fputs(line.c_str(), stdout);
  });
  return static_cast<std::size_t>(
      std::count_if(reports, reports + all.size(), [](const Report& report) { return report.is_done; }));
}

int run(const std::vector<Workload>& workloads, const Arguments& arguments) {
  const auto begin = Clock::now();
  const std::vector<Litmus> litmus = arguments.only.empty() ? all_litmus() : std::vector<Litmus>();
  const std::size_t right = try_all(litmus);
  const Total total = run_all(workloads, arguments, arguments.seed);
  const std::vector<Mutant> mutants = arguments.has_mutants && arguments.only.empty() ? all_mutants()
                                                                                      : std::vector<Mutant>();
  const std::size_t caught = hunt_all(mutants);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin).count();
  std::cout << right << '/' << litmus.size() << " litmus tests as C++ has them, " << total.recoveries << " recoveries, "
            << seconds << " s\n"
            << "interleave: " << total.schedules << " schedules, " << total.states << " states, " << total.disks
            << " disks, " << total.violations << " violations, " << caught << '/' << mutants.size()
            << " mutants caught, ";
  if (total.incomplete == 0) {
    std::cout << "complete to bound " << total.bound_min;
    if (total.bound_max != total.bound_min) std::cout << " to " << total.bound_max << ", by workload";
    std::cout << '\n';
  } else {
    std::cout << total.incomplete << " workloads not complete\n";
  }
  return total.violations == 0 && caught == mutants.size() && right == litmus.size() ? 0 : 1;
}

int run_deep(const std::vector<Workload>& workloads, Arguments arguments) {
  using Seconds = std::chrono::duration<double>;
  const auto end = Clock::now() + Seconds(*arguments.minutes * 60);
  const double turns = std::ceil(static_cast<double>(workloads.size()) / static_cast<double>(processors()));
  Total total;
  for (std::uint64_t round = 0; Clock::now() < end && total.violations == 0; ++round) {
    arguments.seconds_max = std::clamp(Seconds(end - Clock::now()).count() / turns, 1.0, 20.0);
    const Total more = run_all(workloads, arguments, arguments.seed + round * 1'000'000);
    total.schedules += more.schedules;
    total.disks += more.disks;
    total.recoveries += more.recoveries;
    total.violations += more.violations;
  }
  std::cout << "interleave: " << total.schedules << " random schedules from seed " << arguments.seed << ", "
            << total.disks << " disks, " << total.violations << " violations\n";
  return total.violations == 0 ? 0 : 1;
}

int replay(const std::vector<Workload>& workloads, const std::string& text) {
  const std::size_t at = text.find('@');
  const auto workload = std::ranges::find(workloads, text.substr(0, at), &Workload::name);
  Schedule schedule;
  if (at == std::string::npos || workload == workloads.end() ||
      !parse(std::string_view(text).substr(at + 1), schedule)) {
    std::cerr << "datawal_interleave: there is no such schedule: " << text << '\n';
    return 2;
  }
  prepare_runtime();
  Runner runner(workload->body);
  runner.is_traced = runner.all_sites = true;
  Replay strategy(schedule);
  const RunResult result = runner.run(strategy);
  if (!strategy.is_spent())
    std::cout << "the schedule is of another version of the library: it did not come to its end\n";
  if (result.violation.empty()) {
    std::cout << "no violation\n";
    return 0;
  }
  std::cout << "VIOLATED: " << result.violation << '\n';
  return 1;
}

int usage() {
  std::cerr << "usage: datawal_interleave [--bound N] [--only PREFIX] [--deep MINUTES] [--seed N] [--seconds N] "
               "[--sequential]\n"
               "                          [--no-mutants] [--replay WORKLOAD@SCHEDULE]\n";
  return 2;
}

int main_of(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--no-mutants") {
      arguments.has_mutants = false;
    } else if (word == "--sequential") {
      arguments.is_weak = false;
    } else if (i + 1 == words.size()) {
      return usage();
    } else if (const std::string& value = words[++i]; word == "--bound") {
      arguments.bound = std::atoi(value.c_str());
    } else if (word == "--only" || word == "--exactly") {
      arguments.only = value;
      arguments.is_exact = word == "--exactly";
    } else if (word == "--deep") {
      arguments.minutes = std::atof(value.c_str());
    } else if (word == "--seed") {
      arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--seconds") {
      arguments.seconds_max = std::atof(value.c_str());
    } else if (word == "--replay") {
      arguments.replay = value;
    } else {
      return usage();
    }
  }
  std::vector<Workload> workloads = all_workloads();
  if (!arguments.replay.empty()) return replay(workloads, arguments.replay);
  std::erase_if(workloads, [&](const Workload& workload) {
    return arguments.is_exact ? workload.name != arguments.only : !workload.name.starts_with(arguments.only);
  });
  if (workloads.empty()) return usage();
  return arguments.minutes ? run_deep(workloads, arguments) : run(workloads, arguments);
}

}  // namespace
}  // namespace datawal::interleave

int main(int argc, char** argv) {
  datawal::interleave::memory::end_startup();
  return datawal::interleave::main_of({argv + 1, argv + argc});
}
