// Zeros behind the records: what a writer had reserved and a crash left. And very long tails.

#include <sys/resource.h>

#include <chrono>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/operation_trace.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

constexpr std::uint64_t gibibyte = 1ULL << 30;
const std::string one = test::raw_frame(1, "one");
const std::string two = test::raw_frame(2, "two");

class RecoveryOfZeros : public testing::Test {
 protected:
  // A hole up to `size`, then `last`.
  void extend(std::uint64_t size, std::string_view last = {}) {
    std::filesystem::resize_file(store_.segment(1), size);
    std::ofstream file(store_.segment(1), std::ios::binary | std::ios::app);
    file << last;
  }

  test::Store store_;
};

TEST_F(RecoveryOfZeros, AreCountedAndCut) {
  for (const std::size_t zeros : {1UL, 23UL, 24UL, 27UL, 28UL, 4096UL, 300'000UL, 1'000'000UL}) {
    SCOPED_TRACE(zeros);
    store_.clear();
    store_.put(1, one + two + std::string(zeros, '\0'));
    RecordLog log = store_.open();
    EXPECT_EQ(log.recovery_report().preallocated_bytes, zeros);
    EXPECT_EQ(log.recovery_report().records_replayed, 2U);
    EXPECT_FALSE(log.recovery_report().tail_truncated);
    EXPECT_EQ(store_.get(1), one + two);
    test::must(log.append("three"));
    test::must(log.close());
    EXPECT_EQ(store_.get(1), one + two + test::raw_frame(3, "three"));
  }
}

TEST_F(RecoveryOfZeros, AreNoDamageInASegmentThatHoldsNothingElse) {
  store_.put(1, std::string(4096, '\0'));
  RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().preallocated_bytes, 4096U);
  EXPECT_EQ(store_.get(1), "");
  EXPECT_EQ(test::must(log.append("one")).txid, 1U);
}

TEST_F(RecoveryOfZeros, AreRefusedInASealedSegment) {
  for (const std::size_t zeros : {1UL, 4096UL}) {
    store_.put(1, one + std::string(zeros, '\0'));
    store_.put(2, two);
    const test::Image before = store_.image();
    const Result<RecordLog> log = RecordLog::open(store_.path());
    ASSERT_TRUE(test::refused(log, Errc::corruption));
    EXPECT_EQ(log.error().segment, 1U);
    EXPECT_EQ(log.error().offset, one.size());
    EXPECT_TRUE(store_.image() == before);
  }
}

TEST_F(RecoveryOfZeros, BehindATearAreNotQuarantined) {
  store_.put(1, one + two.substr(0, 28) + std::string(100'000, '\0'));
  const RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().tail_bytes_discarded, 28U);
  EXPECT_EQ(log.recovery_report().preallocated_bytes, 100'000U);
  EXPECT_EQ(test::read_file(store_ / "00000001.dwal.torn-31"), two.substr(0, 28));
}

TEST_F(RecoveryOfZeros, InsideRecordsAreData) {
  const std::string payload = std::string(1000, '\0');
  {
    RecordLog log = store_.open();
    for (int n = 0; n < 3; ++n) test::must(log.append(payload));
    test::must(log.append_record(RecordType::Put, std::string(10, '\0'), ""));
  }
  store_.remove_watermark();
  const RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().records_replayed, 4U);
  EXPECT_EQ(log.recovery_report().preallocated_bytes, 0U);
}

std::uint64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

// By how many bytes the peak of a process grows when it opens the store; nothing if that failed. A child, since the peak never falls.
std::optional<std::uint64_t> growth_by_opening(const std::filesystem::path& dir) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    const std::uint64_t before = peak_memory();
    const Result<RecordLog> log = RecordLog::open(dir);
    const std::uint64_t bytes = peak_memory() - before;
    ::_exit(log && ::write(pipe_ends[1], &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  std::uint64_t bytes = 0;
  const ssize_t got = ::read(pipe_ends[0], &bytes, sizeof bytes);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_ends[0]);
  return got == sizeof bytes ? std::optional(bytes) : std::nullopt;
}

// The bytes that opening reads from segments.
std::uint64_t bytes_read_by_opening(const std::filesystem::path& dir) {
  safeatomic::test::FaultyFileSystem file_system;
  const RecordLog log = test::must(RecordLog::open(dir, {.file_system = &file_system}));
  std::uint64_t bytes = 0;
  for (const test::FsOp& op : file_system.operations()) {
    if (op.kind == test::OpKind::read && test::is_segment_name(op.path)) bytes += op.size;
  }
  return bytes;
}

TEST_F(RecoveryOfZeros, OfAGibibyteThatIsAHoleCostNoReading) {
  store_.put(1, one + two);
  extend(gibibyte);
  EXPECT_LT(bytes_read_by_opening(store_.path()), 1'000'000U);
  EXPECT_EQ(store_.get(1), one + two);
}

TEST_F(RecoveryOfZeros, OfAGibibyteCostNoMemory) {
  store_.put(1, one + two);
  extend(gibibyte);
  const std::optional<std::uint64_t> growth = growth_by_opening(store_.path());
  ASSERT_TRUE(growth);
  EXPECT_LT(*growth, 64ULL << 20);
}

TEST_F(RecoveryOfZeros, OfAGibibyteBeforeALastByteAreSkippedAndQuarantinedAsAHole) {
  store_.put(1, one + two);
  extend(gibibyte, "x");
  EXPECT_LT(bytes_read_by_opening(store_.path()), 3'000'000U);
  const std::filesystem::path quarantine = store_ / "00000001.dwal.torn-62";
  EXPECT_EQ(std::filesystem::file_size(quarantine), gibibyte + 1 - 62);
  struct stat status{};
  ASSERT_EQ(::stat(quarantine.c_str(), &status), 0);
  EXPECT_LT(status.st_blocks, 10'000) << "the hole was filled";
  EXPECT_EQ(store_.get(1), one + two);
}

TEST_F(RecoveryOfZeros, OfAGibibyteBeforeAWholeRecordHideIt) {
  store_.put(1, one);
  extend(gibibyte, two);
  safeatomic::test::FaultyFileSystem file_system;
  const RecordLog log = test::must(RecordLog::open(store_.path(), {.file_system = &file_system}));
  EXPECT_EQ(log.recovery_report().records_replayed, 1U);
  EXPECT_EQ(log.recovery_report().records_beyond_tear, 1U);
}

TEST_F(RecoveryOfZeros, OfATerabyteDoNotHoldAnybodyUp) {
  store_.put(1, one);
  std::error_code refused;
  std::filesystem::resize_file(store_.segment(1), 1ULL << 40, refused);
  if (refused) GTEST_SKIP() << "no such files here: " << refused.message();
  EXPECT_LT(bytes_read_by_opening(store_.path()), 1'000'000U);
  EXPECT_EQ(store_.get(1), one);
}

TEST_F(RecoveryOfZeros, AnnouncedRecordsDoNotHoldAnybodyUp) {
  // Headers that announce the largest payload, with room for it: checking each of these would take an hour.
  std::string header = test::raw_frame(1, "x").substr(0, 20);
  test::put_little_endian(header, 64 * 1024 * 1024, 4);
  std::string tail;
  for (int n = 0; n < 200'000; ++n) tail += header;
  store_.put(1, one + tail + std::string(70 << 20, 'x'));
  const auto begin = std::chrono::steady_clock::now();
  const RecordLog log = store_.open();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  EXPECT_EQ(log.recovery_report().records_beyond_tear, 0U);
  EXPECT_EQ(log.recovery_report().tail_bytes_discarded, tail.size() + (70 << 20));
}

}  // namespace
}  // namespace datawal
