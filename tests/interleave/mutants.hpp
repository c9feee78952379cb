#pragma once
// Deliberate bugs. An exploration that does not find them proves nothing. Each is a program of its own, with the library as
// mutants/<name>.mutant changes it: see CMakeLists.txt.

#include <string>
#include <vector>

namespace datawal::interleave {

struct Mutant {
  std::string name;      ///< of the program
  std::string what;      ///< the bug, in a few words
  std::string workload;  ///< in which it is looked for
  int bound = 2;
};

[[nodiscard]] std::vector<Mutant> all_mutants();

}  // namespace datawal::interleave
