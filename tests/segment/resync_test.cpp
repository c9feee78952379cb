#include "segment/resync.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment/scanner.hpp"
#include "segment/segment_file.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"
#include "support/seed.hpp"

namespace datawal::segment {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string frame(std::uint64_t txid, std::string_view payload) { return test::reference_encode(0, txid, {}, payload); }

std::vector<std::uint64_t> txids_in(test::SegmentFile& file, std::uint64_t begin, std::uint64_t end,
                                    CrcWork work = {}) {
  std::vector<std::uint64_t> txids;
  const Result<std::uint64_t> count = find_records(
      file.file(), begin, end, work, [&](std::uint64_t, const format::DecodedRecord& record) -> Result<void> {
        txids.push_back(record.txid);
        return {};
      });
  EXPECT_EQ(count.value(), txids.size());
  return txids;
}

TEST(EndOfData, IsBehindTheLastByteThatIsNotZero) {
  test::SegmentFile file(std::string("ab\0\0c\0\0\0", 8));
  EXPECT_EQ(end_of_data(file.file(), 0, 8).value(), 5U);
  EXPECT_EQ(end_of_data(file.file(), 0, 5).value(), 5U);
  EXPECT_EQ(end_of_data(file.file(), 0, 4).value(), 2U) << "bytes from the end on are not looked at";
  EXPECT_EQ(end_of_data(file.file(), 5, 8).value(), 5U) << "there is none: the beginning";
  EXPECT_EQ(end_of_data(file.file(), 3, 8).value(), 5U);
  EXPECT_EQ(end_of_data(file.file(), 8, 8).value(), 8U);
  EXPECT_EQ(end_of_data(file.file(), 0, 1000).value(), 5U) << "the file is shorter";
}

TEST(EndOfData, IsFoundAtAnyDistanceFromAnyBorder) {
  for (const std::size_t size : {1UL, 7UL, 8UL, 9UL, 63UL, 64UL, 65UL, Scanner::block_len - 1, Scanner::block_len,
                                 Scanner::block_len + 1, 2 * Scanner::block_len + 3}) {
    for (std::size_t behind = 0; behind <= 20; ++behind) {
      std::string bytes(size + behind, '\0');
      bytes[size - 1] = '\1';
      test::SegmentFile file(bytes);
      ASSERT_EQ(end_of_data(file.file(), 0, bytes.size()).value(), size) << behind;
    }
  }
}

TEST(EndOfData, SkipsHoles) {
  test::SegmentFile file("x");
  std::filesystem::resize_file(file.path(), 1ULL << 32);
  EXPECT_EQ(end_of_data(file.file(), 0, 1ULL << 32).value(), 1U);
  for (const auto& op : file.file_system().operations()) {
    EXPECT_TRUE(op.kind != safeatomic::test::OpKind::read || op.offset < 1'000'000) << op.offset;
  }
}

TEST(FindRecords, FindsWholeOnesWhereverTheyStart) {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string bytes = std::string(before, 'D') + frame(1, "one") + "DWAL junk" + frame(2, "") + "DWA" +
                              frame(3, "three");
    test::SegmentFile file(bytes);
    EXPECT_THAT(txids_in(file, 0, bytes.size()), ElementsAre(1, 2, 3)) << before;
  }
}

TEST(FindRecords, SaysWhereTheyAre) {
  test::SegmentFile file("12345" + test::reference_encode(1, 9, "key", "value"));
  std::uint64_t found_at = 0;
  CrcWork work;
  const Result<std::uint64_t> count = find_records(
      file.file(), 0, 41, work, [&](std::uint64_t offset, const format::DecodedRecord& record) -> Result<void> {
        found_at = offset;
        EXPECT_EQ(record.type, RecordType::Put);
        EXPECT_EQ(record.key, "key");
        EXPECT_EQ(record.payload, "value");
        EXPECT_EQ(record.len, 36U);
        return {};
      });
  EXPECT_EQ(count.value(), 1U);
  EXPECT_EQ(found_at, 5U);
  EXPECT_EQ(work.done, 36U);
}

TEST(FindRecords, StaysInsideItsRange) {
  const std::string bytes = frame(1, "one") + frame(2, "two") + frame(3, "thr");
  test::SegmentFile file(bytes);
  EXPECT_THAT(txids_in(file, 1, 93), ElementsAre(2, 3));
  EXPECT_THAT(txids_in(file, 0, 92), ElementsAre(1, 2));
  EXPECT_THAT(txids_in(file, 0, 1000), ElementsAre(1, 2, 3));
  EXPECT_THAT(txids_in(file, 93, 93), IsEmpty());
  EXPECT_THAT(txids_in(file, 500, 1000), IsEmpty());
}

TEST(FindRecords, TakesNoRecordInsideAnother) {
  test::SegmentFile file(frame(1, frame(2, "inner")) + frame(3, "three"));
  EXPECT_THAT(txids_in(file, 0, 1000), ElementsAre(1, 3));
}

TEST(FindRecords, LooksInsideOneThatIsDamaged) {
  std::string damaged = frame(1, "text " + frame(2, "inner") + " text");
  damaged.back() = static_cast<char>(~damaged.back());
  test::SegmentFile file(damaged + frame(3, "three"));
  EXPECT_THAT(txids_in(file, 0, 1000), ElementsAre(2, 3));
}

TEST(FindRecords, FindsThemAcrossTheBordersOfBlocks) {
  for (std::size_t in_block = 0; in_block <= 60; ++in_block) {
    const std::string bytes = std::string(Scanner::block_len - in_block, 'x') + frame(1, "across the border") +
                              frame(2, "");
    test::SegmentFile file(bytes);
    ASSERT_THAT(txids_in(file, 0, bytes.size()), ElementsAre(1, 2)) << in_block;
  }
}

TEST(FindRecords, FindsThemBehindHoles) {
  test::SegmentFile file("junk");
  std::filesystem::resize_file(file.path(), 1ULL << 32);
  {
    std::ofstream more(file.path(), std::ios::binary | std::ios::app);
    more << frame(1, "far away");
  }
  EXPECT_THAT(txids_in(file, 0, 1ULL << 33), ElementsAre(1));
  EXPECT_LT(file.file_system().operation_count(), 100U);
}

TEST(FindRecords, ReadsNoByteTwice) {
  std::string bytes;
  for (std::uint64_t txid = 1; bytes.size() < 2 * Scanner::block_len; ++txid)
    bytes += frame(txid, std::string(1000, 'D'));
  test::SegmentFile file(bytes);
  txids_in(file, 0, bytes.size());
  std::uint64_t read = 0;
  for (const auto& op : file.file_system().operations()) {
    if (op.kind == safeatomic::test::OpKind::read) read += op.size;
  }
  EXPECT_LE(read, bytes.size());
}

TEST(FindRecords, StopsCheckingWhereItsBudgetEnds) {
  const std::string bytes = frame(1, std::string(72, 'a')) + frame(2, std::string(72, 'b')) +
                            frame(3, std::string(72, 'c'));
  test::SegmentFile file(bytes);
  EXPECT_THAT(txids_in(file, 0, bytes.size(), {.limit = 300}), ElementsAre(1, 2, 3));
  EXPECT_THAT(txids_in(file, 0, bytes.size(), {.limit = 299}), ElementsAre(1, 2));
  EXPECT_THAT(txids_in(file, 0, bytes.size(), {.limit = 99}), IsEmpty());
}

// Headers only, one after the other, each of which announces a payload of this size.
std::string false_headers(std::size_t count, std::size_t payload_len) {
  const std::string header = frame(7, std::string(payload_len, 'x')).substr(0, format::header_len);
  std::string bytes;
  for (std::size_t n = 0; n < count; ++n) bytes += header;
  return bytes;
}

TEST(FindRecords, DoesNotChecksumTheSameBytesForEveryFalseHeader) {
  constexpr std::size_t headers = 20'000;
  for (const std::size_t payload_len : {100U, 5'000U, 400'000U}) {
    const std::string hostile = false_headers(headers, payload_len);
    const std::string real = frame(1, "in front") + hostile + frame(2, false_headers(1'000, payload_len)) + hostile +
                             frame(3, std::string(600'000, 'y')) + frame(4, "at the end");
    test::SegmentFile file(real);
    CrcWork work;
    std::vector<std::uint64_t> txids;
    const auto found = [&txids](std::uint64_t, const format::DecodedRecord& record) -> Result<void> {
      txids.push_back(record.txid);
      return {};
    };
    EXPECT_EQ(find_records(file.file(), 0, real.size(), work, found).value(), 4U);
    EXPECT_THAT(txids, ElementsAre(1, 2, 3, 4)) << "each is found all the same";
    EXPECT_LE(work.done, 6 * real.size() + 2 * headers * 1024) << payload_len;
    // Checking each of them would have taken as much as this, but for those that announce more than there is.
    EXPECT_LT(work.done, headers * std::uint64_t{payload_len} / 2 + 6 * real.size()) << payload_len;
  }
}

TEST(FindRecords, KeepsWithinItsLimitWhateverItMeets) {
  const std::string hostile = false_headers(5'000, 30'000) + frame(1, "behind");
  test::SegmentFile file(hostile);
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{10'000}, 8 * std::uint64_t{hostile.size()}}) {
    CrcWork work{.limit = limit};
    const auto found = [](std::uint64_t, const format::DecodedRecord&) -> Result<void> { return {}; };
    EXPECT_LE(find_records(file.file(), 0, hostile.size(), work, found).value(), 1U);
    EXPECT_LE(work.done, limit);
  }
}

TEST(FindRecords, EndsWithTheErrorOfWhomItTells) {
  test::SegmentFile file(frame(1, "one") + frame(2, "two"));
  int calls = 0;
  CrcWork work;
  const Result<std::uint64_t> count = find_records(file.file(), 0, 62, work,
                                                   [&](std::uint64_t, const format::DecodedRecord&) -> Result<void> {
                                                     ++calls;
                                                     return std::unexpected(Error{.code = Errc::no_space});
                                                   });
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, Errc::no_space);
  EXPECT_EQ(calls, 1);
}

TEST(FindRecords, TellsThatReadingFailed) {
  test::SegmentFile file(frame(1, "one"));
  (void)file.file();
  file.file_system().set_hook(
      safeatomic::test::fail_every(safeatomic::test::OpKind::read, safeatomic::test::Fault::error(EIO)));
  EXPECT_EQ(count_records(file.file(), 0, 31).error().code, Errc::io);
  EXPECT_EQ(end_of_data(file.file(), 0, 31).error().code, Errc::io);
}

TEST(FindRecords, AgreesWithTryingEveryOffset) {
  auto random = test::seeded_random();
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    std::uint64_t txid = 0;
    const std::uint64_t pieces = test::between(random, 1, 12);
    for (std::uint64_t n = 0; n < pieces; ++n) {
      switch (test::between(random, 0, 4)) {
        case 0: bytes += "DWAL"; break;
        case 1: bytes.append(static_cast<std::size_t>(test::between(random, 0, 40)), '\0'); break;
        case 2: bytes += test::random_bytes(random, static_cast<std::size_t>(test::between(random, 0, 60))); break;
        case 3:
          bytes += frame(++txid, "a record").substr(0, static_cast<std::size_t>(test::between(random, 0, 35)));
          break;
        default:
          bytes += frame(++txid, test::random_bytes(random, static_cast<std::size_t>(test::between(random, 0, 50))));
          break;
      }
    }
    std::vector<std::uint64_t> wanted;
    for (std::size_t at = 0; at < bytes.size();) {
      const test::ReferenceOutcome outcome = test::reference_decode(std::string_view(bytes).substr(at));
      const bool whole = outcome.stop == format::Stop::none;
      if (whole) wanted.push_back(outcome.txid);
      at += whole ? outcome.len : 1;
    }
    test::SegmentFile file(bytes);
    EXPECT_EQ(txids_in(file, 0, bytes.size()), wanted) << "round " << round;
  }
}

}  // namespace
}  // namespace datawal::segment
