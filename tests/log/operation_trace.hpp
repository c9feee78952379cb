#pragma once
// What was done at the seam, as text, and in which order.

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "faulty_file_system.hpp"

namespace datawal::test {

using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

/// Changes and openings of files: "open_file 00000001.dwal", "write 00000001.dwal", "sync_directory store".
inline std::vector<std::string> trace_of(const FaultyFileSystem& file_system) {
  std::vector<std::string> trace;
  for (const FsOp& op : file_system.operations()) {
    if (is_change(op.kind) || op.kind == OpKind::open_file) trace.push_back(describe(op));
  }
  return trace;
}

/// Each of `wanted` occurs in `trace` behind the one before it.
inline testing::AssertionResult in_order(const std::vector<std::string>& trace,
                                         const std::vector<std::string>& wanted) {
  auto at = trace.begin();
  for (const std::string& step : wanted) {
    at = std::find(at, trace.end(), step);
    if (at == trace.end()) {
      testing::AssertionResult failure = testing::AssertionFailure() << "no \"" << step << "\" at its place in";
      for (const std::string& done : trace) failure << "\n  " << done;
      return failure;
    }
    ++at;
  }
  return testing::AssertionSuccess();
}

inline bool contains(const std::vector<std::string>& trace, const std::string& step) {
  return std::ranges::find(trace, step) != trace.end();
}

inline std::size_t count_of(const std::vector<std::string>& trace, const std::string& step) {
  return static_cast<std::size_t>(std::ranges::count(trace, step));
}

inline bool is_segment_name(const std::string& path) { return path.ends_with(".dwal"); }

}  // namespace datawal::test
