#pragma once
// For suites that must hold whichever way frames are written.

#include <gtest/gtest.h>

#include "log/store_support.hpp"

namespace datawal::test {

/// A store that is written by the path of the parameter.
class OnBothWritePaths : public testing::TestWithParam<WritePath> {
 protected:
  OnBothWritePaths() { store_.write_path = GetParam(); }
  [[nodiscard]] static bool is_mapped() { return GetParam() == WritePath::mapped; }

  Store store_;
};

inline const auto both_write_paths = testing::Values(WritePath::append, WritePath::mapped);

inline std::string name_of_path(const testing::TestParamInfo<WritePath>& of) {
  return of.param == WritePath::mapped ? "mapped" : "append";
}

}  // namespace datawal::test
