// What every File must do.

#include <array>
#include <string>

#include <safeatomic/io.hpp>

#include "file_system_contract.hpp"
#include "outcome.hpp"

namespace safeatomic::test {
namespace {

TEST_P(FileSystemContract, WritesItsPartsOneBehindTheOther) {
  const auto file = new_file("f", "________");
  const std::array<std::string_view, 3> parts = {"ab", "", "cde"};
  EXPECT_EQ(value_of(file->write_at(1, parts)), 5U);
  EXPECT_EQ(content_of(*file), "_abcde__");
}

TEST_P(FileSystemContract, WritesBehindTheEndAfterZeros) {
  const auto file = new_file("f", "a");
  EXPECT_TRUE(succeeded(write_all(*file, 3, "b")));
  EXPECT_EQ(content_of(*file), std::string("a\0\0b", 4));
}

TEST_P(FileSystemContract, RefusesMoreThanSixteenParts) {
  const auto file = new_file("f");
  const std::array<std::string_view, 17> parts = {"a"};
  EXPECT_TRUE(failed_with(Errc::invalid_argument, file->write_at(0, parts)));
  EXPECT_EQ(value_of(file->info()).size, 0U);
}

TEST_P(FileSystemContract, ReadsNothingOnlyAtTheEnd) {
  const auto file = new_file("f", "abc");
  std::array<char, 8> buffer{};
  EXPECT_EQ(value_of(file->read_at(1, buffer)), 2U);
  EXPECT_EQ(std::string_view(buffer.data(), 2), "bc");
  EXPECT_EQ(value_of(file->read_at(3, buffer)), 0U);
  EXPECT_EQ(value_of(file->read_at(1'000'000, buffer)), 0U);
}

TEST_P(FileSystemContract, RefusesToWriteAFileOpenedForReading) {
  static_cast<void>(new_file("f", "abc"));
  const auto file = open_again("f", false);
  EXPECT_FALSE(write_all(*file, 0, "x"));
  EXPECT_EQ(content_of(*file), "abc");
}

TEST_P(FileSystemContract, ShowsAWriteToEveryOtherOpening) {
  const auto writer = new_file("f", "abc");
  const auto reader = open_again("f", false);
  EXPECT_TRUE(succeeded(write_all(*writer, 1, "X")));
  EXPECT_EQ(content_of(*reader), "aXc");
}

TEST_P(FileSystemContract, TruncatesAndExtendsWithZeros) {
  const auto file = new_file("f", "abcdef");
  EXPECT_TRUE(succeeded(file->truncate(2)));
  EXPECT_TRUE(succeeded(file->truncate(4)));
  EXPECT_EQ(content_of(*file), std::string("ab\0\0", 4));
}

TEST_P(FileSystemContract, ReserveExtendsTheSizeAndKeepsTheContent) {
  const auto file = new_file("f", "abc");
  const Result<void> reserved = file->reserve(0, 8192);
  if (!reserved) {
    EXPECT_TRUE(failed_with(Errc::unsupported, reserved));
    GTEST_SKIP() << "this filesystem reserves nothing";
  }
  EXPECT_EQ(value_of(file->info()).size, 8192U);
  EXPECT_EQ(content_of(*file), "abc" + std::string(8189, '\0'));
  EXPECT_TRUE(succeeded(file->reserve(0, 4096)));
  EXPECT_EQ(value_of(file->info()).size, 8192U) << "a smaller reservation must not cut";
}

TEST_P(FileSystemContract, ReservingNothingIsNoError) {
  const auto file = new_file("f", "abc");
  EXPECT_TRUE(succeeded(file->reserve(100, 0)));
  EXPECT_EQ(value_of(file->info()).size, 3U);
}

TEST_P(FileSystemContract, RefusesOffsetsThatNoFileHas) {
  const auto file = new_file("f", "abc");
  constexpr std::uint64_t beyond = std::uint64_t{1} << 63;
  std::array<char, 4> buffer{};
  EXPECT_FALSE(file->read_at(beyond, buffer));
  EXPECT_FALSE(write_all(*file, beyond, "x"));
  EXPECT_FALSE(file->truncate(beyond));
  EXPECT_EQ(content_of(*file), "abc");
}

TEST_P(FileSystemContract, SyncsWhatIsOpenForWriting) {
  const auto file = new_file("f", "abc");
  EXPECT_TRUE(succeeded(file->sync_data()));
  EXPECT_TRUE(succeeded(file->sync_all()));
  static_cast<void>(file->start_writeback(0, 3));
  EXPECT_EQ(content_of(*file), "abc");
}

TEST_P(FileSystemContract, FindsTheDataBehindAHole) {
  constexpr std::uint64_t far = 1 << 20;
  const auto file = new_file("f");
  EXPECT_TRUE(succeeded(write_all(*file, far, "data")));
  const std::optional<DataRange> range = value_of(file->next_data(0));
  ASSERT_TRUE(range.has_value());
  EXPECT_LE(range->begin, far);
  EXPECT_EQ(range->end, far + 4);
}

TEST_P(FileSystemContract, FindsNoDataInATrailingHoleOrBeyondTheEnd) {
  const auto file = new_file("f", "abc");
  EXPECT_EQ(value_of(file->next_data(3)), std::nullopt);
  EXPECT_EQ(value_of(file->next_data(1'000'000)), std::nullopt);
  const auto empty = new_file("empty");
  EXPECT_EQ(value_of(empty->next_data(0)), std::nullopt);
}

TEST_P(FileSystemContract, SaysWhatAFileIs) {
  const auto file = new_file("f", "abc");
  const FileInfo info = value_of(file->info());
  EXPECT_EQ(info.kind, FileKind::regular);
  EXPECT_EQ(info.size, 3U);
  EXPECT_EQ(info.link_count, 1U);
  EXPECT_EQ(info.mode, 0600U);
  EXPECT_NE(info.inode, 0U);
  const FileInfo same = value_of(directory().info_of("f"));
  EXPECT_EQ(same.inode, info.inode);
  EXPECT_EQ(same.device, info.device);
}

TEST_P(FileSystemContract, GivesEachFileAnInodeOfItsOwn) {
  EXPECT_NE(value_of(new_file("a")->info()).inode, value_of(new_file("b")->info()).inode);
}

TEST_P(FileSystemContract, TakesOverPermissionBits) {
  const auto file = new_file("f");
  FileInfo like = value_of(file->info());
  like.mode = 0640;
  EXPECT_TRUE(succeeded(file->copy_ownership(like)));
  EXPECT_EQ(value_of(file->info()).mode, 0640U);
}

TEST_P(FileSystemContract, AppendsAtTheEndThatTheFileHasThen) {
  const auto writer = new_file("f", "abc");
  const auto appender = value_of(directory().open_file("f", {.write = true, .append = true}));
  const DataRange first = value_of(appender->append("de"));
  EXPECT_EQ(first.begin, 3U);
  EXPECT_EQ(first.end, 5U);
  EXPECT_TRUE(succeeded(write_all(*writer, 5, "fgh")));
  EXPECT_EQ(value_of(appender->append("i")).begin, 8U);
  EXPECT_TRUE(succeeded(appender->sync_all()));
  EXPECT_TRUE(succeeded(appender->truncate(8)));
  EXPECT_EQ(content_of(*writer), "abcdefgh");
}

TEST_P(FileSystemContract, LooksAtAFileWithoutOpeningIt) {
  static_cast<void>(value_of(directory().open_file("f", {.write = true, .create = true, .mode = 0})));
  const auto file = value_of(directory().open_file("f", {.inspect = true}));
  EXPECT_EQ(value_of(file->info()).mode, 0U);
  EXPECT_EQ(value_of(file->info()).inode, value_of(directory().info_of("f")).inode);
  EXPECT_EQ(value_of(file->access_control_list()), "");
  EXPECT_TRUE(succeeded(directory().unlink("f")));
  EXPECT_EQ(value_of(file->info()).link_count, 0U);
}

TEST_P(FileSystemContract, LooksAtNothingButRegularFiles) {
  EXPECT_TRUE(failed_with(Errc::not_found, directory().open_file("absent", {.inspect = true})));
  EXPECT_TRUE(succeeded(directory().make_directory("d", 0700)));
  EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("d", {.inspect = true})));
  if (world().make_fifo(root() / "fifo")) {
    EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("fifo", {.inspect = true})));
  }
  if (world().make_symbolic_link("d", root() / "link")) {
    EXPECT_TRUE(failed_with(Errc::not_regular, directory().open_file("link", {.inspect = true})));
  }
}

TEST_P(FileSystemContract, KeepsAnUnlinkedFileUsable) {
  const auto file = new_file("f", "abc");
  EXPECT_TRUE(succeeded(directory().unlink("f")));
  EXPECT_EQ(value_of(file->info()).link_count, 0U);
  EXPECT_TRUE(succeeded(write_all(*file, 3, "d")));
  EXPECT_EQ(content_of(*file), "abcd");
}

}  // namespace
}  // namespace safeatomic::test
