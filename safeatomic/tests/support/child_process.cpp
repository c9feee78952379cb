#include "child_process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace safeatomic::test {

std::string in_child(const std::function<std::string()>& body) {
  std::array<int, 2> pipe_ends{};
  if (::pipe(pipe_ends.data()) != 0) return "no pipe";
  std::fflush(nullptr);  // or the child might print what waits in our buffers once more
  const pid_t child = ::fork();
  if (child < 0) return "no child";
  if (child == 0) {
    const std::string verdict = body();
    const bool is_told = ::write(pipe_ends[1], verdict.data(), verdict.size()) == static_cast<ssize_t>(verdict.size());
    ::_exit(is_told ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  std::string verdict;
  std::array<char, 256> buffer{};
  for (ssize_t count = 0; (count = ::read(pipe_ends[0], buffer.data(), buffer.size())) > 0;) {
    verdict.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(pipe_ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) verdict += " (the child did not end well)";
  return verdict;
}

}  // namespace safeatomic::test
