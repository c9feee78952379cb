#pragma once
// Sorts many values by number, several times faster than by comparing.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace datawal::kv {

/// Sorts `values` ascending, in place, by the 64-bit number `digits_of(value)`; those with equal numbers by `<`.
/// @param shift  the bits from `shift + 8` on are equal in all numbers
template <class Value, class DigitsOf>
void radix_sort(std::span<Value> values, const DigitsOf& digits_of, int shift = 56) {
  constexpr std::size_t few = 64;
  constexpr std::size_t digits = 256;
  if (values.size() <= few || shift < 0) {
    std::sort(values.begin(), values.end());
    return;
  }
  const auto digit_of = [&](const Value& value) {
    return static_cast<std::size_t>(digits_of(value) >> shift) % digits;
  };
  std::array<std::size_t, digits> ends{};
  for (const Value& value : values) ++ends[digit_of(value)];
  std::array<std::size_t, digits> next{};  // where the next value with a digit goes
  std::size_t sum = 0;
  for (std::size_t digit = 0; digit < digits; ++digit) {
    next[digit] = sum;
    sum += ends[digit];
    ends[digit] = sum;
  }
  for (std::size_t digit = 0; digit < digits; ++digit) {
    while (next[digit] < ends[digit]) {
      // Move the value here to where it belongs, then the one it displaces, until one belongs here.
      Value& here = values[next[digit]];
      for (std::size_t belongs = digit_of(here); belongs != digit; belongs = digit_of(here)) {
        std::swap(here, values[next[belongs]++]);
      }
      ++next[digit];
    }
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (end - begin > 1) radix_sort(values.subspan(begin, end - begin), digits_of, shift - 8);
    begin = end;
  }
}

}  // namespace datawal::kv
