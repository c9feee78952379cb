#include "scratch_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace safeatomic::test {

ScratchDirectory::ScratchDirectory() : ScratchDirectory(std::filesystem::temp_directory_path()) {}

ScratchDirectory::ScratchDirectory(const std::filesystem::path& parent) {
  std::string pattern = (parent / "safeatomic-test-XXXXXX").native();
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::perror("mkdtemp");
    std::abort();
  }
  path_ = pattern;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> ScratchDirectory::names() const {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    found.push_back(entry.path().filename().native());
  }
  std::ranges::sort(found);
  return found;
}

void ScratchDirectory::clear() const {
  for (const std::string& name : names()) std::filesystem::remove_all(path_ / name);
}

std::filesystem::path memory_backed_parent() {
  const std::filesystem::path shared_memory = "/dev/shm";
  if (::access(shared_memory.c_str(), W_OK | X_OK) == 0) return shared_memory;
  return std::filesystem::temp_directory_path();
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return "<absent>";
  return {std::istreambuf_iterator<char>(stream), {}};
}

void spill(const std::filesystem::path& path, std::string_view content) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return 0;
  return static_cast<unsigned>(status.st_mode) & 0777U;
}

}  // namespace safeatomic::test
