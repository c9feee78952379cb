// A whole test of what a program keeps when the power fails: safeatomic/README.md.
#include <iostream>
#include <string>

#include <safeatomic/safeatomic.hpp>
#include <safeatomic/sim.hpp>

using namespace safeatomic;

int main() {
  int written = 0;  // the last state that the program was told is safe
  const auto program = [&](FileSystem& files) {
    for (int state = 1; state <= 3; ++state) {
      if (write_atomic("/state", std::to_string(state), {.file_system = &files})) written = state;
    }
  };

  bool is_safe = true;
  const auto check = [&](const sim::Crash& crash) {  // before every operation, for every disk that may be left
    const sim::SimFileSystem after(crash.disk);
    const std::string there = after.peek("/state").value_or("0");
    if (there == std::to_string(written) || there == std::to_string(written + 1)) return;
    std::cout << "power lost before " << crash.before << ": \"" << there << "\" after " << written << '\n';
    is_safe = false;
  };

  const sim::CrashCount count = sim::for_each_crash(sim::DiskImage(), program, check);
  std::cerr << count.crashes << " crashes at " << count.points << " points, " << count.choices << " not in full\n";
  std::cout << (is_safe ? "safe\n" : "NOT SAFE\n");
  return is_safe ? 0 : 1;
}
