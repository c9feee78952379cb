#include <safeatomic/directory_watch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "scratch_directory.hpp"

namespace safeatomic::test {
namespace {

using namespace std::chrono_literals;

class Watched : public testing::Test {
 protected:
  void write(const char* name) const { std::ofstream(directory_.path() / name, std::ios::app) << "x" << std::flush; }

  ScratchDirectory directory_;
};

TEST_F(Watched, DirectoryWakesOnAWrite) {
  write("file");
  DirectoryWatch watch(directory_.path(), true);
  write("file");
  EXPECT_EQ(watch.pause(60s), DirectoryWatch::Ended::changed);
}

TEST_F(Watched, DirectoryWakesOnANewName) {
  DirectoryWatch watch(directory_.path(), true);
  write("new");
  EXPECT_EQ(watch.pause(60s), DirectoryWatch::Ended::changed);
}

TEST_F(Watched, DirectoryThatDoesNotChangeLetsTheTimePass) {
  DirectoryWatch watch(directory_.path(), true);
  EXPECT_EQ(watch.pause(0ms), DirectoryWatch::Ended::over);
}

TEST_F(Watched, DirectoryThatIsNotThereIsOnlySleptFor) {
  DirectoryWatch watch(directory_.path() / "absent", true);
  EXPECT_EQ(watch.pause(1ms), DirectoryWatch::Ended::over);
}

}  // namespace
}  // namespace safeatomic::test
