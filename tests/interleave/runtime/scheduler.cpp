#include "interleave/runtime/scheduler.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "interleave/runtime/hash.hpp"
#include "interleave/runtime/run_state.hpp"

namespace datawal::interleave {

State* state = nullptr;

bool is_free(std::uintptr_t mutex) {
  const auto owner = state->owners.find(mutex);
  return owner == state->owners.end() || owner->second < 0;
}

namespace {

bool is_enabled(const Thread& thread) {
  if (thread.is_done) return false;
  switch (thread.wait) {
    case Wait::none: return true;
    case Wait::mutex: return is_free(thread.waits_for);
    case Wait::futex: return thread.is_woken;
    case Wait::condition: return thread.is_woken && is_free(thread.mutex);
    case Wait::join: return state->threads[thread.waits_for]->is_done;
    case Wait::yield: return state->operations > thread.yielded_at;
  }
  std::unreachable();
}

bool may_time_out(const Thread& thread) {
  return !thread.is_done && thread.wait == Wait::condition && thread.is_timed && !thread.is_woken &&
         is_free(thread.mutex);
}

bool may_wake_for_nothing(const Thread& thread) {
  if (thread.is_done || thread.is_woken) return false;
  return thread.wait == Wait::futex || (thread.wait == Wait::condition && is_free(thread.mutex));
}

// Runs that come to the same one have ordered everything alike that can be told apart.
std::uint64_t signature() {
  std::uint64_t sum = 0;
  for (const Thread* const thread : state->threads) {
    const auto how = static_cast<std::uint64_t>(thread->wait) + 16U * thread->is_woken + 32U * thread->is_done +
                     64U * thread->is_timed_out;
    sum += mix(thread->hash + 0x1234567ULL * (thread->id + 1U), how);
  }
  return sum;
}

void switch_to(Thread& next) {
  Thread& before = *state->now;
  if (&next == &before) return;
  fiber::exchange_exceptions(before.exceptions, next.exceptions);
  memory::exchange_locals(before.locals, next.locals);
  state->now = &next;
  memory::set_thread(next.id);
  fiber::datawal_interleave_switch(&before.place, next.place);
}

std::string names_of_waiting() {
  static constexpr const char* names[] = {"runs", "a mutex", "a futex", "a condition", "another's end", "others"};
  std::string text;
  for (const Thread* const thread : state->threads) {
    if (thread->is_done) continue;
    text += " thread " + std::to_string(thread->id) + ": " + names[static_cast<std::size_t>(thread->wait)];
  }
  return text;
}

std::string chosen_text(const Option& option) {
  switch (option.what) {
    case Chosen::thread: return "thread " + std::to_string(option.number) + " goes on";
    case Chosen::timeout: return "thread " + std::to_string(option.number) + " has waited long enough";
    case Chosen::spurious: return "thread " + std::to_string(option.number) + " wakes for nothing";
    case Chosen::store: return "it takes a store that is " + std::to_string(option.number) + " older";
    case Chosen::waiter: return "waiter " + std::to_string(option.number) + " is woken";
  }
  std::unreachable();
}

}  // namespace

[[noreturn]] void leave_run() {
  void* ignored = nullptr;
  state->now = nullptr;
  memory::set_thread(memory::nobody);
  fiber::Exceptions nothing;
  fiber::exchange_exceptions(nothing, state->host_exceptions);
  memory::Locals left;
  memory::exchange_locals(left, state->host_locals);
  fiber::datawal_interleave_switch(&ignored, state->host);
  std::abort();
}

std::size_t ask() {
  std::size_t at = 0;
  if (state->options.size() > 1 && !is_child()) {
    const memory::HostScope host;
    Thread& me = *state->now;
    const Question question{
        .operation = state->operations,
        .options = state->options,
        .costs = state->costs,
        .state = mix(signature(), me.id + 64U * static_cast<unsigned>(state->options[0].what) +
                                      1024U * (state->options[0].number == me.id) + 4096U * state->options.size()),
        .thread = me.id};
    at = state->strategy->choose(question);
    if (at != Strategy::leave && at != 0) {
      state->result.schedule.push_back({state->operations, state->options[at]});
      if (state->runner->is_traced) trace("      -- " + chosen_text(state->options[at]));
    }
  }
  if (at == Strategy::leave) {
    state->result.is_left = true;
    leave_run();
  }
  return at;
}

void offer(Chosen what, std::size_t count) {
  const memory::HostScope host;
  state->options.clear();
  state->costs.clear();
  for (std::size_t i = 0; i < count; ++i) {
    state->options.push_back({what, static_cast<std::uint8_t>(i)});
    state->costs.push_back(i == 0 ? 0 : 1);
  }
}

void choose_thread(bool may_stay) {
  Thread& me = *state->now;
  if (++state->operations > state->runner->limits.operations_max) {
    violated("livelock: no end after " + std::to_string(state->operations) + " operations");
  }
  if (is_child()) {
    if (is_enabled(me)) return;
    if (me.wait == Wait::yield) return;
    violated("it waits for ever, for " + std::string(me.wait == Wait::mutex ? "a mutex" : "another thread"));
  }
  {
    const memory::HostScope host;
    std::vector<Option>& options = state->options;
    std::vector<std::uint8_t>& costs = state->costs;
    options.clear();
    costs.clear();
    const bool stays = may_stay && is_enabled(me);
    const auto add = [&](Chosen what, std::uint8_t id, unsigned cost) {
      options.push_back({what, id});
      costs.push_back(static_cast<std::uint8_t>(cost));
    };
    if (stays) add(Chosen::thread, me.id, 0);
    const std::size_t count = state->threads.size();
    for (std::size_t k = 1; k <= count; ++k) {
      const Thread& thread = *state->threads[(me.id + k) % count];
      if (&thread == &me && may_stay) continue;
      if (is_enabled(thread)) add(Chosen::thread, thread.id, stays ? 1 : 0);
    }
    if (options.empty()) {
      for (const Thread* const thread : state->threads) {
        if (!thread->is_done && thread->wait == Wait::yield) add(Chosen::thread, thread->id, 0);
      }
    }
    const bool is_anybody = !options.empty();
    for (const Thread* const thread : state->threads) {
      if (may_time_out(*thread)) add(Chosen::timeout, thread->id, is_anybody ? 1 : 0);
    }
    if (is_anybody) {
      for (const Thread* const thread : state->threads) {
        if (may_wake_for_nothing(*thread)) add(Chosen::spurious, thread->id, 1);
      }
    }
  }
  if (state->options.empty()) violated("deadlock: nobody can go on;" + names_of_waiting());
  const Option option = state->options[ask()];
  Thread& next = *state->threads[option.number];
  if (option.what != Chosen::thread) {
    const memory::HostScope host;
    next.is_woken = true;
    next.is_timed_out = option.what == Chosen::timeout;
    if (next.is_timed_out) state->clock = std::max(state->clock, next.deadline);
    for (auto& [word, queue] : state->queues) std::erase(queue, &next);
  }
  switch_to(next);
}

void touch(std::uint64_t key, bool is_change, Site site, std::uint64_t seen) {
  const memory::HostScope host;
  Object& object = state->objects[key];
  Thread& me = *state->now;
  if (object.run != state->number) {
    object.run = state->number;
    object.changed = object.read = 0;
    object.first = me.id;
    object.is_shared = object.is_changed = false;
    object.sites.clear();
    state->touched.push_back(key);
  }
  if (is_change) {
    me.hash = mix(mix(me.hash, object.changed), object.read + site);
    object.changed = me.hash;
    object.read = 0;
  } else {
    me.hash = mix(me.hash, (seen != 0 ? seen : object.changed) + site);
    object.read += mix(me.hash, 7);
  }
  if (state->alive < 2) return;
  object.is_shared |= object.first != me.id;
  object.is_changed |= is_change;
  if (std::ranges::find(object.sites, site) == object.sites.end()) object.sites.push_back(site);
}

void begin_operation(std::string_view what, std::uint64_t object, Site site) {
  Thread& me = *state->now;
  me.loads = 0;
  const bool matters = state->alive > 1 && (state->runner->all_sites || state->runner->sites.contains(site));
  if (matters) {
    choose_thread(true);
  } else if (++state->operations > state->runner->limits.operations_max) {
    violated("livelock: no end after " + std::to_string(state->operations) + " operations");
  }
  if (state->runner->is_traced) {
    const memory::HostScope host;
    char place[32];
    std::snprintf(place, sizeof place, "%06llx", static_cast<unsigned long long>(object & 0xFFFFFF));
    trace(std::string(what) + " [" + place + "] " + describe_site(site));
  }
}

void block(Wait wait, std::uintptr_t what_for) {
  Thread& me = *state->now;
  me.wait = wait;
  me.waits_for = what_for;
  me.is_woken = me.is_timed_out = false;
  me.loads = 0;
  choose_thread(false);
  me.wait = Wait::none;
}

void wake(std::uintptr_t word, std::uint32_t count) {
  const memory::HostScope host;
  std::vector<Thread*>& queue = state->queues[word];
  while (count-- > 0 && !queue.empty()) {
    offer(Chosen::waiter, count < queue.size() ? queue.size() : 1);  // which, if not all?
    const std::size_t at = ask();
    queue[at]->is_woken = true;
    queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

}  // namespace datawal::interleave
