#pragma once
// A directory for one benchmark, on the filesystem that is to be measured.

#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace bench {

/// Made below $DATAWAL_BENCH_DIR, or below the working directory, which is on a disk where /tmp may not be; removed at the end.
class Scratch {
 public:
  Scratch() {
    const char* chosen = std::getenv("DATAWAL_BENCH_DIR");
    std::string name = (std::filesystem::path(chosen != nullptr ? chosen : ".") / "bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace bench
