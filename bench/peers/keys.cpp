#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "workloads.hpp"

namespace bench {

std::string make_keys(std::size_t count, unsigned family, bool ascending) {
  // A bijection of 64 bits, so that no key comes twice; a family is a range of its arguments.
  const auto mix = [](std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBULL;
    return x ^ (x >> 31);
  };
  std::vector<std::uint64_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = mix((static_cast<std::uint64_t>(family) << 40) + i + 1);
  if (ascending) std::ranges::sort(numbers);
  std::string keys(count * key_len, '0');
  char* to = keys.data();
  for (const std::uint64_t number : numbers) {
    for (std::size_t digit = 0; digit < key_len; ++digit) *to++ = "0123456789abcdef"[number >> (60 - 4 * digit) & 15];
  }
  return keys;
}

const std::string& value() {
  static const std::string made = [] {
    std::string text;
    while (text.size() < value_len) text += "value " + std::to_string(text.size()) + ' ';
    text.resize(value_len);
    return text;
  }();
  return made;
}

Contenders readers_of(const Contenders& all) {
  Contenders readers;
  for (const Contender& contender : all) {
    if (contender.open_keys != nullptr && !contender.is_variant && contender.promise == Promise::kill) {
      readers.push_back(contender);
    }
  }
  return readers;
}

std::filesystem::path store_path(const Plan& plan, const Contender& contender) {
  return plan.scratch / ("full-" + contender.name);
}

}  // namespace bench
