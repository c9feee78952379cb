// Files that are far larger than the disk: what takes time or room is what they hold, not what they claim.
#include <sys/stat.h>

#include <chrono>

#include <gmock/gmock.h>

#include <datawal/verify.hpp>

#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

constexpr std::uint64_t tebibyte = 1ULL << 40;

class HostileSparse : public testing::Test {
 protected:
  // The segment's size without its bytes.
  void enlarge(std::uint32_t id, std::uint64_t size) const {
    std::error_code failed;
    std::filesystem::resize_file(store_.segment(id), size, failed);
    if (failed) throw std::runtime_error("this filesystem has no files of that size");
  }

  static std::uint64_t bytes_on_disk(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) throw std::runtime_error("cannot inspect " + path.string());
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }

  Store store_;
};

TEST_F(HostileSparse, EightTebibytesOfZerosAreAPreallocatedTail) {
  store_.put(1, raw_frame(1, "record"));
  enlarge(1, 8 * tebibyte);
  const Reading reading = read(store_.path());
  EXPECT_EQ(reading.txids(), txids_up_to(1));
  EXPECT_EQ(reading.error, std::nullopt);
  EXPECT_EQ(reading.report.preallocated_bytes, 8 * tebibyte - raw_frame(1, "record").size());
  EXPECT_TRUE(must(verify(store_.path())).is_clean());
  RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().preallocated_bytes, reading.report.preallocated_bytes);
  append_records(log, 1);
  must(log.close());
  EXPECT_EQ(store_.get(1), raw_frame(1, "record") + raw_frame(2, "record 2"));
}

TEST_F(HostileSparse, EightTebibytesOfZerosAndNothingElseAreAnEmptyLog) {
  store_.put(1, "");
  enlarge(1, 8 * tebibyte);
  RecordLog log = store_.open();
  EXPECT_EQ(log.last_txid(), 0U);
  must(log.close());
  EXPECT_EQ(std::filesystem::file_size(store_.segment(1)), 0U);
}

TEST_F(HostileSparse, AHoleInASealedSegmentIsDamage) {
  store_.put(1, raw_frame(1, "record"));
  enlarge(1, 8 * tebibyte);
  store_.put(2, raw_frame(2, "record"));
  EXPECT_TRUE(refused(RecordLog::open(store_.path()), Errc::corruption));
  EXPECT_EQ(read(store_.path()).error.value().segment, 1U);
}

TEST_F(HostileSparse, ATornTailWithHugeHolesIsQuarantinedWithItsHoles) {
  const std::string whole = raw_frame(1, "record");
  const std::string torn = raw_frame(2, "torn").substr(0, 27) + "t";
  store_.put(1, whole + torn);
  overwrite(store_.segment(1), 2 * tebibyte, "an island");
  overwrite(store_.segment(1), 3 * tebibyte, raw_frame(3, "beyond"));
  enlarge(1, 4 * tebibyte);
  const std::uint64_t data_end = 3 * tebibyte + raw_frame(3, "beyond").size();

  const Reading reading = read(store_.path());
  EXPECT_EQ(reading.report.tail_bytes_discarded, data_end - whole.size());
  EXPECT_EQ(reading.report.records_beyond_tear, 1U);
  EXPECT_EQ(reading.report.preallocated_bytes, 4 * tebibyte - data_end);

  const RecordLog log = store_.open();
  const RecoveryReport& report = log.recovery_report();
  EXPECT_EQ(report.tail_bytes_discarded, data_end - whole.size());
  EXPECT_EQ(report.quarantine_path, store_ / ("00000001.dwal.torn-" + std::to_string(whole.size())));
  EXPECT_EQ(std::filesystem::file_size(report.quarantine_path), data_end - whole.size());
  EXPECT_LT(bytes_on_disk(report.quarantine_path), 1U << 20);
  std::ifstream kept(report.quarantine_path, std::ios::binary);
  const auto bytes_at = [&](std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '?');
    kept.seekg(static_cast<std::streamoff>(offset - whole.size()));
    kept.read(bytes.data(), static_cast<std::streamsize>(size));
    return bytes;
  };
  EXPECT_EQ(bytes_at(whole.size(), torn.size()), torn);
  EXPECT_EQ(bytes_at(2 * tebibyte, 9), "an island");
  EXPECT_EQ(bytes_at(3 * tebibyte, raw_frame(3, "beyond").size()), raw_frame(3, "beyond"));
  EXPECT_EQ(store_.get(1), whole);
}

TEST_F(HostileSparse, ARecordMadeOfAHoleIsRead) {
  // A frame whose payload is mostly hole: right by its checksum, so it is a record.
  const std::string payload = std::string(2 << 20, '\0') + "end";
  const std::string frame = raw_frame(1, payload);
  store_.put(1, frame.substr(0, 24));
  overwrite(store_.segment(1), frame.size() - 7, frame.substr(frame.size() - 7));
  ASSERT_LT(bytes_on_disk(store_.segment(1)), 1U << 20);
  const Reading reading = read(store_.path());
  ASSERT_EQ(reading.txids(), txids_up_to(1));
  EXPECT_EQ(reading.records.front().payload, payload);
}

TEST_F(HostileSparse, AHeaderThatClaimsTheLargestRecordCostsNoMoreThanTheFileHas) {
  std::string header = raw_frame(1, "").substr(0, 20);
  put_little_endian(header, 64 << 20, 4);
  store_.put(1, header + "short");
  const Reading reading = read(store_.path());
  EXPECT_TRUE(reading.report.tail_truncated);
  enlarge(1, tebibyte);  // now the bytes seem to be there, and are zeros
  EXPECT_TRUE(read(store_.path()).report.tail_truncated);
  EXPECT_EQ(read(store_.path()).report.tail_bytes_discarded, header.size() + 5);
}

TEST_F(HostileSparse, FalseHeadersWithoutEndHoldNobodyUp) {
  // 40,000 headers, each of which claims a megabyte of what follows: 40 GB of checksums if all were believed.
  std::string headers;
  for (int n = 0; n < 40'000; ++n) {
    std::string header = raw_frame(static_cast<std::uint64_t>(n) + 1, "").substr(0, 20);
    put_little_endian(header, 1 << 20, 4);
    headers += header;
  }
  store_.put(1, raw_frame(1, "record") + headers + std::string(2 << 20, 'x'));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(read(store_.path()).report.tail_truncated);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
}

}  // namespace
}  // namespace datawal::test
