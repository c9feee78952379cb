// Runs a target over files, and over all files of directories, without a fuzzer: the corpora are tests for every compiler.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  // NOLINT(*-naming): libFuzzer's

namespace {

std::size_t replay(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) count += replay(entry.path());
    return count;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::printf("%s\n", path.filename().c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  // What a target prints while it runs may go elsewhere; paths are taken before it changes the working directory.
  std::size_t count = 0;
  for (int n = 1; n < argc; ++n) count += replay(std::filesystem::absolute(argv[n]));
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;
}
