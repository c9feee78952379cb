// Network filesystems: where another machine may write too, a lock proves nothing.
#include <gmock/gmock.h>

#include "log/network_file_system.hpp"
#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class HostileNetwork : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path place(const std::string& name) const { return store_.beside(name); }

  Store store_;
  NetworkFileSystem network_;
};

TEST_F(HostileNetwork, OpeningForWritingIsRefusedAndMakesNothing) {
  const Result<RecordLog> log = RecordLog::open(place("a") / "b", {.file_system = &network_});
  ASSERT_TRUE(refused(log, Errc::invalid_argument));
  EXPECT_THAT(log.error().message(), HasSubstr("network filesystem"));
  EXPECT_FALSE(std::filesystem::exists(place("a")));
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), {.file_system = &network_}), Errc::invalid_argument));
  EXPECT_TRUE(std::filesystem::is_empty(store_.path()));
}

TEST_F(HostileNetwork, OpeningForWritingIsAllowedToWhoAsksForIt) {
  const OpenOptions options{.allow_network_filesystem = true, .file_system = &network_};
  RecordLog log = must(RecordLog::open(place("a") / "b", options));
  append_records(log, 2);
  must(log.close());
  EXPECT_EQ(read(place("a") / "b").txids(), txids_up_to(2));
}

TEST_F(HostileNetwork, ReadingIsAlwaysAllowed) {
  store_.put(1, raw_frame(1, "record"));
  EXPECT_EQ(read(must(RecordLogReader::open(store_.path(), {.file_system = &network_}))).txids(), txids_up_to(1));
}

}  // namespace
}  // namespace datawal::test
