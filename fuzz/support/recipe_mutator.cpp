// libFuzzer's hooks for targets that take a recipe: it changes whole steps as often as bytes.

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/recipe.hpp"

// NOLINTBEGIN(readability-identifier-naming): libFuzzer's names
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second, std::size_t second_size, std::uint8_t* out,
                                                 std::size_t max_out_size, unsigned seed);
// NOLINTEND(readability-identifier-naming)

namespace datawal::fuzz {
namespace {

std::size_t below(std::minstd_rand& random, std::size_t bound) { return random() % bound; }

std::string new_step(std::minstd_rand& random) {
  // Frames, and damage behind them, more often than the rest.
  constexpr Step favoured[] = {Step::frame, Step::frame, Step::patch_header, Step::file, Step::watermark, Step::zeros};
  const Step step = below(random, 2) == 0 ? favoured[below(random, std::size(favoured))]
                                          : static_cast<Step>(below(random, step_count));
  std::string bytes(1, static_cast<char>(step));
  for (int n = 0; n < 10; ++n) bytes += static_cast<char>(below(random, 3) == 0 ? random() : below(random, 16));
  return bytes.substr(0, step_bounds(bytes)[1]);
}

std::string mutate(const std::string& recipe, std::minstd_rand& random) {
  const std::vector<std::size_t> bounds = step_bounds(recipe);
  const std::size_t steps = bounds.size() - 1;
  const std::size_t at = steps == 0 ? 0 : below(random, steps);
  const auto part = [&](std::size_t n) { return recipe.substr(bounds[n], bounds[n + 1] - bounds[n]); };
  std::string changed = recipe;
  switch (steps == 0 ? 0 : below(random, 5)) {
    case 0: return changed.insert(bounds[below(random, bounds.size())], new_step(random));
    case 1: return changed.erase(bounds[at], bounds[at + 1] - bounds[at]);
    case 2: return changed.insert(bounds[below(random, bounds.size())], part(at));
    case 3: {
      const std::string moved = part(at);
      changed.erase(bounds[at], moved.size());
      const std::vector<std::size_t> left = step_bounds(changed);
      return changed.insert(left[below(random, left.size())], moved);
    }
    default: {
      std::string step = part(at);
      const std::size_t len = step.size();
      if (len > 1) {
        LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(step.data()) + 1, len - 1, len - 1);  // keeps its kind
      }
      return changed.replace(bounds[at], len, step);
    }
  }
}

std::size_t give(const std::string& recipe, std::uint8_t* out, std::size_t max_size) {
  const std::size_t size = std::min(recipe.size(), max_size);
  std::copy_n(recipe.begin(), size, out);
  return size;
}

}  // namespace
}  // namespace datawal::fuzz

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  std::minstd_rand random(seed + 1);
  if (random() % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string recipe(reinterpret_cast<const char*>(data), size);
  for (std::size_t n = 1 + random() % 3; n > 0; --n) recipe = datawal::fuzz::mutate(recipe, random);
  return datawal::fuzz::give(recipe, data, max_size);
}

std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size, const std::uint8_t* second,
                                      std::size_t second_size, std::uint8_t* out, std::size_t max_out_size,
                                      unsigned seed) {
  std::minstd_rand random(seed + 1);
  const std::string_view head(reinterpret_cast<const char*>(first), first_size);
  const std::string_view tail(reinterpret_cast<const char*>(second), second_size);
  const std::vector<std::size_t> heads = datawal::fuzz::step_bounds(head);
  const std::vector<std::size_t> tails = datawal::fuzz::step_bounds(tail);
  std::string recipe(head.substr(0, heads[random() % heads.size()]));
  recipe += tail.substr(tails[random() % tails.size()]);
  return datawal::fuzz::give(recipe, out, max_out_size);
}
