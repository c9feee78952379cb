// What stands behind the names of the compiler's runtime and of the C library (atomics.cpp, libc.cpp).

#include <algorithm>
#include <cstring>

#include "interleave/runtime/run_state.hpp"

namespace datawal::interleave {

namespace {

void check_access(std::uintptr_t at, std::size_t size, bool is_store, bool is_atomic, Site site) {
  Thread& me = *state->now;
  if (at - me.stack < fiber::stack_bytes || memory::is_local(at) || is_child()) return;
  MemoryModel::Race race;
  if (!state->model.access(me.view, me.id, at, size, is_store, is_atomic, site, race)) [[likely]]
    return;
  const Quiet quiet;
  const memory::HostScope host;
  if (race.is_freed) {
    violated("memory that was given back is used: " + describe_site(site) + " in thread " + std::to_string(me.id));
  }
  violated("data race: a " + std::string(is_store ? "store" : "load") + " in thread " + std::to_string(me.id) + ", " +
           describe_site(site) + ", and a " + (race.is_other_store ? "store" : "load") + " in thread " +
           std::to_string(race.other_thread) + ", " + describe_site(race.other));
}

}  // namespace

namespace detail {

bool is_watched() noexcept {
  return state != nullptr && state->now != nullptr && state->is_exploring && state->now->quiet == 0;
}

namespace {

std::uint64_t in_memory(std::uintptr_t at, std::size_t size) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const void*>(at), size);
  return value;
}

// Which of the stores that a load may take. The newest is free.
std::uint32_t choose_store(std::uint32_t count) {
  if (count < 2 || !state->runner->is_weak || state->alive < 2) return 0;
  offer(Chosen::store, std::min(count, 255U));
  const std::size_t at = ask();
  state->has_taken_old |= at != 0;
  return static_cast<std::uint32_t>(at);
}

}  // namespace

std::uint64_t atomic_load(std::uintptr_t at, std::size_t size, int order, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  const std::uint64_t seen = in_memory(at, size);
  bool is_same = me.loaded_from == at && me.loaded == seen;
  if (is_same && me.loads >= 2) {  // it spins: nobody else has moved since
    if (++me.spins > state->runner->limits.spins_max) violated("livelock: a loop that loads the same without end");
    return seen;
  }
  const unsigned loads = is_same ? me.loads : 0;
  begin_operation("load", at, site);
  atomic_access(at, size, false, site);
  const std::uint64_t now = in_memory(at, size);
  const std::uint32_t choice = choose_store(state->model.choices(me.view, at, now, order));
  std::uint64_t hash = 0;
  const std::uint64_t value = state->model.load(me.view, me.id, at, choice, order, hash);
  touch(at, false, site, hash);
  is_same = choice == 0 && me.loaded_from == at && me.loaded == value;
  me.loaded_from = at;
  me.loaded = value;
  me.loads = is_same ? loads + 1 : 1;
  if (is_traced()) trace("      = " + std::to_string(value));
  return value;
}

void before_change(std::string_view what, std::uintptr_t at, Site site) {
  const Quiet quiet;
  state->now->loaded_from = 0;
  begin_operation(what, at, site);
}

void atomic_stored(std::uintptr_t at, std::uint64_t before, std::uint64_t after, int order, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  touch(at, true, site);
  state->model.store(me.view, me.id, at, before, after, order, me.hash);
}

void atomic_exchanged(std::uintptr_t at, std::uint64_t before, std::uint64_t after, int order, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  touch(at, true, site);
  state->model.exchange(me.view, me.id, at, before, after, order, me.hash);
}

void atomic_looked(std::uintptr_t at, std::uint64_t now, int order, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  touch(at, false, site);
  state->model.look(me.view, me.id, at, now, order);
}

void fence(int order, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  if (order == __ATOMIC_SEQ_CST) {  // of those there is one order
    begin_operation("fence", fence_object, site);
    touch(fence_object, true, site);
  }
  state->model.fence(me.view, order);
}

void plain_access(std::uintptr_t at, std::size_t size, bool is_store, Site site) {
  check_access(at, size, is_store, false, site);
}
void atomic_access(std::uintptr_t at, std::size_t size, bool is_store, Site site) {
  check_access(at, size, is_store, true, site);
}

namespace {

void take(std::uintptr_t mutex, Site site) {
  const memory::HostScope host;
  Thread& me = *state->now;
  state->owners[mutex] = me.id;
  me.view.known.join(state->mutexes[mutex]);
  touch(mutex, true, site);
}

void give(std::uintptr_t mutex, Site site) {
  const memory::HostScope host;
  Thread& me = *state->now;
  touch(mutex, true, site);
  state->owners[mutex] = memory::nobody;
  state->mutexes[mutex] = me.view.known;
  me.view.known.tick(me.id);
}

}  // namespace

void lock(std::uintptr_t mutex, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  me.wait = Wait::mutex;
  me.waits_for = mutex;
  begin_operation("lock", mutex, site);
  if (!is_free(mutex)) choose_thread(false);
  me.wait = Wait::none;
  take(mutex, site);
}

bool try_lock(std::uintptr_t mutex, Site site) {
  const Quiet quiet;
  begin_operation("try to lock", mutex, site);
  if (!is_free(mutex)) {
    touch(mutex, false, site);
    return false;
  }
  take(mutex, site);
  return true;
}

void unlock(std::uintptr_t mutex, Site site) {
  const Quiet quiet;
  ++state->operations;
  give(mutex, site);
}

bool wait_condition(std::uintptr_t condition, std::uintptr_t mutex, bool is_timed, std::uint64_t deadline, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  begin_operation("wait for a condition", condition, site);
  give(mutex, site);
  touch(condition ^ queue_object, true, site);
  {
    const memory::HostScope host;
    state->queues[condition].push_back(&me);
  }
  me.mutex = mutex;
  me.is_timed = is_timed;
  me.deadline = deadline;
  block(Wait::condition, condition);
  touch(condition ^ queue_object, true, site + (me.is_timed_out ? 1 : 0));
  take(mutex, site);
  return me.is_timed_out;
}

void wake_condition(std::uintptr_t condition, bool all, Site site) {
  const Quiet quiet;
  begin_operation(all ? "notify all" : "notify one", condition, site);
  touch(condition ^ queue_object, true, site);
  wake(condition, all ? max_threads : 1);
}

bool wait_futex(std::uintptr_t word, std::uint32_t expected, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  begin_operation("sleep on a word", word, site);
  touch(word, false, site);
  touch(word ^ queue_object, true, site);
  if (in_memory(word, sizeof expected) != expected) return false;
  {
    const memory::HostScope host;
    state->queues[word].push_back(&me);
  }
  block(Wait::futex, word);
  if (is_traced()) trace("woken");
  touch(word ^ queue_object, true, site);
  return true;
}

void wake_futex(std::uintptr_t word, std::uint32_t count, Site site) {
  const Quiet quiet;
  begin_operation(count == 1 ? "wake one" : "wake all", word, site);
  touch(word ^ queue_object, true, site);
  wake(word, count);
}

void started_thread(Site site) {
  const Quiet quiet;
  begin_operation("start a thread", thread_object, site);
}

void join_thread(std::size_t number, Site site) {
  const Quiet quiet;
  Thread& me = *state->now;
  Thread& other = *state->threads[number];
  if (!other.is_done) block(Wait::join, number);
  touch(thread_object + number, false, site);
  me.view.known.join(other.view.known);
}

void yield() {
  const Quiet quiet;
  Thread& me = *state->now;
  me.loaded_from = 0;
  me.yielded_at = ++state->operations + 1;  // until somebody else has done something
  block(Wait::yield, 0);
}

void sleep(std::uint64_t nanoseconds) {
  state->clock += nanoseconds;
  yield();
}

std::uint64_t now() noexcept { return state->clock; }

}  // namespace detail

}  // namespace datawal::interleave
