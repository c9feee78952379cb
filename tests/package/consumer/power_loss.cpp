// Somebody tests a program: whatever a loss of power leaves, what was acknowledged is there.
#include <datawal/datawal.hpp>
#include <safeatomic/sim.hpp>

#include <cstdio>
#include <optional>
#include <string>

namespace {

using safeatomic::sim::Choice;
using safeatomic::sim::PowerLoss;
using safeatomic::sim::SimFileSystem;

int fail(const char* what) {
  std::fprintf(stderr, "power loss: %s\n", what);
  return 1;
}

bool next(Choice& choice, const PowerLoss& loss) {
  for (std::size_t i = 0; i < choice.size(); ++i) {
    if (++choice[i] < loss.undecided()[i].options) return true;
    choice[i] = 0;
  }
  return false;
}

}  // namespace

int main() {
  SimFileSystem machine;
  auto log = datawal::RecordLog::open("/events", {.file_system = &machine});
  if (!log || !log->append("acknowledged", {.sync = true}) || !log->append("not yet")) return fail("append");

  const PowerLoss loss(machine);
  Choice choice(loss.undecided().size(), 0);
  int disks = 0;
  do {
    SimFileSystem after(loss.outcome(choice));
    const auto recovered = datawal::RecordLog::open("/events", {.file_system = &after});
    if (!recovered) return fail("open");
    const auto records = recovered->scan();
    if (!records || records->empty() || records->front().payload != "acknowledged") return fail("a record is gone");
    ++disks;
  } while (next(choice, loss));
  std::printf("power loss: %d disks looked at\n", disks);
  return disks > 1 ? 0 : fail("nothing was undecided");
}
