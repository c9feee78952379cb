// A cache that overwrites its pages and does not grow by it: docs/RECIPES.md.
#include <cstdint>
#include <iostream>
#include <string>

#include <datawal/datawal.hpp>

static datawal::Result<datawal::DataWal> open_cache(const std::filesystem::path& dir) {
  return datawal::DataWal::open(dir, {.max_segment_bytes = 16 << 20, .auto_compact = {.is_enabled = true}});
}

int main() {
  auto cache = open_cache("pages");
  if (!cache) {
    std::cerr << cache.error().message() << '\n';
    return 1;
  }
  const std::string page(20'000, 'x');
  std::uint64_t put = 0;
  for (int round = 0; round < 50; ++round) {
    for (int n = 0; n < 100; ++n, put += page.size()) {
      if (auto stored = cache->put("https://example.org/" + std::to_string(n), page); !stored) {
        std::cerr << stored.error().message() << '\n';
        return 1;
      }
    }
  }
  std::cout << cache->size() << " pages, " << put / 1'000'000 << " MB put\n";
}
