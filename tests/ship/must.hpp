#pragma once
// What a test of the ship cannot go on without.

#include <stdexcept>
#include <utility>

#include <datawal/error.hpp>

#include "ship/outcome.hpp"

namespace datawal::ship {

template <class T>
T must(Outcome<T> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().text);
  return std::move(*outcome);
}
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}
inline void must(const Outcome<void>& outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().text);
}
inline void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message());
}

}  // namespace datawal::ship
