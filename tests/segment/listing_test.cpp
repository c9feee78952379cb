#include "segment/listing.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/segment.hpp>

#include "support/files.hpp"
#include "support/printing.hpp"

namespace datawal::segment {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SegmentListing : public testing::Test {
 protected:
  void make(const std::string& name, std::string_view content = "") const { test::write_file(dir() / name, content); }
  [[nodiscard]] const std::filesystem::path& dir() const { return directory_.path(); }

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(SegmentListing, OfAnEmptyDirectoryIsEmptyAndTheNextIdIsOne) {
  EXPECT_THAT(list_ids(dir()).value(), IsEmpty());
  EXPECT_EQ(active_id(dir()).value(), std::nullopt);
  EXPECT_EQ(next_id(dir()).value(), 1U);
}

TEST_F(SegmentListing, IsAscendingAndMayHaveGaps) {
  for (const char* name : {"00000010.dwal", "00000002.dwal", "12345678.dwal", "00000009.dwal"}) make(name);
  EXPECT_THAT(list_ids(dir()).value(), ElementsAre(2U, 9U, 10U, 12'345'678U));
  EXPECT_EQ(active_id(dir()).value(), 12'345'678U);
  EXPECT_EQ(next_id(dir()).value(), 12'345'679U);
}

TEST_F(SegmentListing, IgnoresEverythingElse) {
  for (const char* name : {".lock", ".watermark", "00000000.dwal", "100000000.dwal", "00000001.dwal.torn-5",
                           "notes.txt", ".tmp-0123456789abcdef.dwal-tmp", "0000001.dwal"}) {
    make(name);
  }
  std::filesystem::create_directory(dir() / "sub");
  make("sub/00000005.dwal");
  make("00000003.dwal");
  EXPECT_THAT(list_ids(dir()).value(), ElementsAre(3U));
}

TEST_F(SegmentListing, IgnoresIdZeroWhateverItIs) {
  std::filesystem::create_directory(dir() / "00000000.dwal");
  EXPECT_THAT(list_ids(dir()).value(), IsEmpty());
}

TEST_F(SegmentListing, RefusesWhatIsNamedLikeASegmentAndIsNoFile) {
  const std::string name = "00000002.dwal";
  struct Row {
    const char* name;
    std::function<void(const std::string& path)> make;
  };
  const Row rows[] = {
      {"directory", [](const std::string& path) { ASSERT_EQ(::mkdir(path.c_str(), 0700), 0); }},
      {"link to a segment", [](const std::string& path) { ASSERT_EQ(::symlink("00000001.dwal", path.c_str()), 0); }},
      {"link to nothing", [](const std::string& path) { ASSERT_EQ(::symlink("nowhere", path.c_str()), 0); }},
      {"FIFO", [](const std::string& path) { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); }},
      {"socket",
       [](const std::string& path) {
         sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
         ASSERT_LT(path.size(), sizeof address.sun_path);
         std::memcpy(address.sun_path, path.c_str(), path.size());
         const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
         ASSERT_GE(descriptor, 0);
         EXPECT_EQ(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
         ::close(descriptor);
       }},
  };
  make("00000001.dwal", "x");
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    row.make((dir() / name).string());
    const Result<std::vector<std::uint32_t>> ids = list_ids(dir());
    ASSERT_FALSE(ids);
    EXPECT_EQ(ids.error().code, Errc::corruption);
    EXPECT_EQ(ids.error().path, dir() / name);
    EXPECT_EQ(ids.error().segment, 2U);
    EXPECT_EQ(active_id(dir()).error().code, Errc::corruption);
    EXPECT_EQ(next_id(dir()).error().code, Errc::corruption);
    EXPECT_EQ(size(dir(), 2).error().code, Errc::corruption);
    EXPECT_EQ(size(dir(), 1).value(), 1U);
    std::filesystem::remove(dir() / name);
  }
}

TEST_F(SegmentListing, HasNoIdBehindTheHighest) {
  make("99999999.dwal");
  EXPECT_EQ(active_id(dir()).value(), max_id);
  const Result<std::uint32_t> next = next_id(dir());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, Errc::invalid_argument);
  EXPECT_EQ(next.error().path, dir());
}

TEST_F(SegmentListing, GivesOutTheHighestIdItself) {
  make("99999998.dwal");
  EXPECT_EQ(next_id(dir()).value(), max_id);
}

TEST_F(SegmentListing, OfAMissingDirectoryIsNotFound) {
  EXPECT_EQ(list_ids(dir() / "nowhere").error().code, Errc::not_found);
  EXPECT_EQ(active_id(dir() / "nowhere").error().code, Errc::not_found);
  EXPECT_EQ(next_id(dir() / "nowhere").error().code, Errc::not_found);
  EXPECT_EQ(size(dir() / "nowhere", 1).error().code, Errc::not_found);
}

TEST_F(SegmentListing, OfAFileIsAnError) {
  make("file");
  const Result<std::vector<std::uint32_t>> ids = list_ids(dir() / "file");
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().code, Errc::io);
  EXPECT_EQ(ids.error().os_errno, ENOTDIR);
}

TEST_F(SegmentListing, FollowsALinkToTheDirectoryItself) {
  make("00000004.dwal");
  const std::filesystem::path link = dir() / "link";
  std::filesystem::create_directory_symlink(dir(), link);
  EXPECT_THAT(list_ids(link).value(), ElementsAre(4U));
}

TEST_F(SegmentListing, SizeCountsAPreallocatedTail) {
  make("00000001.dwal", std::string("record") + std::string(4096, '\0'));
  EXPECT_EQ(size(dir(), 1).value(), 4102U);
  make("00000002.dwal");
  EXPECT_EQ(size(dir(), 2).value(), 0U);
}

TEST_F(SegmentListing, SizeOfWhatIsNoSegmentIsNotFound) {
  make("00000000.dwal");
  make("100000000.dwal");
  for (const std::uint32_t id : {0U, 1U, max_id, max_id + 1, ~std::uint32_t{0}}) {
    const Result<std::uint64_t> bytes = size(dir(), id);
    ASSERT_FALSE(bytes) << id;
    EXPECT_EQ(bytes.error().code, Errc::not_found) << id;
  }
}

TEST_F(SegmentListing, TakesANameThatIsGoneForNone) {
  const auto directory = safeatomic::posix_file_system().open_directory(dir());
  ASSERT_TRUE(directory);
  EXPECT_FALSE(look_at(**directory, "00000009.dwal").value().has_value());
}

}  // namespace
}  // namespace datawal::segment
