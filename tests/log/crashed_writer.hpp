#pragma once
// A writer that dies without a word: no destructor runs, nothing is cut, synced or unlocked.

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>

#include "log/store_support.hpp"

namespace datawal::test {

/// Opens the store in a child process, lets `body` work on it, and kills the child. Throws if anything before failed.
inline void write_and_die(const std::filesystem::path& dir, const std::function<void(RecordLog&)>& body,
                          const OpenOptions& options = {}) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    try {
      RecordLog log = must(RecordLog::open(dir, options));
      body(log);
      ::_exit(0);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "in the child: %s\n", failure.what());
      ::_exit(1);
    }
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0) throw std::runtime_error("the writer failed");
}

}  // namespace datawal::test
