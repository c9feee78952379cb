#pragma once
// Key directories whose memory is limited.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "kv/index/key_directory.hpp"
#include "kv/index/key_directory_support.hpp"
#include "support/memory_pages.hpp"

namespace datawal::kv {

/// One whose tables alone take more than that has a page.
[[nodiscard]] inline std::unique_ptr<KeyDirectory> limited(std::uint64_t bytes = 1) {
  auto directory = std::make_unique<KeyDirectory>();
  directory->limit_memory(bytes);
  return directory;
}

inline void insert_held(KeyDirectory& directory, std::uint64_t hash, std::uint64_t address) {
  ASSERT_TRUE(directory.hold(hash));
  directory.reserve();
  directory.insert(hash, address);
}

/// All addresses that it gives for a hash, ascending; its page is loaded as often as that takes.
[[nodiscard]] inline std::vector<std::uint64_t> loaded(const KeyDirectory& directory, std::uint64_t hash) {
  for (;;) {
    std::vector<std::uint64_t> all;
    const Lookup found = directory.look_up(hash, [&all](std::uint64_t address) {
      all.push_back(address);
      return false;
    });
    if (found == Lookup::absent) {
      std::ranges::sort(all);
      return all;
    }
    EXPECT_TRUE(directory.load(hash));
  }
}

}  // namespace datawal::kv
