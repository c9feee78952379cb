// Opening on a disk that is full: a sound store must open, and a torn one must say how much room it needs.
#include <gmock/gmock.h>

#include "log/disk_full_support.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

class DiskFullOpen : public DiskFull {
 protected:
  [[nodiscard]] std::filesystem::path segment_1() const { return segment::path(dir(), 1); }

  // A store with two records, a torn tail of so many bytes and zeros behind it that take room, then no room at all.
  void make_torn_and_full(std::size_t torn_len, std::size_t zeros) const {
    std::filesystem::create_directory(dir());
    const std::string torn = raw_frame(3, std::string(torn_len * 2, 't')).substr(0, torn_len);
    write_file(segment_1(), whole() + torn + std::string(zeros, '\0'));
    fill_up();
  }

  static std::string whole() { return raw_frame(1, payload_of(1)) + raw_frame(2, payload_of(2)); }

  // But for `.lock`, which may come and hold our process id.
  [[nodiscard]] Image image() const { return image_of(dir()); }
};

INSTANTIATE_TEST_SUITE_P(, DiskFullOpen, testing::Values(Disk::tmpfs, Disk::ext4, Disk::xfs), name_of_disk);

TEST_P(DiskFullOpen, ASoundStoreOpensWithoutRoomForItsLockAndWatermark) {
  on_a_small_disk([&] {
    must(must(RecordLog::open(dir())).append(payload_of(1)));
    std::filesystem::remove(dir() / ".lock");
    std::filesystem::remove(dir() / ".watermark");
    fill_up();
    {
      RecordLog log = must(RecordLog::open(dir()));
      EXPECT_EQ(log.last_txid(), 1U);
      EXPECT_TRUE(refused(RecordLog::open(dir()), Errc::locked));
      expect_whole(read(log.records()), 1);
      EXPECT_TRUE(refused(log.append(std::string(8 << 20, 'x')), Errc::no_space));
      std::filesystem::remove(ballast());
      must(log.append(payload_of(2), {.sync = true}));
    }
    expect_whole(read(must(RecordLog::open(dir())).records()), 2);
  });
}

TEST_P(DiskFullOpen, ATornTailThatCannotBeKeptIsNotCut) {
  on_a_small_disk([&] {
    make_torn_and_full(100'000, 0);
    const Image before = image();
    for (int n = 0; n < 3; ++n) {
      const Result<RecordLog> log = RecordLog::open(dir());
      ASSERT_TRUE(refused(log, Errc::no_space));
      EXPECT_THAT(log.error().message(), HasSubstr("100000 bytes"));
      EXPECT_EQ(log.error().segment, 1U);
      EXPECT_EQ(log.error().offset, whole().size());
      EXPECT_EQ(image(), before);
    }
  });
}

TEST_P(DiskFullOpen, ATornTailIsKeptOnceThereIsRoom) {
  on_a_small_disk([&] {
    make_torn_and_full(100'000, 0);
    ASSERT_TRUE(refused(RecordLog::open(dir()), Errc::no_space));
    std::filesystem::remove(ballast());
    RecordLog log = must(RecordLog::open(dir()));
    EXPECT_EQ(std::filesystem::file_size(log.recovery_report().quarantine_path), 100'000U);
    must(log.append(payload_of(3), {.sync = true}));
    EXPECT_TRUE(ok(log.close()));
    expect_whole(read(dir()), 3);
  });
}

TEST_P(DiskFullOpen, ATornTailIsCutWithoutACopyForWhoAsksForIt) {
  on_a_small_disk([&] {
    make_torn_and_full(100'000, 0);
    RecordLog log = must(RecordLog::open(dir(), {.quarantine_torn_tail = false}));
    EXPECT_TRUE(log.recovery_report().tail_truncated);
    EXPECT_EQ(log.recovery_report().tail_bytes_discarded, 100'000U);
    EXPECT_EQ(log.recovery_report().quarantine_path, "");
    must(log.append(payload_of(3), {.sync = true}));  // in the room of the torn bytes
    EXPECT_TRUE(ok(log.close()));
    expect_whole(read(dir()), 3);
  });
}

TEST_P(DiskFullOpen, TheZerosBehindATornTailAreGivenBackFirst) {
  on_a_small_disk([&] {
    make_torn_and_full(50'000, 200'000);
    const RecordLog log = must(RecordLog::open(dir()));
    EXPECT_EQ(log.recovery_report().tail_bytes_discarded, 50'000U);
    EXPECT_EQ(log.recovery_report().preallocated_bytes, 200'000U);
    EXPECT_EQ(std::filesystem::file_size(log.recovery_report().quarantine_path), 50'000U);
    EXPECT_EQ(std::filesystem::file_size(segment_1()), whole().size());
  });
}

TEST_P(DiskFullOpen, NothingButTheZerosIsGivenUpIfTheirRoomIsNotEnough) {
  on_a_small_disk([&] {
    make_torn_and_full(150'000, 50'000);
    const std::string before = read_file(segment_1());
    const Result<RecordLog> log = RecordLog::open(dir());
    ASSERT_TRUE(refused(log, Errc::no_space));
    EXPECT_THAT(log.error().message(), HasSubstr("150000 bytes"));
    EXPECT_EQ(read_file(segment_1()), before.substr(0, whole().size() + 150'000));
    EXPECT_EQ(names_in(dir()), (std::vector<std::string>{"00000001.dwal"}));
  });
}

TEST_P(DiskFullOpen, APreallocatedTailIsGivenBackToTheLogItself) {
  on_a_small_disk([&] {
    std::filesystem::create_directory(dir());
    write_file(segment_1(), whole() + std::string(100'000, '\0'));
    fill_up();
    RecordLog log = must(RecordLog::open(dir()));
    must(log.append(payload_of(3), {.sync = true}));
    EXPECT_TRUE(ok(log.close()));
    expect_whole(read(dir()), 3);
  });
}

// No inodes: then not even an empty file can be made.

class DiskFullOfFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
  }

  void on_a_disk_without_inodes(const std::function<void()>& make, const std::function<void()>& body) const {
    in_child([&] {
      must_leave_mount_namespace();
      mount_tmpfs(disk_.path(), "size=1m,nr_inodes=20");
      make();
      for (int n = 0; n < 20; ++n) {
        if (!std::ofstream(disk_ / ("file-" + std::to_string(n)))) break;
      }
      ASSERT_FALSE(std::ofstream(disk_ / "one more"));
      body();
    });
  }

  [[nodiscard]] std::filesystem::path dir() const { return disk_ / "store"; }
  void make_room() const { std::filesystem::remove(disk_ / "file-0"); }

  safeatomic::test::ScratchDirectory disk_;
};

TEST_F(DiskFullOfFiles, ASoundStoreOpensWithoutLockAndWatermark) {
  on_a_disk_without_inodes(
      [&] {
        std::filesystem::create_directory(dir());
        write_file(segment::path(dir(), 1), raw_frame(1, "one"));
      },
      [&] {
        RecordLog log = must(RecordLog::open(dir()));
        EXPECT_EQ(names_in(dir()), (std::vector<std::string>{"00000001.dwal"}));
        EXPECT_FALSE(std::filesystem::exists(dir() / ".lock"));
        EXPECT_TRUE(refused(RecordLog::open(dir()), Errc::locked));
        must(log.append("two", {.sync = true}));
        EXPECT_TRUE(refused(log.rotate(), Errc::no_space));
        EXPECT_FALSE(log.is_poisoned());
        must(log.append("three", {.sync = true}));
        make_room();
        EXPECT_TRUE(ok(log.rotate()));
        must(log.append("four"));
        EXPECT_TRUE(ok(log.close()));
        EXPECT_EQ(read(dir()).payloads(), (std::vector<std::string>{"one", "two", "three", "four"}));
      });
}

TEST_F(DiskFullOfFiles, ARecordThatNeedsAnotherSegmentIsRefusedUntilThereIsRoom) {
  on_a_disk_without_inodes([&] { must(must(RecordLog::open(dir())).append("one")); },
                           [&] {
                             RecordLog log = must(RecordLog::open(dir(), {.max_segment_bytes = 64}));
                             for (int n = 0; n < 3; ++n) {
                               EXPECT_TRUE(refused(log.append(std::string(40, '2')), Errc::no_space));
                             }
                             EXPECT_EQ(log.last_txid(), 1U);
                             make_room();
                             EXPECT_EQ(must(log.append(std::string(40, '2'))).segment, 2U);
                             EXPECT_TRUE(ok(log.close()));
                             EXPECT_EQ(read(dir()).txids(), txids_up_to(2));
                           });
}

TEST_F(DiskFullOfFiles, ANewStoreSaysThatThereIsNoRoom) {
  on_a_disk_without_inodes([] {},
                           [&] {
                             EXPECT_TRUE(refused(RecordLog::open(dir()), Errc::no_space));
                             EXPECT_FALSE(std::filesystem::exists(dir()));
                             for (int n = 0; n < 4; ++n) {
                               std::filesystem::remove(disk_ / ("file-" + std::to_string(n)));
                             }
                             EXPECT_TRUE(ok(RecordLog::open(dir())));
                           });
}

}  // namespace
}  // namespace datawal::test
