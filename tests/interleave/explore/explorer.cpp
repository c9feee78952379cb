#include "interleave/explore/explorer.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace datawal::interleave {

bool DepthFirst::next() {
  asked_ = 0;
  used_ = 0;
  known_ = 0;
  if (!std::exchange(is_begun_, true)) return true;
  while (!stack_.empty()) {
    Decision& last = stack_.back();
    std::size_t at = last.at + 1;
    while (at < last.options.size() && last.used + last.costs[at] > bound_) ++at;
    if (at < last.options.size()) {
      last.at = at;
      known_ = stack_.size();
      return true;
    }
    stack_.pop_back();
  }
  return false;
}

void DepthFirst::restart() {
  stack_.clear();
  seen_.clear();
  is_begun_ = false;
}

std::size_t DepthFirst::choose(const Question& question) {
  if (asked_ < stack_.size()) {
    const Decision& decision = stack_[asked_++];
    const bool is_same = decision.operation == question.operation &&
                         std::ranges::equal(decision.options, question.options);
    if (!is_same) {
      violated("a run is not repeatable: operation " + std::to_string(decision.operation) + " of " +
               std::to_string(decision.options.size()) + " options is now " + std::to_string(question.operation) +
               " of " + std::to_string(question.options.size()));
    }
    used_ = decision.used + decision.costs[decision.at];
    return decision.at;
  }
  if (seen_.seen(question.state, used_)) return leave;
  stack_.push_back({.operation = question.operation,
                    .options = {question.options.begin(), question.options.end()},
                    .costs = {question.costs.begin(), question.costs.end()},
                    .at = 0,
                    .used = used_});
  ++asked_;
  return 0;
}

Random::Random(std::uint64_t seed, int depth, std::uint32_t length) : random_(seed) {
  for (int i = 1; i < depth; ++i) changes_.push_back(1 + static_cast<std::uint32_t>(random_() % std::max(length, 1U)));
  for (std::uint64_t& priority : priorities_) priority = 1'000'000 + random_() % 1'000'000;
}

std::size_t Random::choose(const Question& question) {
  constexpr std::uint64_t rarely = 12;
  const Chosen kind = question.options[0].what;
  if (kind == Chosen::store || kind == Chosen::waiter) {
    return random_() % rarely == 0 ? random_() % question.options.size() : 0;
  }
  const auto due = std::ranges::find_if(changes_, [&](std::uint32_t at) { return at <= question.operation; });
  if (due != changes_.end()) {
    priorities_[question.thread] = --lowest_;
    changes_.erase(due);
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < question.options.size(); ++i) {
    const Option& option = question.options[i];
    if (option.what != Chosen::thread) {
      if (question.costs[i] == 0 ? random_() % 2 == 0 : random_() % 64 == 0) return i;
      continue;
    }
    const Option& first = question.options[best];
    if (first.what != Chosen::thread || priorities_[option.number] > priorities_[first.number]) best = i;
  }
  return best;
}

std::size_t Replay::choose(const Question& question) {
  if (at_ == schedule_.size() || schedule_[at_].operation != question.operation) return 0;
  const auto option = std::ranges::find(question.options, schedule_[at_].option);
  if (option == question.options.end()) violated("the schedule is not of this workload");
  ++at_;
  return static_cast<std::size_t>(option - question.options.begin());
}

namespace {

// Of this process's own time: others on the machine do not count.
double seconds_now() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool note(Exploration& all, RunResult& one) {
  ++all.schedules;
  all.left += one.is_left ? 1 : 0;
  if (one.violation.empty()) return true;
  all.violation = std::move(one.violation);
  all.schedule = std::move(one.schedule);
  return false;
}

// Where switches matter, as far as some random runs show.
bool look_around(Runner& runner, const ExploreOptions& options, std::uint64_t runs, double (&now)(), double end,
                 Exploration& all) {
  std::uint32_t length = 100;
  for (std::uint64_t i = 0; i < runs && now() < end; ++i) {
    Random random(options.seed * 1'000'003 + i, static_cast<int>(i % 5), length);
    RunResult one = runner.run(random);
    length = std::max(length, one.operations);
    if (!note(all, one)) return false;
  }
  return true;
}

}  // namespace

Exploration explore(Runner& runner, const ExploreOptions& options) {
  constexpr std::uint64_t first_look = 200;
  const double begin = seconds_now();
  const double end = begin + options.seconds_max;
  Exploration all;
  runner.is_weak = options.is_weak;
  if (look_around(runner, options, first_look, seconds_now, end, all)) {
    DepthFirst depth_first(options.bound);
    while (seconds_now() < end) {
      if (!depth_first.next()) {
        all.is_complete = true;
        break;
      }
      RunResult one = runner.run(depth_first);
      if (!note(all, one)) break;
      if (one.has_new_sites) {
        depth_first.restart();
        ++all.restarts;
      }
    }
    all.states = depth_first.states();
  }
  all.sites = runner.sites.size();
  all.seconds = seconds_now() - begin;
  return all;
}

Exploration explore_random(Runner& runner, const ExploreOptions& options) {
  const double begin = wall_seconds();
  Exploration all;
  runner.is_weak = options.is_weak;
  ExploreOptions more = options;
  while (wall_seconds() - begin < options.seconds_max) {
    if (!look_around(runner, more, 1000, wall_seconds, begin + options.seconds_max, all)) break;
    ++more.seed;
  }
  all.sites = runner.sites.size();
  all.seconds = wall_seconds() - begin;
  return all;
}

}  // namespace datawal::interleave
