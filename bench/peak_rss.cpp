// How much memory opening and scanning a log takes, whatever its size: peak_rss GIB DIR

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include <datawal/datawal.hpp>

namespace {

int fill(const char* dir, std::uint64_t bytes) {
  auto log = datawal::RecordLog::open(dir);
  if (!log) return 1;
  const std::string payload(4000, 'x');
  for (std::uint64_t written = 0; written < bytes; written += payload.size()) {
    if (!log->append(payload)) return 1;
  }
  return log->close() ? 0 : 1;
}

int open_and_scan(const char* dir) {
  auto log = datawal::RecordLog::open(dir);
  if (!log) return 1;
  datawal::RecordCursor cursor = log->records();
  std::uint64_t records = 0;
  for (;;) {
    auto record = cursor.next();
    if (!record) return 1;
    if (!*record) break;
    ++records;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%llu records read, peak RSS %.1f MiB\n", static_cast<unsigned long long>(records),
              static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}

// In a process of its own, so that what one step touched does not count for the other.
int in_child(int (*step)(const char*, std::uint64_t), const char* dir, std::uint64_t bytes) {
  const pid_t child = fork();
  if (child == 0) {
    const int status = step(dir, bytes);
    std::fflush(stdout);
    _exit(status);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: peak_rss GIB DIR   (DIR is made, filled with a log of that size, read, and left)\n", stderr);
    return 1;
  }
  const std::uint64_t bytes = std::strtoull(argv[1], nullptr, 10) << 30;
  const int filled = in_child(fill, argv[2], bytes);
  if (filled != 0) return filled;
  return in_child([](const char* dir, std::uint64_t) { return open_and_scan(dir); }, argv[2], bytes);
}
