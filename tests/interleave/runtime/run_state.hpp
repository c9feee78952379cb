#pragma once
// What a run knows, for the parts of the runtime alone.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "interleave/runtime/scheduler.hpp"

namespace datawal::interleave {

enum class Wait : std::uint8_t { none, mutex, futex, condition, join, yield };

struct Thread {
  std::uint8_t id = 0;
  std::uintptr_t stack = 0;
  void* place = nullptr;  // where it goes on
  fiber::Exceptions exceptions;
  memory::Locals locals;
  std::function<void()> body;
  bool is_done = false;
  int quiet = 1;
  Wait wait = Wait::none;
  std::uintptr_t waits_for = 0;
  std::uintptr_t mutex = 0;  // that a condition gives back
  bool is_woken = false;
  bool is_timed = false;
  bool is_timed_out = false;
  std::uint64_t deadline = 0;
  std::uint32_t yielded_at = 0;
  std::uint64_t hash = 0;  // of all that it has seen
  ThreadView view;
  // It spins where it loads the same from the same place again and again.
  std::uintptr_t loaded_from = 0;
  std::uint64_t loaded = 0;
  unsigned loads = 0;
  std::uint64_t spins = 0;
};

struct Object {
  std::uint64_t run = 0;
  std::uint64_t changed = 0;  // hash of the last change
  std::uint64_t read = 0;     // of the reads since
  std::uint8_t first = 0;
  bool is_shared = false;
  bool is_changed = false;
  std::vector<Site> sites;
};

constexpr std::uint64_t thread_object = 0xF1BE'4000'0000ULL;
constexpr std::uint64_t fence_object = 0xFE4C'E000'0000ULL;
constexpr std::uint64_t queue_object = 1ULL << 63;  // with the address of a word: those that sleep on it

// Not static variables: those go back to what they were at the beginning of each run.
struct State {
  Runner* runner = nullptr;
  Strategy* strategy = nullptr;
  RunResult result;
  std::uint64_t number = 0;
  std::vector<Thread*> threads;
  std::unique_ptr<Thread> all_threads[max_threads];  // at the same addresses in every run
  Thread* now = nullptr;
  void* host = nullptr;
  fiber::Exceptions host_exceptions;
  memory::Locals host_locals;
  // Of the first thread, at begin_exploring().
  void* first_place = nullptr;
  memory::Locals first_locals;
  bool is_at_begin = false;
  bool is_exploring = false;
  bool counts_memory = true;
  bool has_taken_old = false;  // a load took an old store
  int forks_from = 0;          // the process that is forked, or was (fork_alone)
  int tells_parent = -1;       // where its child says what is wrong
  std::uint32_t operations = 0;
  std::size_t alive = 0;
  std::uint64_t clock = 0;
  MemoryModel model;
  std::unordered_map<std::uint64_t, Object> objects;
  std::vector<std::uint64_t> touched;  // keys of this run's objects
  std::unordered_map<std::uintptr_t, int> owners;
  std::unordered_map<std::uintptr_t, Knowledge> mutexes;
  std::unordered_map<std::uintptr_t, std::vector<Thread*>> queues;
  std::vector<Option> options;
  std::vector<std::uint8_t> costs;
};
extern State* state;

/// Whether nobody holds it.
[[nodiscard]] bool is_free(std::uintptr_t mutex);

/// Whether this is a forked child (fork_alone). Nobody else goes on there, and nothing is chosen.
[[nodiscard]] bool is_child() noexcept;
[[noreturn]] void child_violated(const std::string& what);

/// Out of every fiber, to who called Runner::run.
[[noreturn]] void leave_run();

/// Puts the question in `state->options` and `state->costs` to the strategy, if there is more than one option.
/// @return the number of the option
std::size_t ask();
/// `count` options of one kind, of which the first costs nothing.
void offer(Chosen what, std::size_t count);

/// Who goes on? If `may_stay`, the thread that asks is about to do something, and could.
void choose_thread(bool may_stay);

/// What the operation of the current thread did, for the signature of the state, and for the sites that matter.
/// @param seen  which change a read has seen; 0: the last
void touch(std::uint64_t key, bool is_change, Site site, std::uint64_t seen = 0);

/// The current thread is about to do something at `site`: who goes on?
void begin_operation(std::string_view what, std::uint64_t object, Site site);

/// The current thread waits.
void block(Wait wait, std::uintptr_t what_for);

/// Of those that wait for `word`, so many may go on.
void wake(std::uintptr_t word, std::uint32_t count);

/// A fiber that is ready to begin.
Thread& add_thread(std::function<void()> body);

}  // namespace datawal::interleave
