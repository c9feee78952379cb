#include "soak/measure.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace datawal::soak {

namespace fs = std::filesystem;

std::uint64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  statm >> total >> resident >> shared;
  // Pages of mapped segments come and go as the kernel likes; what the process itself holds is the rest.
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

std::uint64_t open_descriptors() {
  const fs::directory_iterator open("/proc/self/fd");
  return static_cast<std::uint64_t>(std::distance(begin(open), end(open))) - 1;  // but for the one that lists them
}

std::uint64_t disk_bytes(const fs::path& dir) {
  std::uint64_t bytes = 0;
  std::error_code gone;
  for (const fs::directory_entry& entry : fs::directory_iterator(dir, gone)) {
    struct stat info{};
    if (::stat(entry.path().c_str(), &info) == 0) bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
  }
  return bytes;
}

}  // namespace datawal::soak
