#pragma once
// Results in assertions.

#include <gtest/gtest.h>

#include <safeatomic/error.hpp>

namespace safeatomic {

inline void PrintTo(const Error& error, std::ostream* out) { *out << error.message(); }

}  // namespace safeatomic

namespace safeatomic::test {

/// EXPECT_TRUE(succeeded(file->sync_all())): prints the reason if it did not.
template <class T>
[[nodiscard]] testing::AssertionResult succeeded(const Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().message();
}

/// EXPECT_TRUE(failed_with(Errc::not_found, directory->unlink("x"))).
template <class T>
[[nodiscard]] testing::AssertionResult failed_with(Errc code, const Result<T>& result) {
  if (result) return testing::AssertionFailure() << "succeeded";
  if (result.error().code == code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.error().message();
}

/// The value of a result that must be there.
template <class T>
[[nodiscard]] T value_of(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message();
    std::abort();
  }
  return std::move(*result);
}

}  // namespace safeatomic::test
