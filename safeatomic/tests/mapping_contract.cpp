// What every Mapping must do.

#include <string>

#include <safeatomic/io.hpp>

#include "file_system_contract.hpp"
#include "outcome.hpp"

namespace safeatomic::test {
namespace {

constexpr std::size_t page_bytes = 4096;

TEST_P(FileSystemContract, BytesWrittenThroughAMappingAreRead) {
  const auto file = new_file("f", std::string(2 * page_bytes, '_'));
  const auto mapping = value_of(file->map(MapAccess::read_write, page_bytes, page_bytes));
  mapping->write(10, "mapped");
  std::string bytes(6, '\0');
  EXPECT_EQ(value_of(read_all(*file, page_bytes + 10, bytes)), 6U);
  EXPECT_EQ(bytes, "mapped");
}

TEST_P(FileSystemContract, BytesWrittenToTheFileAreInTheMapping) {
  const auto file = new_file("f", std::string(page_bytes, '_'));
  const auto mapping = value_of(file->map(MapAccess::read, 0, page_bytes));
  EXPECT_TRUE(succeeded(write_all(*file, 3, "written")));
  EXPECT_EQ(mapping->bytes().substr(0, 11), "___written_");
  EXPECT_EQ(mapping->bytes().size(), page_bytes);
}

TEST_P(FileSystemContract, AMappingOutlivesItsFile) {
  auto file = new_file("f", std::string(page_bytes, '_'));
  const auto mapping = value_of(file->map(MapAccess::read_write, 0, page_bytes));
  file.reset();
  EXPECT_TRUE(succeeded(directory().unlink("f")));
  mapping->write(0, "still here");
  EXPECT_EQ(mapping->bytes().substr(0, 10), "still here");
}

TEST_P(FileSystemContract, MappedBytesSurviveASyncAndAReopening) {
  auto file = new_file("f", std::string(page_bytes, '_'));
  value_of(file->map(MapAccess::read_write, 0, page_bytes))->write(0, "kept");
  EXPECT_TRUE(succeeded(file->sync_data()));
  file.reset();
  EXPECT_EQ(content_of(*open_again("f")).substr(0, 5), "kept_");
}

TEST_P(FileSystemContract, PopulatingChangesNothing) {
  const auto file = new_file("f", std::string(4 * page_bytes, 'x'));
  const auto mapping = value_of(file->map(MapAccess::read_write, 0, 4 * page_bytes));
  const Result<void> populated = mapping->populate(100, 3 * page_bytes);
  EXPECT_TRUE(populated || failed_with(Errc::unsupported, populated));
  EXPECT_TRUE(succeeded(mapping->populate(0, 0)));
  EXPECT_EQ(content_of(*file), std::string(4 * page_bytes, 'x'));
}

TEST_P(FileSystemContract, PreferringHugePagesChangesNothing) {
  const auto file = new_file("f", std::string(4 * page_bytes, 'x'));
  const auto mapping = value_of(file->map(MapAccess::read_write, 0, 4 * page_bytes));
  (void)mapping->prefer_huge_pages();
  mapping->write(page_bytes, "y");
  EXPECT_EQ(content_of(*file), std::string(page_bytes, 'x') + 'y' + std::string(3 * page_bytes - 1, 'x'));
}

TEST_P(FileSystemContract, PopulatingBeyondTheMappingIsAnErrorNotASignal) {
  const auto file = new_file("f", std::string(page_bytes, 'x'));
  const auto mapping = value_of(file->map(MapAccess::read_write, 0, page_bytes));
  EXPECT_FALSE(mapping->populate(page_bytes, 1));
  EXPECT_FALSE(mapping->populate(1, ~std::size_t{0}));
}

TEST_P(FileSystemContract, AFileOpenedForReadingIsNotMappedForWriting) {
  static_cast<void>(new_file("f", std::string(page_bytes, 'x')));
  const auto file = open_again("f", false);
  EXPECT_FALSE(file->map(MapAccess::read_write, 0, page_bytes));
  EXPECT_TRUE(succeeded(file->map(MapAccess::read, 0, page_bytes)));
}

}  // namespace
}  // namespace safeatomic::test
