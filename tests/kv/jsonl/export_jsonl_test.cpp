// Live records as a file of lines: what stands there before, and after a failure.

#include <sys/stat.h>

#include <cerrno>

#include <gmock/gmock.h>

#include "faulty_file_system.hpp"
#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using safeatomic::test::mode_of;

class ExportJsonl : public testing::Test {
 protected:
  ExportJsonl() {
    std::filesystem::create_directory(out_);
    fill(store_.path(), {{"", "empty"}, {std::string("a\0b", 3), "\xFF\n\""}, {"z", ""}});
  }

  static std::string lines() { return line_of("", "ZW1wdHk=") + line_of("YQBi", "/woi") + line_of("eg==", ""); }

  Store store_;
  const std::filesystem::path out_ = store_.beside("out");
  const std::filesystem::path file_ = out_ / "lines.jsonl";
};

TEST_F(ExportJsonl, WritesALinePerKeyInTheOrderOfTheKeys) {
  const ExportStats stats = must(open_kv(store_.path()).export_jsonl(file_));
  EXPECT_EQ(read_file(file_), lines());
  EXPECT_EQ(stats.records_written, 3U);
  EXPECT_EQ(stats.bytes_written, lines().size());
  EXPECT_EQ(mode_of(file_), 0600U);
  must(open_kv_reader(store_.path()).export_jsonl(out_ / "by reader"));
  EXPECT_EQ(read_file(out_ / "by reader"), lines());
}

TEST_F(ExportJsonl, WritesAnEmptyFileForAnEmptyStore) {
  const Store empty;
  const ExportStats stats = must(open_kv(empty.path()).export_jsonl(file_));
  EXPECT_EQ(read_file(file_), "");
  EXPECT_EQ(stats.records_written, 0U);
}

TEST_F(ExportJsonl, ReplacesAFileAndKeepsItsMode) {
  write_file(file_, "old");
  ASSERT_EQ(::chmod(file_.c_str(), 0640), 0);
  must(open_kv(store_.path()).export_jsonl(file_));
  EXPECT_EQ(image_of(out_), (Image{{"lines.jsonl", lines()}}));
  EXPECT_EQ(mode_of(file_), 0640U);
}

TEST_F(ExportJsonl, LeavesTheOtherNameOfTheOldFileAlone) {
  write_file(file_, "old");
  std::filesystem::create_hard_link(file_, out_ / "other");
  must(open_kv(store_.path()).export_jsonl(file_));
  EXPECT_EQ(image_of(out_), (Image{{"lines.jsonl", lines()}, {"other", "old"}}));
}

TEST_F(ExportJsonl, RefusesWhatIsNotARegularFile) {
  const DataWal kv = open_kv(store_.path());
  std::filesystem::create_directory(out_ / "directory");
  std::filesystem::create_symlink("elsewhere", out_ / "symlink");
  ASSERT_EQ(::mkfifo((out_ / "fifo").c_str(), 0600), 0);
  const std::vector<std::string> before = names_in(out_);
  for (const char* name : {"directory", "symlink", "fifo"}) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(refused(kv.export_jsonl(out_ / name), Errc::invalid_argument));
    EXPECT_EQ(names_in(out_), before);
  }
  EXPECT_TRUE(std::filesystem::is_symlink(out_ / "symlink"));
}

TEST_F(ExportJsonl, RefusesAPathThatNamesNoFile) {
  const DataWal kv = open_kv(store_.path());
  EXPECT_TRUE(refused(kv.export_jsonl(""), Errc::invalid_argument));
  EXPECT_TRUE(refused(kv.export_jsonl(out_ / ""), Errc::invalid_argument));
  EXPECT_TRUE(refused(kv.export_jsonl(out_ / "." / ".."), Errc::invalid_argument));
  EXPECT_TRUE(refused(kv.export_jsonl(out_ / "absent" / "file"), Errc::not_found));
}

// The name of a segment that is gone would be a segment at the next opening.
TEST_F(ExportJsonl, NeverReplacesAFileOfTheStore) {
  const DataWal kv = open_kv(store_.path());
  const Image before = store_.image();
  for (const char* name : {"00000001.dwal", "00000002.dwal", ".watermark", ".lock"}) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(refused(kv.export_jsonl(store_ / name), Errc::invalid_argument));
    EXPECT_TRUE(refused(open_kv_reader(store_.path()).export_jsonl(store_ / name), Errc::invalid_argument));
  }
  EXPECT_EQ(store_.image(), before);
}

TEST_F(ExportJsonl, StopsWhenTheSinkHasEnough) {
  const Store large;
  Contents contents;
  for (int n = 0; n < 100; ++n) contents[std::to_string(n)] = std::string(50'000, 'v');
  fill(large.path(), contents);
  int calls = 0;
  must(open_kv_reader(large.path()).export_jsonl_to([&](std::string_view lines_now) {
    EXPECT_TRUE(lines_now.ends_with("\"}\n"));
    return ++calls < 2;
  }));
  EXPECT_EQ(calls, 2);
}

TEST_F(ExportJsonl, LeavesTheOldFileOrTheWholeNewOneAfterAFailureOfAnyOperation) {
  for (const int reason : {EIO, ENOSPC}) {
    for (std::uint64_t n = 1;; ++n) {
      write_file(file_, "old");
      FaultyFileSystem files;
      const DataWal kv = open_kv(store_.path(),
                                 {.read_path = n % 2 == 0 ? ReadPath::mapped : ReadPath::pread, .file_system = &files});
      const Fingerprint before = fingerprint_of(store_.path());
      files.restart();
      files.set_hook(
          [n, reason](const FsOp& op) { return op.ordinal == n ? std::optional(Fault::error(reason)) : std::nullopt; });
      const Result<ExportStats> exported = kv.export_jsonl(file_);
      files.set_hook(nullptr);
      if (files.operation_count() < n) {
        EXPECT_TRUE(ok(exported));
        EXPECT_GT(n, 6U) << "hardly anything was tried";
        break;
      }
      const FsOp op = files.operations().at(n - 1);
      SCOPED_TRACE("errno " + std::to_string(reason) + ", operation " + std::to_string(n) + ": " + describe(op));
      EXPECT_EQ(fingerprint_of(store_.path()), before);
      EXPECT_EQ(names_in(out_), std::vector<std::string>{"lines.jsonl"});
      const std::string now = read_file(file_);
      EXPECT_TRUE(now == "old" || now == lines()) << now;
      if (now == "old") {
        EXPECT_FALSE(exported);
      }
      if (!exported) {
        EXPECT_EQ(exported.error().code, reason == EIO ? Errc::io : Errc::no_space) << exported.error().message();
      }
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace datawal::test
