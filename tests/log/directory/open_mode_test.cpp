// What may be there when a store is opened, and options that make no sense.

#include <filesystem>
#include <limits>

#include <datawal/data_wal.hpp>
#include <datawal/dir_lock.hpp>

#include "log/store_support.hpp"

namespace datawal::test {
namespace {

class OpenModes : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path in_dir(std::string_view name) const { return directory_ / name; }

  static Result<void> open_both(const std::filesystem::path& dir, const OpenOptions& options) {
    const Result<RecordLog> log = RecordLog::open(dir, options);
    const Result<DataWal> store = log ? Result<DataWal>(std::unexpected(Error{})) : DataWal::open(dir, options);
    if (log) return {};
    EXPECT_TRUE(refused(store, log.error().code));
    return propagate(log);
  }

  safeatomic::test::ScratchDirectory directory_;
};

TEST_F(OpenModes, MustExistMakesNothing) {
  const OpenOptions options{.mode = OpenMode::must_exist};
  EXPECT_TRUE(refused(open_both(in_dir("typo/below"), options), Errc::not_found));
  EXPECT_FALSE(std::filesystem::exists(in_dir("typo")));
  std::filesystem::create_directory(in_dir("empty"));
  EXPECT_TRUE(refused(open_both(in_dir("empty"), options), Errc::not_found));
  EXPECT_TRUE(std::filesystem::is_empty(in_dir("empty"))) << "not even a lock";
  must(RecordLog::open(in_dir("log")));
  EXPECT_TRUE(ok(open_both(in_dir("log"), options)));
}

TEST_F(OpenModes, MustBeNewChangesNothing) {
  const OpenOptions options{.mode = OpenMode::must_be_new};
  EXPECT_TRUE(ok(open_both(in_dir("new/below"), options)));
  EXPECT_TRUE(refused(open_both(in_dir("new/below"), options), Errc::already_exists));
  const RecordLog held = must(RecordLog::open(in_dir("held")));
  EXPECT_TRUE(refused(open_both(in_dir("held"), options), Errc::already_exists)) << "not locked: it would not do later";
  // What a refused opening leaves is no store.
  std::filesystem::create_directory(in_dir("refused"));
  must(DirLock::acquire(in_dir("refused")));
  EXPECT_TRUE(std::filesystem::exists(in_dir("refused/.lock")));
  EXPECT_TRUE(ok(open_both(in_dir("refused"), options)));
}

TEST_F(OpenModes, AStoreWhoseSegmentsAreGoneIsDamagedAndNotMissing) {
  RecordLog log = must(RecordLog::open(in_dir("log")));
  must(log.append("a", {.sync = true}));
  must(log.close());
  std::filesystem::remove(in_dir("log/00000001.dwal"));
  EXPECT_TRUE(must(is_store(in_dir("log"))));
  EXPECT_TRUE(refused(open_both(in_dir("log"), {.mode = OpenMode::must_exist}), Errc::corruption));
  EXPECT_TRUE(refused(open_both(in_dir("log"), {.mode = OpenMode::must_be_new}), Errc::already_exists));
}

TEST_F(OpenModes, IsStoreTellsWithoutMakingAnything) {
  EXPECT_FALSE(must(is_store(in_dir("absent"))));
  EXPECT_FALSE(std::filesystem::exists(in_dir("absent")));
  std::filesystem::create_directory(in_dir("empty"));
  EXPECT_FALSE(must(is_store(in_dir("empty"))));
  must(RecordLog::open(in_dir("log")));
  EXPECT_TRUE(must(is_store(in_dir("log"))));
  EXPECT_FALSE(must(is_store(in_dir("log/00000001.dwal")))) << "a file";
  EXPECT_TRUE(refused(is_store(""), Errc::invalid_argument));
}

TEST_F(OpenModes, OptionsThatMakeNoSenseAreRefusedBeforeAnythingIsMade) {
  for (const OpenOptions& options : {
           OpenOptions{.file_mode = 0},
           OpenOptions{.file_mode = 0400},
           OpenOptions{.file_mode = 0200},
           OpenOptions{.file_mode = 010600},
           OpenOptions{.directory_mode = 0},
           OpenOptions{.directory_mode = 0600},
           OpenOptions{.directory_mode = 07777777},
           OpenOptions{.auto_compact = {.garbage_ratio = std::numeric_limits<double>::quiet_NaN()}},
           OpenOptions{.auto_compact = {.garbage_ratio = 1.5}},
       }) {
    EXPECT_TRUE(refused(open_both(in_dir("log"), options), Errc::invalid_argument));
    EXPECT_FALSE(std::filesystem::exists(in_dir("log")));
  }
  std::filesystem::create_directory(in_dir("locked"));
  EXPECT_TRUE(refused(DirLock::acquire(in_dir("locked"), {.file_mode = 0}), Errc::invalid_argument));
  EXPECT_TRUE(std::filesystem::is_empty(in_dir("locked")));
}

}  // namespace
}  // namespace datawal::test
