// Runs, from their beginning to their end, and what their threads may ask for.

#include <signal.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "interleave/runtime/hash.hpp"
#include "interleave/runtime/run_state.hpp"

namespace datawal::interleave {

namespace {

constexpr std::uint64_t clock_begin = 1'000'000'000'000ULL;  // nanoseconds
constexpr std::uint64_t clock_object = 0xC10C'0000'0000ULL;

void thread_main() {
  Thread& me = *state->now;
  try {
    me.body();
  } catch (...) {
    violated("an exception left a thread");
  }
  touch(thread_object + me.id, true, 1);
  me.view.known.tick(me.id);
  me.is_done = true;
  --state->alive;
  if (me.id == 0) leave_run();
  choose_thread(false);
  std::abort();
}

void on_signal(int number, siginfo_t* info, void* context) {
  const auto* const user = static_cast<ucontext_t*>(context);
  const auto at = static_cast<Site>(user->uc_mcontext.gregs[REG_RIP]);
  if (state == nullptr || state->now == nullptr) {
    std::fprintf(stderr, "signal %d outside of a run, at %s\n", number, describe_site(at).c_str());
    _exit(3);
  }
  char address[32];
  std::snprintf(address, sizeof address, "%p", info->si_addr);
  violated("signal " + std::to_string(number) + " in thread " + std::to_string(self()) + " at address " + address +
           ", " + describe_site(at));
}

void handle_signals() {
  constexpr std::size_t length = 65'536;
  stack_t alternative{};
  alternative.ss_sp = new char[length];  // not static: it would be copied for each run
  alternative.ss_size = length;
  ::sigaltstack(&alternative, nullptr);
  struct sigaction action{};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) ::sigaction(number, &action, nullptr);
}

void on_free(std::uintptr_t at, std::size_t length, std::uintptr_t by) {
  if (!detail::is_watched()) return;
  const Quiet quiet;
  detail::plain_access(at, std::min<std::size_t>(length, 4096), true, by);
  state->model.freed(at, length, state->now->id);
}

}  // namespace

Thread& add_thread(std::function<void()> body) {
  const memory::HostScope host;
  if (state->threads.size() == max_threads) violated("more threads than can be told apart");
  std::unique_ptr<Thread>& kept = state->all_threads[state->threads.size()];
  if (!kept) kept = std::make_unique<Thread>();
  Thread* const thread = kept.get();
  *thread = {};
  thread->id = static_cast<std::uint8_t>(state->threads.size());
  thread->body = std::move(body);
  thread->stack = reinterpret_cast<std::uintptr_t>(fiber::stack_of(thread->id));
  thread->place = fiber::make(thread->id, &thread_main);
  memory::fresh_locals(thread->locals);
  thread->hash = mix(thread->id + 1U, 99);
  if (state->now != nullptr) {
    Thread& me = *state->now;
    thread->view.known = me.view.known;
    thread->hash = mix(thread->hash, me.hash);
    me.view.known.tick(me.id);
  }
  thread->view.known.tick(thread->id);
  ++state->alive;
  state->threads.push_back(thread);
  return *thread;
}

void prepare_runtime() {
  memory::prepare();
  state = new State;
  (void)fiber::stack_of(0);
  handle_signals();
  memory::on_free(&on_free);
}

Runner::Runner(std::function<void()> body) : body_(std::move(body)) {}
Runner::~Runner() = default;

RunResult Runner::run(Strategy& strategy) {
  State& s = *state;
  s.runner = this;
  s.strategy = &strategy;
  s.result = {};
  ++s.number;
  s.threads.clear();
  s.now = nullptr;
  s.is_exploring = s.has_taken_old = false;
  s.operations = 0;
  s.counts_memory = true;
  s.alive = 0;
  s.clock = clock_begin;
  s.owners.clear();
  s.mutexes.clear();
  for (auto& [word, queue] : s.queues) queue.clear();
  s.touched.clear();
  s.model.begin_run();
  Thread& first = add_thread([this] { body_(); });  // one object, which the first thread's stack may point to
  const auto enter = [&] {
    s.now = &first;
    memory::set_thread(0);
    fiber::exchange_exceptions(s.host_exceptions, first.exceptions);
    memory::exchange_locals(s.host_locals, first.locals);
    fiber::datawal_interleave_switch(&s.host, first.place);
  };
  if (!is_begun_) {
    s.is_at_begin = false;
    enter();
    if (!s.is_at_begin) {
      if (s.result.violation.empty()) s.result.violation = "the workload does not begin";
      return std::move(s.result);
    }
    s.first_place = first.place;
    s.first_locals = first.locals;
    char* const end = fiber::stack_of(0) + fiber::stack_bytes;
    memory::take_snapshot(static_cast<char*>(first.place),
                          static_cast<std::size_t>(end - static_cast<char*>(first.place)));
    is_begun_ = true;
  } else {
    memory::restore_snapshot();
    first.place = s.first_place;
    first.locals = s.first_locals;
  }
  s.is_exploring = true;
  enter();
  s.result.operations = s.operations;
  const std::uint64_t live = memory::live_blocks();
  const bool is_counted = s.counts_memory && !s.result.is_left && s.result.violation.empty();
  if (is_counted && live > live_at_end_.value_or(live)) {
    s.result.violation = "memory leaks: " + std::to_string(live - *live_at_end_) + " blocks more than in the first run";
  }
  if (is_counted && !live_at_end_) live_at_end_ = live;
  for (const std::uint64_t key : s.touched) {
    const Object& object = s.objects[key];
    if (!object.is_shared || !object.is_changed) continue;
    for (const Site site : object.sites) s.result.has_new_sites |= sites.insert(site).second;
  }
  return std::move(s.result);
}
void begin_exploring() {
  state->is_at_begin = true;
  // As leave_run(), but to come back here.
  Thread& me = *state->now;
  state->now = nullptr;
  memory::set_thread(memory::nobody);
  fiber::exchange_exceptions(me.exceptions, state->host_exceptions);
  memory::exchange_locals(me.locals, state->host_locals);
  fiber::datawal_interleave_switch(&me.place, state->host);
}

int spawn(std::function<void()> body) { return add_thread(std::move(body)).id; }

void join_all() {
  for (std::size_t i = 1; i < state->threads.size(); ++i) detail::join_thread(i, 2);
}

int self() noexcept { return state != nullptr && state->now != nullptr ? state->now->id : memory::nobody; }
bool is_running() noexcept { return state != nullptr && state->now != nullptr && state->is_exploring; }
bool is_new_ground() noexcept { return is_running() && state->strategy->is_new(); }
bool is_traced() noexcept { return state->runner->is_traced; }

void trace(std::string_view what) {
  std::fprintf(stderr, "%6u  t%d  %.*s\n", state->operations, self(), static_cast<int>(what.size()), what.data());
}

void violated(const std::string& what) {
  if (is_child()) child_violated(what);
  {
    const memory::HostScope host;
    state->result.violation = std::string(what.data(), what.size());
    if (state->runner->is_traced) trace("VIOLATED: " + what);
  }
  leave_run();
}

Quiet::Quiet() noexcept {
  if (state != nullptr && state->now != nullptr) ++state->now->quiet;
}
Quiet::~Quiet() {
  if (state != nullptr && state->now != nullptr) --state->now->quiet;
}
Watched::Watched() noexcept : before_(state->now->quiet) { state->now->quiet = 0; }
Watched::~Watched() { state->now->quiet = before_; }

void visible_operation(std::string_view what, std::uint64_t object, bool is_change, Site site) {
  if (!is_running()) return;
  begin_operation(what, object, site);
  touch(object, is_change, site);
}

void also_touches(std::uint64_t object, bool is_change, Site site) {
  if (is_running()) touch(object, is_change, site);
}

void memory_is_not_counted() noexcept { state->counts_memory = false; }

std::size_t choose_one(std::size_t count) {
  if (!is_running()) return 0;
  ++state->operations;
  offer(Chosen::store, count);
  const std::size_t at = ask();
  state->now->hash = mix(state->now->hash, at);
  return at;
}

void looks_at_the_clock() {
  if (is_running()) touch(clock_object, false, 3);
}

Epoch mark() {
  Thread& me = *state->now;
  if (is_running()) touch(clock_object, true, 4);
  const Epoch now{me.id, me.view.known.happened.of(me.id)};
  me.view.known.tick(me.id);
  return now;
}

bool is_sequential_so_far() noexcept { return !state->has_taken_old; }

bool happened_before(const Epoch& epoch) { return state->now->view.known.happened.covers(epoch); }

}  // namespace datawal::interleave
