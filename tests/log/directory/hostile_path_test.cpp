// Where a store is to be: paths that are none, modes, filesystems that cannot be trusted with a lock.
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>
#include <datawal/verify.hpp>

#include "log/reader_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class HostilePath : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path place(const std::string& name) const { return store_.beside(name); }

  static unsigned mode_of(const std::filesystem::path& path) { return safeatomic::test::mode_of(path); }

  Store store_;
};

TEST_F(HostilePath, AnEmptyOneIsRefusedByEveryCall) {
  EXPECT_TRUE(refused(RecordLog::open(""), Errc::invalid_argument));
  EXPECT_TRUE(refused(RecordLogReader::open(""), Errc::invalid_argument));
  EXPECT_TRUE(refused(DirLock::acquire(""), Errc::invalid_argument));
  EXPECT_TRUE(refused(verify(""), Errc::invalid_argument));
}

TEST_F(HostilePath, AFileIsRefusedAndLeftAlone) {
  write_file(place("file"), "content");
  EXPECT_TRUE(refused(RecordLog::open(place("file")), Errc::invalid_argument));
  EXPECT_TRUE(refused(RecordLogReader::open(place("file")), Errc::invalid_argument));
  EXPECT_TRUE(refused(RecordLog::open(place("file") / "store"), Errc::invalid_argument));
  EXPECT_TRUE(refused(RecordLogReader::open(place("file") / "store"), Errc::invalid_argument));
  EXPECT_EQ(read_file(place("file")), "content");
}

TEST_F(HostilePath, AFifoIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(place("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(refused(RecordLog::open(place("fifo")), Errc::invalid_argument));
  EXPECT_TRUE(refused(RecordLogReader::open(place("fifo")), Errc::invalid_argument));
}

TEST_F(HostilePath, ANameThatIsTooLongIsRefused) {
  EXPECT_FALSE(RecordLog::open(place(std::string(300, 'n'))));
  EXPECT_FALSE(RecordLogReader::open(place(std::string(300, 'n'))));
}

TEST_F(HostilePath, OfALinkToADirectoryIsFollowed) {
  std::filesystem::create_directory_symlink(store_.path(), place("link"));
  RecordLog log = must(RecordLog::open(place("link")));
  append_records(log, 1);
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(1));
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::locked)) << "two names of one directory are one store";
}

TEST_F(HostilePath, OfADanglingLinkMakesNothing) {
  std::filesystem::create_directory_symlink(place("nowhere"), place("link"));
  EXPECT_FALSE(RecordLog::open(place("link")));
  EXPECT_FALSE(std::filesystem::exists(place("nowhere")));
}

TEST_F(HostilePath, MissingParentsAreMade) {
  must(RecordLog::open(place("a") / "b" / "c"));
  EXPECT_TRUE(ok(RecordLogReader::open(place("a") / "b" / "c")));
  must(RecordLog::open(place("d") / "e" / ""));
  EXPECT_TRUE(ok(RecordLogReader::open(place("d") / "e")));
}

TEST_F(HostilePath, AReaderMakesNothing) {
  EXPECT_TRUE(refused(RecordLogReader::open(place("a") / "b"), Errc::not_found));
  EXPECT_TRUE(refused(verify(place("a") / "b"), Errc::not_found));
  EXPECT_FALSE(std::filesystem::exists(place("a")));
}

TEST_F(HostilePath, ARelativeOneMeansTheWorkingDirectory) {
  in_child([&] {
    ASSERT_EQ(::chdir(store_.path().c_str()), 0);
    RecordLog log = must(RecordLog::open("x/y"));
    append_records(log, 1);
    ASSERT_EQ(::chdir("/"), 0);  // the log must not look for its files by their path any more
    must(log.rotate());
    append_records(log, 1);
    EXPECT_TRUE(ok(log.close()));
  });
  EXPECT_EQ(read(store_ / "x/y").txids(), txids_up_to(2));
}

TEST_F(HostilePath, WithControlCharactersIsNotPrintedAsItIs) {
  const Result<RecordLogReader> reader = RecordLogReader::open(place("\x1b[2Jgone\n"));
  EXPECT_THAT(reader.error().message(), testing::AllOf(HasSubstr("\\x1b"), testing::Not(HasSubstr("\x1b"))));
}

// Modes.

TEST_F(HostilePath, WhatIsMadeBelongsToItsOwnerAlone) {
  RecordLog log = must(RecordLog::open(place("a") / "b"));
  append_records(log, 1);
  must(log.rotate());
  EXPECT_EQ(mode_of(place("a")), 0700U);
  EXPECT_EQ(mode_of(place("a") / "b"), 0700U);
  for (const char* name : {"00000001.dwal", "00000002.dwal", ".lock", ".watermark"}) {
    EXPECT_EQ(mode_of(place("a") / "b" / name), 0600U) << name;
  }
}

TEST_F(HostilePath, WhatIsMadeHasTheModesThatWereAskedFor) {
  in_child([&] {
    ::umask(0);
    RecordLog log = must(RecordLog::open(place("a") / "b", {.file_mode = 0640, .directory_mode = 0750}));
    append_records(log, 1);
    must(log.rotate());
    must(log.close());
  });
  EXPECT_EQ(mode_of(place("a")), 0750U);
  EXPECT_EQ(mode_of(place("a") / "b"), 0750U);
  for (const char* name : {"00000001.dwal", "00000002.dwal", ".lock", ".watermark"}) {
    EXPECT_EQ(mode_of(place("a") / "b" / name), 0640U) << name;
  }
}

TEST_F(HostilePath, AQuarantineFileIsNoMoreReadableThanItsSegment) {
  store_.put(1, raw_frame(1, "whole") + raw_frame(2, "secret").substr(0, 30));
  ASSERT_EQ(::chmod(store_.segment(1).c_str(), 0600), 0);
  const RecordLog log = store_.open({.file_mode = 0644});
  EXPECT_EQ(mode_of(log.recovery_report().quarantine_path), 0600U);
}

}  // namespace
}  // namespace datawal::test
