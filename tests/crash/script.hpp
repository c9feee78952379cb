#pragma once
// The steps of a workload, written short: "a700 A60 s r c o" appends 700 bytes, appends 60 and syncs, syncs, rotates, closes,
// and opens again.

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace datawal::crash {

struct Step {
  char what = 0;         ///< the first letter
  std::string key{};     ///< between the letter and a colon: "pk1:30"
  std::size_t size = 0;  ///< bytes, or whatever number the step takes
};

[[nodiscard]] inline std::vector<Step> parse_script(const std::string& text) {
  std::vector<Step> steps;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    Step step{.what = word.front()};
    std::string rest = word.substr(1);
    if (const std::size_t colon = rest.find(':'); colon != std::string::npos) {
      step.key = rest.substr(0, colon);
      rest.erase(0, colon + 1);
    }
    if (!rest.empty()) step.size = std::strtoull(rest.c_str(), nullptr, 10);
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace datawal::crash
