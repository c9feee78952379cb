// examples/quick_start.cpp does what it says, also on the store that its last run left.

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "support/files.hpp"

namespace datawal {
namespace {

std::string output_of_run_in(const std::filesystem::path& directory) {
  const std::string command = "cd '" + directory.string() + "' && '" DATAWAL_QUICK_START "' > output";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return test::read_file(directory / "output");
}

TEST(QuickStart, PrintsEveryRecordAndTheValue) {
  const test::TemporaryDirectory directory;
  EXPECT_EQ(output_of_run_in(directory.path()), "1 door opened\nada 1815\n");
  EXPECT_EQ(output_of_run_in(directory.path()), "1 door opened\n2 door opened\nada 1815\n");
}

}  // namespace
}  // namespace datawal
