// A daemon with a cache whose entries expire, and a backup of it that rotates: docs/RECIPES.md.
//   cache_daemon DIR BACKUPS < commands    "put KEY SECONDS VALUE", "get KEY", "clock SECONDS", "end"
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <datawal/datawal.hpp>

using Seconds = std::int64_t;
constexpr Seconds hour = 3600;
constexpr std::size_t backups_kept = 24;

// A value is stored behind the second at which it expires, in decimal, and a blank.
static Seconds expiry_of(std::string_view stored) {
  Seconds expiry = 0;
  std::from_chars(stored.data(), stored.data() + stored.size(), expiry);
  return expiry;
}

static datawal::Result<std::optional<std::string>> get_fresh(const datawal::DataWal& cache, std::string_view key,
                                                             Seconds now) {
  auto stored = cache.get(key);
  if (!stored) return datawal::propagate(stored);
  if (!*stored || expiry_of(**stored) <= now) return std::nullopt;  // expired is absent, erased or not
  return (**stored).substr((**stored).find(' ') + 1);
}

static datawal::Result<void> erase_expired(datawal::DataWal& cache, Seconds now) {
  auto entries = cache.cursor({.order = datawal::CursorOrder::log});
  if (!entries) return datawal::propagate(entries);
  for (;;) {
    auto entry = entries->next();
    if (!entry) return datawal::propagate(entry);
    if (!*entry) return {};
    if (expiry_of((*entry)->value) > now) continue;
    auto erased = cache.erase_if((*entry)->key, (*entry)->ref);  // not what was put since
    if (!erased) return datawal::propagate(erased);
  }
}

// Whole or absent, in a directory on another disk; the oldest go.
static datawal::Result<void> back_up(const datawal::DataWal& cache, const std::filesystem::path& backups, Seconds now) {
  std::vector<std::filesystem::path> there;
  for (const auto& entry : std::filesystem::directory_iterator(backups)) there.push_back(entry.path());
  std::ranges::sort(there);
  auto name = std::to_string(now / hour);
  name.insert(0, 10 - name.size(), '0');
  datawal::CheckpointOptions options;
  if (!there.empty()) options.previous = there.back();  // what has not changed since is shared with that one
  auto copied = cache.checkpoint(backups / name, options);
  if (!copied && copied.error().code == datawal::Errc::already_exists) return {};  // of this hour, before a restart
  if (!copied) return copied;
  for (std::size_t n = 0; n + backups_kept <= there.size(); ++n) std::filesystem::remove_all(there[n]);
  return {};
}

static datawal::Result<void> serve(datawal::DataWal& cache, const std::filesystem::path& backups) {
  Seconds now = 0;
  Seconds last_hour = 0;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    std::string key;
    words >> command;
    if (command == "put") {
      Seconds lifetime = 0;
      std::string value;
      words >> key >> lifetime >> value;
      if (auto put = cache.put(key, std::to_string(now + lifetime) + ' ' + value); !put) return put;
    } else if (command == "get") {
      words >> key;
      auto value = get_fresh(cache, key, now);
      if (!value) return datawal::propagate(value);
      std::cout << (*value ? **value : "(none)") << std::endl;
    } else if (command == "clock") {
      words >> now;
    } else if (command == "end") {
      break;
    }
    if (now - last_hour < hour) continue;
    last_hour = now;
    if (auto erased = erase_expired(cache, now); !erased)
      return erased;  // compaction in the background gives back the room
    if (auto saved = back_up(cache, backups, now); !saved) return saved;
  }
  return cache.close();
}

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  std::filesystem::create_directories(argv[2]);
  auto cache = datawal::DataWal::open(argv[1], {.max_segment_bytes = 16 << 20, .auto_compact = {.is_enabled = true}});
  if (!cache) {
    std::cerr << cache.error().message() << '\n';
    return 1;
  }
  if (auto served = serve(*cache, argv[2]); !served) {
    std::cerr << served.error().message() << '\n';
    return 1;
  }
}
