// Readers and followers, as other processes, beside whoever writes.

#include <string>

#include "interleave/workloads/workload.hpp"
#include "interleave/world/log_world.hpp"

namespace datawal::interleave {

namespace {

struct Beside {
  bool drops = false;
  bool reopens = false;
  bool is_interruptible = false;
};

void write(LogWorld& world, const Beside& beside) {
  world.append("one.", false);
  world.rotate();
  world.append("two.", false);
  if (beside.drops) {
    world.drop_segments_before(2);
    world.append("three.", false);
  }
  if (beside.reopens) {
    world.close();
    world.reopen();
    world.append("three.", false);
  }
}

template <class Look>
void beside(const Beside& what, Look look) {
  LogWorld world({.is_interruptible = what.is_interruptible});
  world.open(world.open_options());
  begin_exploring();
  spawn([&] { write(world, what); });
  spawn([&] { look(world); });
  join_all();
}

}  // namespace

std::vector<Workload> reader_workloads() {
  const auto reads = [](LogWorld& world) { world.read(0); };
  const auto refreshes = [](LogWorld& world) { world.read(2); };
  const auto follows = [](LogWorld& world) { world.follow(3); };
  return {
      {"read", 3, [=] { beside({}, reads); }},
      {"read_refresh", 2, [=] { beside({}, refreshes); }},
      {"read_drop", 2, [=] { beside({.drops = true}, refreshes); }},
      {"read_reopen", 2, [=] { beside({.reopens = true}, refreshes); }},
      {"read_interrupted", 2, [=] { beside({.is_interruptible = true}, refreshes); }},
      {"follow", 2, [=] { beside({}, follows); }},
      {"follow_drop", 2, [=] { beside({.drops = true}, follows); }},
      {"follow_reopen", 2, [=] { beside({.reopens = true}, follows); }},
  };
}

}  // namespace datawal::interleave
