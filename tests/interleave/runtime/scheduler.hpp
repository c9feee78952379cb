#pragma once
// One run: its threads are fibers of one thread of the system and go on one at a time. Wherever one of them is about to do something
// that others can see, a Strategy says who goes on.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "interleave/runtime/fiber.hpp"
#include "interleave/runtime/memory.hpp"
#include "interleave/runtime/memory_model.hpp"

namespace datawal::interleave {

/// What is chosen.
enum class Chosen : std::uint8_t {
  thread,    ///< goes on
  timeout,   ///< of this thread's wait
  spurious,  ///< wake-up of this thread
  store,     ///< that a load takes: how many newer ones there are
  waiter,    ///< that is woken, by its place in the queue
};

struct Option {
  Chosen what = Chosen::thread;
  std::uint8_t number = 0;
  friend bool operator==(const Option&, const Option&) = default;
};

/// A choice that was not the first option: what a run needs to be done again.
struct Step {
  std::uint32_t operation = 0;
  Option option;
};
using Schedule = std::vector<Step>;
[[nodiscard]] std::string to_string(const Schedule& schedule);
[[nodiscard]] bool parse(std::string_view text, Schedule& schedule);

struct Question {
  std::uint32_t operation = 0;
  std::span<const Option> options;  ///< the first is to go on as before
  std::span<const std::uint8_t>
      costs;                ///< deviations: preemptions, stale loads, wake-ups out of order or out of nothing
  std::uint64_t state = 0;  ///< two runs with the same one here go on alike
  std::uint8_t thread = 0;  ///< that asks
};

class Strategy {
 public:
  static constexpr std::size_t leave = ~std::size_t{0};
  Strategy() = default;
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;
  virtual ~Strategy() = default;
  /// @return the number of an option, or `leave`: nothing new will come of this run
  virtual std::size_t choose(const Question& question) = 0;
  /// Whether what comes now was not seen in an earlier run.
  [[nodiscard]] virtual bool is_new() const { return true; }
};

/// Places in the program that touch what several threads touch, and one of them changes. Only there a switch matters.
using Sites = std::unordered_set<Site>;

struct RunLimits {
  std::uint32_t operations_max = 100'000;
  std::uint64_t spins_max = 200'000;
};

struct RunResult {
  bool is_left = false;
  std::string violation;  ///< empty: none
  Schedule schedule;
  std::uint32_t operations = 0;
  bool has_new_sites = false;
};

/// Prepares the process. Before any other thread is started.
void prepare_runtime();

/// Runs `body` again and again, from where it said begin_exploring() in its first run.
class Runner {
 public:
  explicit Runner(std::function<void()> body);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  RunLimits limits{};
  Sites sites;             ///< grows
  bool all_sites = false;  ///< asks at every site
  bool is_traced = false;  ///< tells each step
  bool is_weak = true;     ///< loads may take old stores

  RunResult run(Strategy& strategy);

 private:
  std::function<void()> body_;
  bool is_begun_ = false;
  std::optional<std::uint64_t> live_at_end_;  // blocks of memory, of the first run
};

// ---- For the threads of a run.

/// The threads to come are what is looked at; what was done until now is the same in all runs.
void begin_exploring();

/// Starts a thread.
int spawn(std::function<void()> body);
/// Waits for the end of all of them.
void join_all();
[[nodiscard]] int self() noexcept;

/// Makes a child of the process, in which the calling thread is alone: who held a lock then holds it for ever. There, `in_child` looks,
/// and says what is wrong; nothing if it is all right. A wait without an end is told, too.
void fork_alone(const std::function<std::string()>& in_child);

/// Ends the run: something is wrong.
[[noreturn]] void violated(const std::string& what);

/// Nothing of what a thread does while it lives is looked at. Threads begin like that.
class Quiet {
 public:
  Quiet() noexcept;
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet();
};
/// All of it is.
class Watched {
 public:
  Watched() noexcept;
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched();

 private:
  int before_;
};
/// A call of the library.
template <class Call>
auto watch(Call call) {
  const Watched watched;
  return call();
}

/// Something visible outside of memory: asks who goes on, and notes what it touches.
void visible_operation(std::string_view what, std::uint64_t object, bool is_change, Site site);
/// More of the same operation.
void also_touches(std::uint64_t object, bool is_change, Site site);
/// What is looked at in this run may leave memory in static variables: it is not counted at the end.
void memory_is_not_counted() noexcept;

/// A choice of the workload's own among `count`, the first of which is free.
std::size_t choose_one(std::size_t count);

/// Whether a run is under way, and what comes now was not seen before.
[[nodiscard]] bool is_new_ground() noexcept;
[[nodiscard]] bool is_running() noexcept;

/// An instant, for happened_before(). A workload compares what it did by a clock on the wall; so its order makes another state.
Epoch mark();
/// What follows depends on which marks there are.
void looks_at_the_clock();
[[nodiscard]] bool happened_before(const Epoch& epoch);
/// Whether every load so far took the newest store: then a clock on the wall orders what is done.
[[nodiscard]] bool is_sequential_so_far() noexcept;

/// Steps are told on the standard error.
[[nodiscard]] bool is_traced() noexcept;
void trace(std::string_view what);

/// "datawal::LogCore::append (src/log/write/log_core_append.cpp:80)"
[[nodiscard]] std::string describe_site(Site site);

// ---- For what stands in for the compiler's runtime and the C library.
namespace detail {

[[nodiscard]] bool is_watched() noexcept;

[[nodiscard]] std::uint64_t atomic_load(std::uintptr_t at, std::size_t size, int order, Site site);
/// Asks who goes on; then the caller reads memory, changes it, and says so with atomic_changed.
void before_change(std::string_view what, std::uintptr_t at, Site site);
void atomic_stored(std::uintptr_t at, std::uint64_t before, std::uint64_t after, int order, Site site);
void atomic_exchanged(std::uintptr_t at, std::uint64_t before, std::uint64_t after, int order, Site site);
void atomic_looked(std::uintptr_t at, std::uint64_t now, int order, Site site);
void fence(int order, Site site);
void plain_access(std::uintptr_t at, std::size_t size, bool is_store, Site site);
void atomic_access(std::uintptr_t at, std::size_t size, bool is_store, Site site);

void lock(std::uintptr_t mutex, Site site);
[[nodiscard]] bool try_lock(std::uintptr_t mutex, Site site);
void unlock(std::uintptr_t mutex, Site site);
/// @return whether its time was up
bool wait_condition(std::uintptr_t condition, std::uintptr_t mutex, bool is_timed, std::uint64_t deadline, Site site);
void wake_condition(std::uintptr_t condition, bool all, Site site);
/// @return whether it slept
bool wait_futex(std::uintptr_t word, std::uint32_t expected, Site site);
void wake_futex(std::uintptr_t word, std::uint32_t count, Site site);
void started_thread(Site site);
void join_thread(std::size_t thread, Site site);
void yield();
void sleep(std::uint64_t nanoseconds);
[[nodiscard]] std::uint64_t now() noexcept;

}  // namespace detail

}  // namespace datawal::interleave
