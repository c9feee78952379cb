// The live records as a new store: what is in it, where it may go, and what a failure leaves.

#include <cerrno>

#include <gmock/gmock.h>

#include "faulty_file_system.hpp"
#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using testing::HasSubstr;
using testing::IsEmpty;

class CompactTo : public testing::Test {
 protected:
  CompactTo() {
    append_plain(store_.path(), {{RecordType::Put, "b", "old"},
                                 {RecordType::Raw, "", "event 1"},
                                 {RecordType::Put, "gone", "x"},
                                 {RecordType::Put, "b", "2"},
                                 {RecordType::Raw, "b", "event 2"},
                                 {RecordType::Put, "a", "1"},
                                 {RecordType::Delete, "gone", ""}});
  }

  [[nodiscard]] std::filesystem::path target() const { return store_.beside("target"); }

  static std::string without_raw() { return reference_encode(1, 1, "a", "1") + reference_encode(1, 2, "b", "2"); }
  static std::string with_raw() {
    return reference_encode(0, 1, "", "event 1") + reference_encode(0, 2, "b", "event 2") +
           reference_encode(1, 3, "a", "1") + reference_encode(1, 4, "b", "2");
  }

  Store store_;
};

TEST_F(CompactTo, RefusesWhileThereAreRawRecordsAndSaysSo) {
  const auto expect_refused = [&](const Result<CompactionStats>& compacted) {
    ASSERT_TRUE(refused(compacted, Errc::invalid_argument));
    EXPECT_THAT(compacted.error().message(), HasSubstr("2 Raw records"));
    EXPECT_FALSE(std::filesystem::exists(target()));
  };
  expect_refused(open_kv(store_.path()).compact_to(target()));
  expect_refused(open_kv_reader(store_.path()).compact_to(target()));
}

TEST_F(CompactTo, LeavesRawRecordsOutWhenToldTo) {
  const CompactionStats stats = must(open_kv(store_.path()).compact_to(target(), {.raw = RawRecords::drop}));
  EXPECT_EQ(image_of(target()), (Image{{"00000001.dwal", without_raw()}}));
  EXPECT_EQ(stats.live_keys, 2U);
  EXPECT_EQ(stats.records_written, 2U);
  EXPECT_EQ(stats.bytes_written, without_raw().size());
}

TEST_F(CompactTo, PutsRawRecordsFirstInLogOrderWhenToldTo) {
  const CompactionStats stats = must(open_kv(store_.path()).compact_to(target(), {.raw = RawRecords::include}));
  EXPECT_EQ(image_of(target()), (Image{{"00000001.dwal", with_raw()}}));
  EXPECT_EQ(stats.live_keys, 2U);
  EXPECT_EQ(stats.records_written, 4U);
  EXPECT_EQ(stats.bytes_written, with_raw().size());
  const auto by_reader = store_.beside("by reader");
  must(open_kv_reader(store_.path()).compact_to(by_reader, {.raw = RawRecords::include}));
  EXPECT_EQ(image_of(by_reader), image_of(target()));
}

TEST_F(CompactTo, TakesRawRecordsFromTheActiveSegmentOfALiveStoreToo) {
  const DataWal kv = open_kv(store_.path());
  must(open_kv_reader(store_.path()).compact_to(target(), {.raw = RawRecords::include}));
  EXPECT_EQ(image_of(target()), (Image{{"00000001.dwal", with_raw()}}));
}

TEST_F(CompactTo, MakesAnEmptySegmentOfAnEmptyStore) {
  const Store empty;
  must(open_kv(empty.path()).compact_to(target()));
  EXPECT_EQ(image_of(target()), (Image{{"00000001.dwal", ""}}));
}

TEST_F(CompactTo, MakesTheDirectoryAndThoseAboveIt) {
  must(open_kv(store_.path()).compact_to(target() / "deep" / "down", {.raw = RawRecords::drop}));
  EXPECT_EQ(image_of(target() / "deep" / "down"), (Image{{"00000001.dwal", without_raw()}}));
}

TEST_F(CompactTo, RefusesATargetThatHoldsAnything) {
  const DataWal kv = open_kv(store_.path());
  for (const char* name : {"00000001.dwal", "notes.txt", ".hidden", ".lock"}) {
    SCOPED_TRACE(name);
    std::filesystem::remove_all(target());
    std::filesystem::create_directory(target());
    write_file(target() / name, "mine");
    const Fingerprint before = fingerprint_of(target());
    EXPECT_TRUE(refused(kv.compact_to(target(), {.raw = RawRecords::drop}), Errc::already_exists));
    EXPECT_EQ(fingerprint_of(target()), before);
  }
}

TEST_F(CompactTo, RefusesItsOwnSource) {
  const Result<CompactionStats> into_itself =
      open_kv_reader(store_.path()).compact_to(store_.path(), {.raw = RawRecords::drop});
  EXPECT_TRUE(refused(into_itself, Errc::already_exists));
  const DataWal kv = open_kv(store_.path());
  EXPECT_FALSE(kv.compact_to(store_.path(), {.raw = RawRecords::drop}));
  EXPECT_EQ(contents_of(kv), (Contents{{"a", "1"}, {"b", "2"}}));
}

TEST_F(CompactTo, RefusesATargetThatIsAFile) {
  write_file(target(), "mine");
  EXPECT_FALSE(open_kv(store_.path()).compact_to(target(), {.raw = RawRecords::drop}));
  EXPECT_EQ(read_file(target()), "mine");
}

TEST_F(CompactTo, TakesAwayWhatAnInterruptedOneLeft) {
  std::filesystem::create_directory(target());
  write_file(target() / ".tmp-0123456789abcdef.dwal-tmp", "half");
  must(open_kv(store_.path()).compact_to(target(), {.raw = RawRecords::drop}));
  EXPECT_EQ(image_of(target()), (Image{{"00000001.dwal", without_raw()}}));
}

TEST_F(CompactTo, RefusesAPlaceWhereAnotherOneIsAtWork) {
  const DataWal kv = open_kv(store_.path());
  Result<CompactionStats> second;
  const auto meanwhile = [&](const Progress&) { second = kv.compact_to(target(), {.raw = RawRecords::drop}); };
  EXPECT_TRUE(ok(kv.compact_to(target(), {.raw = RawRecords::drop, .on_progress = meanwhile})));
  EXPECT_TRUE(refused(second, Errc::locked));
  EXPECT_EQ(image_of(target()), (Image{{"00000001.dwal", without_raw()}}));
}

TEST_F(CompactTo, MakesAStoreThatGoesOn) {
  must(open_kv(store_.path()).compact_to(target(), {.raw = RawRecords::include}));
  {
    DataWal kv = open_kv(target());
    must(kv.put("c", "3"));
    EXPECT_EQ(kv.log().last_txid(), 5U);
  }
  EXPECT_EQ(contents_of(open_kv(target())), (Contents{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

// Fails each operation of the call in turn.
TEST_F(CompactTo, IsCompleteOrAbsentAfterAFailureOfAnyOperation) {
  for (const int reason : {EIO, ENOSPC}) {
    for (std::uint64_t n = 1;; ++n) {
      std::filesystem::remove_all(target());
      FaultyFileSystem files;
      const DataWal kv = open_kv(store_.path(),
                                 {.read_path = n % 2 == 0 ? ReadPath::mapped : ReadPath::pread, .file_system = &files});
      const Fingerprint before = fingerprint_of(store_.path());
      files.restart();
      files.set_hook(
          [n, reason](const FsOp& op) { return op.ordinal == n ? std::optional(Fault::error(reason)) : std::nullopt; });
      const CompactToOptions options{.raw = RawRecords::include};
      const Result<CompactionStats> compacted = kv.compact_to(target(), options);
      files.set_hook(nullptr);
      if (files.operation_count() < n) {
        EXPECT_TRUE(ok(compacted));
        EXPECT_GT(n, 10U) << "hardly anything was tried";
        break;
      }
      const FsOp op = files.operations().at(n - 1);
      SCOPED_TRACE("errno " + std::to_string(reason) + ", operation " + std::to_string(n) + ": " + describe(op));
      EXPECT_EQ(fingerprint_of(store_.path()), before);
      const bool is_there = std::filesystem::exists(target() / "00000001.dwal");
      if (is_there) {
        EXPECT_EQ(image_of(target()), (Image{{"00000001.dwal", with_raw()}}));
      } else {
        ASSERT_FALSE(compacted);
        EXPECT_EQ(compacted.error().code, reason == EIO ? Errc::io : Errc::no_space) << compacted.error().message();
        if (std::filesystem::exists(target())) {
          EXPECT_THAT(image_of(target()), IsEmpty());
        }
        EXPECT_TRUE(ok(kv.compact_to(target(), options))) << "it cannot be tried again";
      }
      if (HasFailure()) return;
    }
  }
}

TEST_F(CompactTo, IsRefusedInsideTheStoreItself) {
  DataWal kv = open_kv(store_.path());
  must(kv.put("a", "1"));
  const std::vector<std::string> names = names_in(store_.path());
  for (const char* inside : {"small", "new/small"}) {
    EXPECT_TRUE(refused(kv.compact_to(store_.path() / inside, {.raw = RawRecords::drop}), Errc::invalid_argument))
        << inside;
  }
  EXPECT_EQ(names_in(store_.path()), names);
}

}  // namespace
}  // namespace datawal::test
