#include "segment/copy.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "segment/scanner.hpp"
#include "segment/segment_file.hpp"

namespace datawal::segment {
namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size; ++at) bytes[at] = static_cast<char>(at * 7 + at / 251);
  return bytes;
}

TEST(CopyRange, CopiesToTheStartOfTheTarget) {
  const std::string bytes = pattern(3 * Scanner::block_len + 11);
  test::SegmentFile from(bytes);
  for (const auto& [begin, end] :
       {std::pair<std::size_t, std::size_t>{0, bytes.size()}, {1, 2}, {5000, 2 * Scanner::block_len}, {7, 7}}) {
    test::SegmentFile to;
    ASSERT_TRUE(copy_range(from.file(), begin, end, to.file()));
    EXPECT_TRUE(to.get() == bytes.substr(begin, end - begin)) << begin;
  }
}

TEST(CopyRange, KeepsHolesAndTheSize) {
  constexpr std::uint64_t size = 1ULL << 30;
  test::SegmentFile from("begin");
  std::filesystem::resize_file(from.path(), size - 3);
  {
    std::ofstream more(from.path(), std::ios::binary | std::ios::app);
    more << "end";
  }
  test::SegmentFile to;
  ASSERT_TRUE(copy_range(from.file(), 2, size, to.file()));
  EXPECT_EQ(std::filesystem::file_size(to.path()), size - 2);
  std::ifstream copy(to.path(), std::ios::binary);
  std::string part(3, '\0');
  copy.read(part.data(), 3);
  EXPECT_EQ(part, "gin");
  copy.seekg(-3, std::ios::end);
  copy.read(part.data(), 3);
  EXPECT_EQ(part, "end");
  struct stat status{};
  ASSERT_EQ(::stat(to.path().c_str(), &status), 0);
  EXPECT_LT(status.st_blocks, 10'000);
}

TEST(CopyRange, OfAHoleIsAHole) {
  test::SegmentFile from;
  std::filesystem::resize_file(from.path(), 10'000);
  test::SegmentFile to;
  ASSERT_TRUE(copy_range(from.file(), 100, 9'000, to.file()));
  EXPECT_TRUE(to.get() == std::string(8'900, '\0'));
}

TEST(CopyRange, FailsWhereTheSourceIsShorterThanItWas) {
  test::SegmentFile from(pattern(5000));
  test::SegmentFile to;
  const std::unique_ptr<safeatomic::File> file = from.open();
  from.file_system().set_hook([&](const safeatomic::test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind == safeatomic::test::OpKind::read) return safeatomic::test::Fault::shortened(0);
    return std::nullopt;
  });
  EXPECT_FALSE(copy_range(*file, 0, 5000, to.file()));
}

TEST(RewriteRange, WritesTheSameBytesToTheSamePlace) {
  const std::string bytes = pattern(2 * Scanner::block_len + 100);
  test::SegmentFile file(bytes);
  ASSERT_TRUE(rewrite_range(file.file(), 1000, bytes.size() - 50));
  EXPECT_TRUE(file.get() == bytes);
  std::uint64_t next = 1000;
  for (const auto& op : file.file_system().operations()) {
    if (op.kind != safeatomic::test::OpKind::write) continue;
    EXPECT_EQ(op.offset, next);
    next += op.size;
  }
  EXPECT_EQ(next, bytes.size() - 50);
}

TEST(RewriteRange, OfNothingWritesNothing) {
  test::SegmentFile file("bytes");
  ASSERT_TRUE(rewrite_range(file.file(), 5, 5));
  EXPECT_TRUE(file.file_system().changes().empty());
}

}  // namespace
}  // namespace datawal::segment
