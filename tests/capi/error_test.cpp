// What a failed call has to say.
#include <datawal/datawal.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/text.hpp>

#include "scratch_directory.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character c = first_character(text);
    if (c.len == 0) return false;
    text.remove_prefix(c.len);
  }
  return true;
}

datawal_code open_absent(const std::string& dir, datawal_error* error) {
  datawal_store_reader* reader = nullptr;
  return datawal_store_reader_open(dir.c_str(), nullptr, &reader, error);
}

TEST(CapiError, IsKeptForTheThreadWhereNobodyGivesRoomForIt) {
  EXPECT_EQ(open_absent("/absent/one", nullptr), DATAWAL_NOT_FOUND);
  const datawal_error* const last = datawal_last_error();
  EXPECT_EQ(last->code, DATAWAL_NOT_FOUND);
  EXPECT_THAT(last->message, HasSubstr("/absent/one"));
  EXPECT_STREQ(last->path, "/absent/one");
  std::thread([] {
    EXPECT_EQ(datawal_last_error()->code, DATAWAL_OK) << "nothing has failed in this thread";
    EXPECT_EQ(open_absent("/absent/two", nullptr), DATAWAL_NOT_FOUND);
    EXPECT_THAT(datawal_last_error()->message, HasSubstr("/absent/two"));
  }).join();
  EXPECT_THAT(last->message, HasSubstr("/absent/one")) << "another thread's failure is not this one's";

  safeatomic::test::ScratchDirectory directory;
  datawal_verify_report report{};
  datawal_log* log = nullptr;
  EXPECT_EQ(datawal_log_open(directory.path().c_str(), nullptr, &log, nullptr), DATAWAL_OK);
  datawal_log_free(log);
  EXPECT_EQ(datawal_verify(directory.path().c_str(), &report, nullptr), DATAWAL_OK);
  EXPECT_THAT(last->message, HasSubstr("/absent/one")) << "a call that succeeds leaves it";
  datawal_error error{};
  EXPECT_EQ(open_absent("/absent/three", &error), DATAWAL_NOT_FOUND);
  EXPECT_STREQ(last->message, error.message) << "the same in both places";
}

TEST(CapiError, IsValidUtf8WhateverThePath) {
  for (const std::string_view name : {"\xff\xfe", "\xc3", "a\x80z", "\xed\xa0\x80", "\x1b[31m"}) {
    datawal_error error{};
    EXPECT_EQ(open_absent("/absent/" + std::string(name), &error), DATAWAL_NOT_FOUND);
    EXPECT_TRUE(is_utf8(error.message)) << error.message;
    EXPECT_EQ(std::string_view(error.message).find('\x1b'), std::string_view::npos);
    EXPECT_EQ(std::string_view(error.path), "/absent/" + std::string(name)) << "what the program gave, as it was";
  }
}

TEST(CapiError, IsCutBetweenTwoCharacters) {
  for (const std::string_view character : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa7"}) {
    for (std::size_t before = 0; before < 4; ++before) {
      // Directories, since one name holds 255 bytes only.
      std::string path = "/" + std::string(before, 'x');
      while (path.size() < 2000) {
        if (path.size() % 128 < character.size()) path += '/';
        path += character;
      }
      datawal_error error{};
      EXPECT_NE(open_absent(path, &error), DATAWAL_OK);
      EXPECT_TRUE(is_utf8(error.message));
      EXPECT_GT(std::string_view(error.message).size(), sizeof error.message - 5);
      EXPECT_TRUE(is_utf8(error.path));
      EXPECT_GT(std::string_view(error.path).size(), sizeof error.path - 5);
    }
  }
}

TEST(CapiError, OfALockSaysThatThisProcessHoldsIt) {
  safeatomic::test::ScratchDirectory directory;
  datawal_store* first = nullptr;
  datawal_store* second = nullptr;
  ASSERT_EQ(datawal_store_open(directory.path().c_str(), nullptr, &first, nullptr), DATAWAL_OK);
  datawal_error error{};
  EXPECT_EQ(datawal_store_open(directory.path().c_str(), nullptr, &second, &error), DATAWAL_LOCKED);
  EXPECT_THAT(error.message, HasSubstr("another handle of this process holds the lock"));
  EXPECT_THAT(error.message, HasSubstr("use that handle, or close it first"));
  EXPECT_EQ(error.os_errno, EDEADLK);
  datawal_store_free(first);
}

}  // namespace
}  // namespace datawal::test
