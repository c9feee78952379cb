// A child of the process in the middle of a run: of its threads, only the one that forked is there.

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "interleave/runtime/run_state.hpp"

namespace datawal::interleave {

namespace {

constexpr std::size_t told_max = 4096;  // bytes: a pipe takes them though nobody reads yet

// Never comes back: the run goes on in the parent alone.
[[noreturn]] void end_child(const std::string& what) {
  const std::string_view told = std::string_view(what).substr(0, told_max);
  const ssize_t written = ::write(state->tells_parent, told.data(), told.size());
  _exit(written == static_cast<ssize_t>(told.size()) ? 0 : 1);
}

}  // namespace

// While fork() runs its handlers, the number of the process tells.
bool is_child() noexcept { return state->forks_from != 0 && ::getpid() != state->forks_from; }

void child_violated(const std::string& what) { end_child(what.empty() ? "violated" : what); }

void fork_alone(const std::function<std::string()>& in_child) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) violated("no pipe to a child");
  state->tells_parent = ends[1];
  state->forks_from = ::getpid();
  const pid_t child = watch([] { return ::fork(); });  // its handlers take locks
  if (child < 0) violated("no child");
  if (child == 0) end_child(in_child());
  state->forks_from = 0;
  ::close(ends[1]);
  char told[told_max];
  std::size_t length = 0;
  for (;;) {
    const ssize_t got = ::read(ends[0], told + length, sizeof told - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
    if (length == sizeof told) break;
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (length != 0) violated("in a forked child: " + std::string(told, length));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    violated("a forked child ended with status " + std::to_string(status));
}

}  // namespace datawal::interleave
