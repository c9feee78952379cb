#include "file_system_contract.hpp"

#include <safeatomic/io.hpp>

#include "outcome.hpp"

namespace safeatomic::test {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FileSystemContract);

void FileSystemContract::SetUp() {
  world_ = GetParam().make();
  directory_ = value_of(file_system().open_directory(root()));
}

std::unique_ptr<File> FileSystemContract::new_file(std::string_view name, std::string_view content) {
  std::unique_ptr<File> file = value_of(
      directory().open_file(name, {.write = true, .create = true, .exclusive = true}));
  EXPECT_TRUE(succeeded(write_all(*file, 0, content)));
  return file;
}

std::unique_ptr<File> FileSystemContract::open_again(std::string_view name, bool write) {
  return value_of(directory().open_file(name, {.write = write}));
}

std::string FileSystemContract::content_of(File& file) {
  std::string bytes(value_of(file.info()).size, '\0');
  EXPECT_EQ(value_of(read_all(file, 0, bytes)), bytes.size());
  return bytes;
}

}  // namespace safeatomic::test
