#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <safeatomic/io.hpp>

#include "faulty_file_system.hpp"
#include "outcome.hpp"
#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

class Io : public testing::Test {
 protected:
  std::unique_ptr<File> open(std::string_view content = {}) {
    spill(scratch_ / "f", content);
    auto directory = value_of(faulty_.open_directory(scratch_.path()));
    return value_of(directory->open_file("f", {.write = true}));
  }
  [[nodiscard]] std::string content() const { return slurp(scratch_ / "f"); }

  ScratchDirectory scratch_;
  FaultyFileSystem faulty_;
};

TEST_F(Io, WritesMorePartsThanOneCallTakes) {
  const auto file = open();
  std::vector<std::string> texts;
  std::string want;
  for (int part = 0; part < 100; ++part) want += texts.emplace_back(std::to_string(part));
  const std::vector<std::string_view> parts(texts.begin(), texts.end());
  EXPECT_TRUE(succeeded(write_all(*file, 0, parts)));
  EXPECT_EQ(content(), want);
}

TEST_F(Io, SkipsEmptyParts) {
  const auto file = open();
  const std::vector<std::string_view> parts = {"", "a", "", "", "b", ""};
  EXPECT_TRUE(succeeded(write_all(*file, 0, parts)));
  EXPECT_EQ(content(), "ab");
}

TEST_F(Io, WritingNothingCallsNothing) {
  const auto file = open();
  faulty_.restart();
  EXPECT_TRUE(succeeded(write_all(*file, 0, "")));
  EXPECT_TRUE(succeeded(write_all(*file, 0, std::vector<std::string_view>{"", ""})));
  EXPECT_EQ(faulty_.operation_count(), 0U);
}

TEST_F(Io, WritesOnBehindEachShortWrite) {
  const std::vector<std::string_view> parts = {"abc", "", "d", "efgh"};
  for (std::uint64_t bytes = 1; bytes <= 8; ++bytes) {
    const auto file = open();
    faulty_.set_hook(fail_every(OpKind::write, Fault::shortened(bytes)));
    EXPECT_TRUE(succeeded(write_all(*file, 0, parts)));
    EXPECT_EQ(content(), "abcdefgh") << bytes << " bytes at a time";
  }
}

TEST_F(Io, WritesAndReadsOnAfterEachInterruption) {
  const auto file = open();
  faulty_.restart();
  faulty_.set_hook(
      [](const FsOp& op) { return op.ordinal % 3 != 0 ? std::optional(Fault::error(EINTR)) : std::nullopt; });
  EXPECT_TRUE(succeeded(write_all(*file, 0, "abc")));
  std::string bytes(3, '\0');
  EXPECT_EQ(value_of(read_all(*file, 0, bytes)), 3U);
  EXPECT_EQ(bytes, "abc");
}

TEST_F(Io, GivesUpOnAFileThatTakesNothing) {
  const auto file = open();
  faulty_.set_hook(fail_every(OpKind::write, Fault::shortened(0)));
  EXPECT_TRUE(failed_with(Errc::io, write_all(*file, 0, "abc")));
}

TEST_F(Io, HandsAWriteErrorOn) {
  const auto file = open();
  faulty_.set_hook(fail_every(OpKind::write, {.os_errno = ENOSPC, .at_most = 2}));
  const Result<void> written = write_all(*file, 0, "abc");
  EXPECT_TRUE(failed_with(Errc::no_space, written));
  EXPECT_EQ(written.error().os_errno, ENOSPC);
  EXPECT_EQ(content(), "ab") << "the fault let two bytes through";
}

TEST_F(Io, ReadsOnBehindEachShortRead) {
  const auto file = open("abcdef");
  faulty_.set_hook(fail_every(OpKind::read, Fault::shortened(1)));
  std::string bytes(4, '\0');
  EXPECT_EQ(value_of(read_all(*file, 1, bytes)), 4U);
  EXPECT_EQ(bytes, "bcde");
}

TEST_F(Io, ReadsUpToTheEndOfTheFile) {
  const auto file = open("abc");
  std::string bytes(10, '_');
  EXPECT_EQ(value_of(read_all(*file, 1, bytes)), 2U);
  EXPECT_EQ(bytes, "bc________");
  EXPECT_EQ(value_of(read_all(*file, 3, bytes)), 0U);
}

TEST_F(Io, HandsAReadErrorOn) {
  const auto file = open("abc");
  faulty_.set_hook(fail_every(OpKind::read, Fault::error(EIO)));
  std::string bytes(3, '_');
  EXPECT_TRUE(failed_with(Errc::io, read_all(*file, 0, bytes)));
}

}  // namespace
}  // namespace safeatomic::test
