// Sorting by what the records say, against std::sort.

#include <algorithm>
#include <set>

#include "kv/kv_support.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

using namespace std::string_literals;

// Puts the keys in a random order and expects them back in that of their bytes.
void expect_sorted(const std::set<std::string>& keys) {
  std::mt19937_64 random = seeded_random();
  std::vector<std::string> shuffled(keys.begin(), keys.end());
  std::ranges::shuffle(shuffled, random);
  const Store store;
  DataWal kv = open_kv(store.path());
  for (const std::string& key : shuffled) must(kv.put(key, "v"));
  EXPECT_TRUE(must(kv.keys()) == std::vector<std::string>(keys.begin(), keys.end()));
}

TEST(KeyOrder, PutsAKeyBeforeThoseThatItBegins) {
  std::set<std::string> keys = {""s, "a"s, "b"s};
  for (std::size_t zeros = 1; zeros < 40; ++zeros) {
    keys.insert(std::string(zeros, '\0'));
    keys.insert("a" + std::string(zeros, '\0'));
    keys.insert(std::string(zeros, 'a'));
    keys.insert(std::string(zeros, 'a') + '\0' + "a");
  }
  expect_sorted(keys);
}

TEST(KeyOrder, TakesBytesForUnsigned) {
  std::set<std::string> keys;
  for (int byte = 0; byte < 256; ++byte) {
    keys.insert(std::string(1, static_cast<char>(byte)));
    keys.insert("1234567" + std::string(1, static_cast<char>(byte)));
    keys.insert("12345678" + std::string(1, static_cast<char>(byte)));
  }
  // std::set compares char by char_traits, which takes them for unsigned too.
  expect_sorted(keys);
}

TEST(KeyOrder, LooksAtTheLastOf200Bytes) {
  std::set<std::string> keys;
  for (int byte = 0; byte < 256; ++byte) keys.insert(std::string(199, 'k') + static_cast<char>(byte));
  expect_sorted(keys);
}

TEST(KeyOrder, IsRightForRandomKeysOfFewLetters) {
  std::mt19937_64 random = seeded_random();
  std::set<std::string> keys;
  while (keys.size() < 20'000) {
    std::string key(between(random, 0, 30), 'a');
    for (char& letter : key) letter = "ab\0"[between(random, 0, 2)];
    keys.insert(key);
  }
  expect_sorted(keys);
}

// A store must not make its owner wait for hours because somebody chose its keys.
TEST(KeyOrder, ReadsLongKeysThatBeginAlikeOnlyAFewTimes) {
  std::set<std::string> keys;
  for (int n = 0; n < 100; ++n) keys.insert(std::string(max_key_len - 3, 'k') + std::to_string(100 + n));
  expect_sorted(keys);
}

}  // namespace
}  // namespace datawal::test
