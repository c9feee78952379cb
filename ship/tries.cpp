#include "ship/tries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace datawal::ship {

namespace {

using namespace std::chrono_literals;
constexpr std::chrono::milliseconds shortest = 2ms;
constexpr std::chrono::milliseconds longest = 1000ms;
constexpr std::chrono::milliseconds step = 20ms;  // after which it is looked whether it is asked to end

}  // namespace

Outcome<bool> Tries::again(const std::string& why) {
  const auto is_stopped = [this] { return options_.stop != nullptr && options_.stop->load(); };
  const std::string text = fmt::format("the stream does not take the next unit: {}", why);
  if (options_.on_trouble) options_.on_trouble(text);
  const auto tried = std::chrono::steady_clock::now() - began_;
  if (options_.patience.count() != 0 && tried >= options_.patience) return fail(exit_usage, text);
  for (auto left = pause_; left.count() > 0 && !is_stopped(); left -= step)
    std::this_thread::sleep_for(std::min(left, step));
  pause_ = pause_.count() == 0 ? shortest : std::min(2 * pause_, longest);
  return !is_stopped();
}

}  // namespace datawal::ship
