// A disk that fills up under a log that is open. Real filesystems, small ones, seen by one child alone.
#include <gmock/gmock.h>

#include "log/disk_full_support.hpp"

namespace datawal::test {
namespace {

using DiskFullAppend = DiskFull;

INSTANTIATE_TEST_SUITE_P(, DiskFullAppend, testing::Values(Disk::tmpfs, Disk::ext4, Disk::xfs), name_of_disk);

TEST_P(DiskFullAppend, NothingHalfIsLeftOfARefusedAppend) {
  on_small_disks([&](OpenOptions options) {
    RecordLog log = must(RecordLog::open(dir(), options));
    const std::uint64_t count = append_until_full(log);
    const std::string segment = read_file(segment::path(dir(), 1));
    const std::uint64_t size = records_in(segment).size();
    EXPECT_EQ(segment.find_first_not_of('\0', size), std::string::npos);
    for (int n = 0; n < 3; ++n) EXPECT_TRUE(refused(log.append(payload_of(count + 1)), Errc::no_space));
    EXPECT_FALSE(log.is_poisoned());
    const Reading reading = read(dir());
    expect_whole(reading, count);
    EXPECT_EQ(reading.records.back().ref.offset + reading.records.back().ref.len, size);
    EXPECT_TRUE(read_file(segment::path(dir(), 1)) == segment);
    expect_whole(read(log.records()), count);
  });
}

TEST_P(DiskFullAppend, TheHandleGoesOnOnceThereIsRoomAgain) {
  on_small_disks([&](OpenOptions options) {
    RecordLog log = must(RecordLog::open(dir(), options));
    for (int n = 0; n < 5; ++n) must(log.append(payload_of(log.last_txid() + 1), {.sync = true}));
    fill_up();
    std::uint64_t count = append_until_full(log);
    std::filesystem::remove(ballast());
    for (int n = 0; n < 10; ++n) must(log.append(payload_of(log.last_txid() + 1)));
    EXPECT_TRUE(ok(log.fsync()));
    count += 10;
    EXPECT_EQ(log.durable_txid(), count);
    EXPECT_TRUE(ok(log.close()));
    expect_whole(read(dir()), count);
    expect_whole(read(must(RecordLog::open(dir(), options)).records()), count);
  });
}

TEST_P(DiskFullAppend, GoesThroughManyTimesWithoutALoss) {
  on_small_disks([&](OpenOptions options) {
    options.max_segment_bytes = 32 * 1024;
    RecordLog log = must(RecordLog::open(dir(), options));
    std::uint64_t count = 0;
    for (int round = 0; round < 8; ++round) {
      for (int n = 0; n < 4; ++n) must(log.append(payload_of(log.last_txid() + 1), {.sync = n == 3}));
      fill_up();
      count = append_until_full(log, {.sync = round % 2 == 0});
      std::filesystem::remove(ballast());
      EXPECT_FALSE(log.is_poisoned());
      EXPECT_TRUE(ok(log.fsync()));
      if (round % 3 != 2) continue;
      EXPECT_TRUE(ok(log.close()));
      log = must(RecordLog::open(dir(), options));
      EXPECT_EQ(log.last_txid(), count);
    }
    expect_whole(read(log.records()), count);
    EXPECT_TRUE(ok(log.close()));
    expect_whole(read(dir()), count);
  });
}

TEST_P(DiskFullAppend, SmallerRecordsThatStillFitAreStillAppended) {
  on_small_disks([&](OpenOptions options) {
    RecordLog log = must(RecordLog::open(dir(), options));
    must(log.append("first"));
    fill_up();
    const std::string large(8 << 20, 'x');
    ASSERT_TRUE(refused(log.append(large), Errc::no_space));
    // The page or block of the first record has room for a small one.
    EXPECT_TRUE(ok(log.append("second", {.sync = true})));
    EXPECT_TRUE(ok(log.close()));
    EXPECT_EQ(read(dir()).payloads(), (std::vector<std::string>{"first", "second"}));
  });
}

TEST_P(DiskFullAppend, ARotationThatDoesNotFitLeavesTheLogInItsOldSegment) {
  on_small_disks([&](OpenOptions options) {
    RecordLog log = must(RecordLog::open(dir(), options));
    must(log.append(payload_of(1)));
    fill_up();
    const Result<void> rotated = log.rotate();  // an empty file may fit even so
    if (!rotated) {
      EXPECT_TRUE(refused(rotated, Errc::no_space));
    }
    EXPECT_FALSE(log.is_poisoned());
    std::filesystem::remove(ballast());
    must(log.append(payload_of(2), {.sync = true}));
    EXPECT_TRUE(ok(log.close()));
    expect_whole(read(dir()), 2);
  });
}

TEST_P(DiskFullAppend, ClosingNeedsNoRoom) {
  on_small_disks([&](OpenOptions options) {
    RecordLog log = must(RecordLog::open(dir(), options));
    must(log.append(payload_of(1)));
    fill_up();
    EXPECT_TRUE(ok(log.close()));
    expect_whole(read(dir()), 1);
  });
}

TEST_P(DiskFullAppend, AReaderNeedsNoRoom) {
  on_small_disks([&](OpenOptions options) {
    RecordLog log = must(RecordLog::open(dir(), options));
    must(log.append(payload_of(1)));
    fill_up();
    RecordLogReader reader = must(RecordLogReader::open(dir()));
    expect_whole(read(reader), 1);
    EXPECT_FALSE(must(reader.refresh()));
  });
}

}  // namespace
}  // namespace datawal::test
