#pragma once
// The memory model, held against what C++ allows and forbids. A model that shows too little proves too little; one that shows what
// cannot be finds bugs that are none.

#include <vector>

#include "interleave/workloads/workload.hpp"

namespace datawal::interleave {

struct Litmus {
  Workload workload;  ///< is violated where it sees what it is about
  bool is_possible = false;
};

[[nodiscard]] std::vector<Litmus> all_litmus();

}  // namespace datawal::interleave
