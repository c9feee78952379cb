#include "interleave/workloads/litmus.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "interleave/runtime/scheduler.hpp"
#include "interleave/watched.hpp"

namespace datawal::interleave {

namespace {

// NOLINTNEXTLINE(google-build-using-namespace): calls of one line each
using namespace watched;

struct Place {
  Word x{0};
  Word y{0};
  std::uint32_t plain = 0;
  std::uint32_t seen[4] = {};
};

using Part = std::function<void(Place&)>;
using Outcome = std::function<bool(const Place&)>;

Litmus of(std::string name, bool is_possible, std::vector<Part> parts, Outcome outcome) {
  const auto body = [=] {
    const auto place = std::make_unique<Place>();
    begin_exploring();
    for (const Part& part : parts) {
      spawn([&place, &part] {
        const Watched watched;
        part(*place);
      });
    }
    join_all();
    if (outcome(*place)) violated("seen");
  };
  return {.workload = {.name = std::move(name), .bound = 4, .body = body}, .is_possible = is_possible};
}

Outcome both_zero() {
  return [](const Place& place) { return place.seen[0] == 0 && place.seen[1] == 0; };
}
// The flag, and not what was written before it.
Outcome flag_alone() {
  return [](const Place& place) { return place.seen[0] == 1 && place.seen[1] == 0; };
}
Outcome never() {
  return [](const Place&) { return false; };
}

// Two writers, and two readers that see them in different orders.
Outcome orders_differ() {
  return [](const Place& place) {
    return place.seen[0] == 1 && place.seen[1] == 0 && place.seen[2] == 1 && place.seen[3] == 0;
  };
}

}  // namespace

std::vector<Litmus> all_litmus() {
  const Part passes_relaxed = [](Place& place) {
    store_relaxed(place.x, 1);
    store_relaxed(place.y, 1);
  };
  const Part passes_release = [](Place& place) {
    store_relaxed(place.x, 1);
    store_release(place.y, 1);
  };
  const Part passes_by_fence = [](Place& place) {
    store_relaxed(place.x, 1);
    fence_release();
    store_relaxed(place.y, 1);
  };
  const Part takes_acquire = [](Place& place) {
    place.seen[0] = load_acquire(place.y);
    place.seen[1] = load_relaxed(place.x);
  };
  const Part takes_by_fence = [](Place& place) {
    place.seen[0] = load_relaxed(place.y);
    fence_acquire();
    place.seen[1] = load_relaxed(place.x);
  };
  const Part adds = [](Place& place) { add_relaxed(place.y, 1); };
  const Part takes_two = [](Place& place) {
    place.seen[0] = load_acquire(place.y) == 2 ? 1 : 0;
    place.seen[1] = load_relaxed(place.x);
  };
  const Part reads_x_twice = [](Place& place) {
    place.seen[0] = load_relaxed(place.x);
    place.seen[1] = load_relaxed(place.x);
  };
  const Part stores_x = [](Place& place) { store_relaxed(place.x, 1); };
  const Part x_then_y = [](Place& place) {
    place.seen[0] = load_acquire(place.x);
    place.seen[1] = load_acquire(place.y);
  };
  const Part y_then_x = [](Place& place) {
    place.seen[2] = load_acquire(place.y);
    place.seen[3] = load_acquire(place.x);
  };
  const Part x_then_y_sequential = [](Place& place) {
    place.seen[0] = load_sequential(place.x);
    place.seen[1] = load_sequential(place.y);
  };
  const Part y_then_x_sequential = [](Place& place) {
    place.seen[2] = load_sequential(place.y);
    place.seen[3] = load_sequential(place.x);
  };
  const Part buffers_x = [](Place& place) {
    store_release(place.x, 1);
    place.seen[0] = load_acquire(place.y);
  };
  const Part buffers_y = [](Place& place) {
    store_release(place.y, 1);
    place.seen[1] = load_acquire(place.x);
  };
  const Part buffers_x_fenced = [](Place& place) {
    store_relaxed(place.x, 1);
    fence_sequential();
    place.seen[0] = load_relaxed(place.y);
  };
  const Part buffers_y_fenced = [](Place& place) {
    store_relaxed(place.y, 1);
    fence_sequential();
    place.seen[1] = load_relaxed(place.x);
  };
  const Part buffers_x_sequential = [](Place& place) {
    store_sequential(place.x, 1);
    place.seen[0] = load_sequential(place.y);
  };
  const Part buffers_y_sequential = [](Place& place) {
    store_sequential(place.y, 1);
    place.seen[1] = load_sequential(place.x);
  };
  const Part writes_and_releases = [](Place& place) {
    write_plain(place.plain, 1);
    store_release(place.y, 1);
  };
  const Part writes_and_tells = [](Place& place) {
    write_plain(place.plain, 1);
    store_relaxed(place.y, 1);
  };
  const Part acquires_and_reads = [](Place& place) {
    if (load_acquire(place.y) == 1) place.seen[0] = read_plain(place.plain);
  };
  return {
      of("message, relaxed", true, {passes_relaxed, takes_acquire}, flag_alone()),
      of("message, released and acquired", false, {passes_release, takes_acquire}, flag_alone()),
      of("message, released, not acquired", true,
         {passes_release,
          [](Place& place) {
            place.seen[0] = load_relaxed(place.y);
            place.seen[1] = load_relaxed(place.x);
          }},
         flag_alone()),
      of("message, by fences", false, {passes_by_fence, takes_by_fence}, flag_alone()),
      of("message, release to acquire fence", false, {passes_release, takes_by_fence}, flag_alone()),
      of("message, through another's addition", false, {passes_release, adds, takes_two}, flag_alone()),
      of("one place, older after newer", false, {stores_x, reads_x_twice}, flag_alone()),
      of("stores after loads, released and acquired", true, {buffers_x, buffers_y}, both_zero()),
      of("stores after loads, sequential fences", false, {buffers_x_fenced, buffers_y_fenced}, both_zero()),
      of("stores after loads, sequential", false, {buffers_x_sequential, buffers_y_sequential}, both_zero()),
      of("two writers, acquired", true,
         {[](Place& place) { store_release(place.x, 1); }, [](Place& place) { store_release(place.y, 1); }, x_then_y,
          y_then_x},
         orders_differ()),
      of("two writers, sequential", false,
         {[](Place& place) { store_sequential(place.x, 1); }, [](Place& place) { store_sequential(place.y, 1); },
          x_then_y_sequential, y_then_x_sequential},
         orders_differ()),
      of("data race, relaxed flag", true, {writes_and_tells, acquires_and_reads}, never()),
      of("data race, released flag", false, {writes_and_releases, acquires_and_reads}, never()),
  };
}

}  // namespace datawal::interleave
