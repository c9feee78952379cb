// What a disk may hold when the power goes before a file's name is on it: safeatomic/README.md.
#include <iostream>
#include <safeatomic/safeatomic.hpp>
#include <safeatomic/sim.hpp>

using namespace safeatomic;

int main() {
  sim::SimFileSystem machine;
  machine.set_hook([](const sim::Operation& op) {
    return op.kind == sim::OpKind::sync_directory ? sim::Fault::power_loss : sim::Fault::none;
  });
  (void)write_atomic("/state", "new", {.file_system = &machine});  // fails at its last step

  const sim::PowerLoss loss(machine);
  sim::Choice choice(loss.undecided().size(), 0);  // nothing landed that was not synced
  const sim::SimFileSystem after(loss.outcome(choice));
  std::cout << (after.peek("/state") ? "the new file is there\n" : "the file is not there\n");
}
