// What the program around a log does to itself must not get into the log.
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include <gmock/gmock.h>

#include "log/reader_support.hpp"
#include "log/write_paths.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

class ProcessHost : public testing::TestWithParam<WritePath> {
 protected:
  Store store_;
};

INSTANTIATE_TEST_SUITE_P(, ProcessHost, both_write_paths, name_of_path);

TEST_P(ProcessHost, WhatIsPrintedToAClosedStreamReachesNoFile) {
  in_child([&] {
    for (const int fd : {0, 1, 2}) ::close(fd);
    RecordLog log = store_.open({.write_path = GetParam()});
    const auto print = [] {
      constexpr std::string_view message = "warning: the host has something to say\n";
      for (const int fd : {0, 1, 2}) static_cast<void>(::write(fd, message.data(), message.size()));
    };
    print();
    append_records(log, 3);
    print();
    must(log.rotate());
    print();
    append_records(log, 3);
    must(log.fsync());
    EXPECT_EQ(read(log.records()).txids(), txids_up_to(6));
    must(log.close());
    print();
  });
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(6));
  EXPECT_EQ(must(store_.open().scan()).size(), 6U);
}

}  // namespace
}  // namespace datawal::test
