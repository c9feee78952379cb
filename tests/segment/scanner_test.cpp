#include "segment/scanner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "segment/segment_file.hpp"
#include "support/printing.hpp"
#include "support/reference_codec.hpp"
#include "support/seed.hpp"

namespace datawal::segment {
namespace {

using format::Stop;
using safeatomic::test::Fault;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

constexpr std::uint64_t no_limit = ~std::uint64_t{0};

std::string frame(std::uint64_t txid, std::string_view payload) { return test::reference_encode(0, txid, {}, payload); }

// One frame of exactly `len` bytes, encoded by the library: the reference is too slow for large ones.
std::string frame_of(std::uint64_t txid, std::size_t len) {
  std::string bytes(len, '\0');
  (void)format::encode(RecordType::Raw, txid, {}, std::string(len - 28, 'p'), bytes);
  return bytes;
}

struct Walked {
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint64_t> txids;
  std::uint64_t end = 0;
  Stop stop = Stop::none;
  friend bool operator==(const Walked&, const Walked&) = default;
};

void PrintTo(const Walked& walked, std::ostream* out) {
  *out << walked.txids.size() << " records, " << walked.end << " bytes, " << format::describe(walked.stop);
}

Walked walk(Scanner& scanner) {
  Walked walked;
  for (;;) {
    walked.stop = scanner.next().value();
    walked.end = scanner.end();
    if (walked.stop != Stop::none) return walked;
    walked.offsets.push_back(scanner.frame_offset());
    walked.txids.push_back(scanner.frame().txid);
  }
}

Walked walk(test::SegmentFile& file, std::uint64_t begin = 0, std::uint64_t limit = no_limit) {
  Scanner scanner;
  scanner.start(file.file(), begin, limit);
  return walk(scanner);
}

Walked reference_walk(std::string_view bytes) {
  Walked walked;
  for (;;) {
    const test::ReferenceOutcome outcome = test::reference_decode(bytes.substr(walked.end));
    walked.stop = outcome.stop;
    if (outcome.stop != Stop::none) return walked;
    walked.offsets.push_back(walked.end);
    walked.txids.push_back(outcome.txid);
    walked.end += outcome.len;
  }
}

TEST(Scanner, OfAnEmptyFileIsAtTheEnd) {
  test::SegmentFile file;
  EXPECT_EQ(walk(file), (Walked{{}, {}, 0, Stop::end_of_input}));
}

TEST(Scanner, ShowsEachFrameAndItsPlace) {
  test::SegmentFile file(test::reference_encode(1, 7, "key", "value") + frame(8, ""));
  Scanner scanner;
  scanner.start(file.file(), 0, no_limit);
  ASSERT_EQ(scanner.next().value(), Stop::none);
  EXPECT_EQ(scanner.frame().type, RecordType::Put);
  EXPECT_EQ(scanner.frame().txid, 7U);
  EXPECT_EQ(scanner.frame().key, "key");
  EXPECT_EQ(scanner.frame().payload, "value");
  EXPECT_EQ(scanner.frame_offset(), 0U);
  EXPECT_EQ(scanner.end(), 36U);
  ASSERT_EQ(scanner.next().value(), Stop::none);
  EXPECT_EQ(scanner.frame_offset(), 36U);
  for (int call = 0; call < 3; ++call) EXPECT_EQ(scanner.next().value(), Stop::end_of_input) << "again and again";
  EXPECT_EQ(scanner.end(), 64U);
  EXPECT_EQ(scanner.limit(), 64U);
}

TEST(Scanner, FindsAFrameWhereverABlockEndsInIt) {
  for (std::size_t in_block = 0; in_block <= 40; ++in_block) {
    SCOPED_TRACE(in_block);
    const std::size_t first = Scanner::block_len - in_block;
    test::SegmentFile file(frame_of(1, first) + frame(2, "across the end") + frame(3, ""));
    EXPECT_EQ(walk(file), (Walked{{0, first, first + 42}, {1, 2, 3}, first + 70, Stop::end_of_input}));
  }
}

TEST(Scanner, StopsTheSameWhereverABlockEndsInTheTail) {
  const std::string whole = frame(2, "the tail");
  std::string wrong = whole;
  wrong[25] = '?';
  const struct {
    const char* name;
    std::string bytes;
    Stop stop;
  } tails[] = {
      {"nothing", "", Stop::end_of_input},
      {"zeros", std::string(100, '\0'), Stop::zeros},
      {"zeros, then a byte", std::string(99, '\0') + "x", Stop::torn_magic},
      {"few zeros, then a byte", std::string(20, '\0') + "x", Stop::header_cut},
      {"part of a header", whole.substr(0, 20), Stop::header_cut},
      {"part of a body", whole.substr(0, 30), Stop::body_cut},
      {"half a magic", std::string("DW\0\0", 4) + std::string(40, 'x'), Stop::torn_magic},
      {"text", std::string(50, 'x'), Stop::bad_magic},
      {"a magic and zeros", "DWAL" + std::string(40, '\0'), Stop::torn_header},
      {"a wrong payload", wrong, Stop::crc_mismatch},
  };
  for (const auto& tail : tails) {
    for (std::size_t in_block = 0; in_block <= 110; ++in_block) {
      SCOPED_TRACE(std::string(tail.name) + ", " + std::to_string(in_block) + " bytes of it in the first block");
      const std::size_t first = Scanner::block_len - in_block;
      test::SegmentFile file(frame_of(1, first) + tail.bytes);
      EXPECT_EQ(walk(file), (Walked{{0}, {1}, first, tail.stop}));
    }
  }
}

TEST(Scanner, TakesZerosUpToALaterBlockForATornFrameIfSomethingFollows) {
  for (const std::size_t zeros : {Scanner::block_len - 31, Scanner::block_len, 3 * Scanner::block_len + 5}) {
    test::SegmentFile sound(frame(1, "one") + std::string(zeros, '\0'));
    EXPECT_EQ(walk(sound), (Walked{{0}, {1}, 31, Stop::zeros}));
    test::SegmentFile torn(frame(1, "one") + std::string(zeros, '\0') + "x");
    EXPECT_EQ(walk(torn), (Walked{{0}, {1}, 31, Stop::torn_magic}));
  }
}

TEST(Scanner, ReadsTheLargestRecordBetweenSmallOnes) {
  const std::size_t largest = 28 + max_key_len + max_payload_len;
  std::string bytes(largest, '\0');
  ASSERT_TRUE(
      format::encode(RecordType::Put, 2, std::string(max_key_len, 'k'), std::string(max_payload_len, 'p'), bytes));
  test::SegmentFile file(frame(1, "small") + bytes + frame(3, "small too"));
  EXPECT_EQ(walk(file), (Walked{{0, 33, 33 + largest}, {1, 2, 3}, 33 + largest + 37, Stop::end_of_input}));
  bytes.back() = static_cast<char>(~bytes.back());
  test::SegmentFile damaged(frame(1, "small") + bytes);
  EXPECT_EQ(walk(damaged), (Walked{{0}, {1}, 33, Stop::crc_mismatch}));
}

TEST(Scanner, ReadsNothingByALengthThatTheFileDoesNotHave) {
  std::string header = frame(2, "x").substr(0, 20);
  test::put_little_endian(header, max_payload_len, 4);
  test::SegmentFile file(frame(1, "one") + header + "far too few bytes");
  EXPECT_EQ(walk(file), (Walked{{0}, {1}, 31, Stop::body_cut}));
  for (const FsOp& op : file.file_system().operations()) EXPECT_LE(op.size, Scanner::block_len);
}

TEST(Scanner, ReadsEachByteOnce) {
  std::string bytes;
  for (std::uint64_t txid = 1; bytes.size() < 3 * Scanner::block_len; ++txid) bytes += frame_of(txid, 28 + txid % 5000);
  test::SegmentFile file(bytes);
  Scanner scanner;
  scanner.start(file.file(), 0, bytes.size());
  EXPECT_EQ(walk(scanner).end, bytes.size());
  std::uint64_t read = 0;
  for (const FsOp& op : file.file_system().operations()) {
    if (op.kind != OpKind::read) continue;
    EXPECT_EQ(op.offset, read);
    read += op.size;
  }
  EXPECT_EQ(read, bytes.size());
}

TEST(Scanner, DoesNotLookBehindItsLimit) {
  const std::string bytes = frame(1, "one") + frame(2, "two") + frame(3, "three");
  test::SegmentFile file(bytes);
  EXPECT_EQ(walk(file, 0, 62), (Walked{{0, 31}, {1, 2}, 62, Stop::end_of_input}));
  EXPECT_EQ(walk(file, 0, 61), (Walked{{0}, {1}, 31, Stop::body_cut}));
  EXPECT_EQ(walk(file, 0, 40), (Walked{{0}, {1}, 31, Stop::header_cut}));
  EXPECT_EQ(walk(file, 0, 0), (Walked{{}, {}, 0, Stop::end_of_input}));
}

TEST(Scanner, DoesNotLookBehindALimitAmongZeros) {
  test::SegmentFile file(frame(1, "one") + std::string(100, '\0') + "x");
  EXPECT_EQ(walk(file, 0, 131).stop, Stop::zeros);
  EXPECT_EQ(walk(file, 0, 132).stop, Stop::torn_magic);
}

TEST(Scanner, BeginsWhereItIsTold) {
  test::SegmentFile file(frame(1, "one") + frame(2, "two"));
  EXPECT_EQ(walk(file, 31), (Walked{{31}, {2}, 62, Stop::end_of_input}));
  EXPECT_EQ(walk(file, 62), (Walked{{}, {}, 62, Stop::end_of_input}));
  EXPECT_EQ(walk(file, 30).stop, Stop::bad_magic);
  EXPECT_EQ(walk(file, 1000), (Walked{{}, {}, 1000, Stop::end_of_input})) << "behind the end";
  EXPECT_EQ(walk(file, 31, 5), (Walked{{}, {}, 31, Stop::end_of_input})) << "behind the limit";
}

TEST(Scanner, CanStartOverInAnotherFile) {
  test::SegmentFile first(frame_of(1, Scanner::block_len * 2));
  test::SegmentFile second(frame(2, "two"));
  Scanner scanner;
  scanner.start(first.file(), 0, no_limit);
  walk(scanner);
  scanner.start(second.file(), 0, no_limit);
  EXPECT_EQ(walk(scanner), (Walked{{0}, {2}, 30 + 1, Stop::end_of_input}));
}

TEST(Scanner, LooksAgainFromItsStop) {
  const std::string next = frame(2, "two");
  test::SegmentFile file(frame(1, "one") + next.substr(0, 26));
  Scanner scanner;
  scanner.start(file.file(), 0, 57);
  EXPECT_EQ(walk(scanner).stop, Stop::body_cut);
  file.put(frame(1, "one") + next + frame(3, "three"));
  EXPECT_EQ(scanner.next().value(), Stop::body_cut) << "until it is told to look";
  scanner.look_again(62);
  EXPECT_EQ(walk(scanner), (Walked{{31}, {2}, 62, Stop::end_of_input}));
  scanner.look_again(1000);
  EXPECT_EQ(walk(scanner), (Walked{{62}, {3}, 95, Stop::end_of_input}));
}

TEST(Scanner, LooksAgainAtWhatWasRewritten) {
  std::string next = frame(2, "two");
  next[26] = '?';
  test::SegmentFile file(frame(1, "one") + next);
  Scanner scanner;
  scanner.start(file.file(), 0, 62);
  EXPECT_EQ(walk(scanner).stop, Stop::crc_mismatch);
  file.put(frame(1, "one") + frame(2, "two"));
  scanner.look_again(62);
  EXPECT_EQ(walk(scanner), (Walked{{31}, {2}, 62, Stop::end_of_input}));
}

TEST(Scanner, StopsAtAnEarlierLimitWhateverItHasRead) {
  test::SegmentFile file(frame(1, "one") + frame(2, "two") + frame(3, "three"));
  Scanner scanner;
  scanner.start(file.file(), 0, no_limit);
  ASSERT_EQ(scanner.next().value(), Stop::none);
  scanner.stop_at(62);
  EXPECT_EQ(walk(scanner), (Walked{{31}, {2}, 62, Stop::end_of_input}));
  scanner.stop_at(0);
  EXPECT_EQ(scanner.next().value(), Stop::end_of_input);
  EXPECT_EQ(scanner.limit(), 62U) << "what was found stays found";
}

TEST(Scanner, EndsWhereAFileEndsThatShrinks) {
  test::SegmentFile file(frame(1, "one") + frame(2, "two"));
  Scanner scanner;
  scanner.start(file.file(), 0, 10'000);
  std::filesystem::resize_file(file.path(), 40);
  EXPECT_EQ(walk(scanner), (Walked{{0}, {1}, 31, Stop::header_cut}));
  EXPECT_EQ(scanner.limit(), 40U);
}

TEST(Scanner, TellsThatReadingFailed) {
  test::SegmentFile file(frame(1, "one"));
  Scanner scanner;
  scanner.start(file.file(), 0, no_limit);
  file.file_system().set_hook(safeatomic::test::fail_every(OpKind::read, Fault::error(EIO)));
  const Result<Stop> stop = scanner.next();
  ASSERT_FALSE(stop);
  EXPECT_EQ(stop.error().code, Errc::io);
  EXPECT_EQ(stop.error().os_errno, EIO);
  EXPECT_EQ(stop.error().path, file.path());
}

TEST(Scanner, AgreesWithTheReferenceOnAnythingInAnyPieces) {
  auto random = test::seeded_random();
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    const std::uint64_t count = test::between(random, 0, 8);
    for (std::uint64_t txid = 1; txid <= count; ++txid) {
      bytes += frame(txid, test::random_bytes(random, static_cast<std::size_t>(test::between(random, 0, 300))));
    }
    if (test::between(random, 0, 2) == 0) bytes.append(static_cast<std::size_t>(test::between(random, 0, 200)), '\0');
    if (!bytes.empty() && test::between(random, 0, 1) == 0) {
      bytes[static_cast<std::size_t>(test::between(random, 0, bytes.size() - 1))] = static_cast<char>(
          random() & 1 ? 0 : random());
    }
    bytes.resize(static_cast<std::size_t>(test::between(random, bytes.size() / 2, bytes.size())));
    test::SegmentFile file(bytes);
    file.file_system().set_hook([&random](const FsOp& op) -> std::optional<Fault> {
      if (op.kind != OpKind::read || op.size == 0) return std::nullopt;
      return Fault::shortened(test::between(random, 1, op.size));
    });
    EXPECT_EQ(walk(file), reference_walk(bytes)) << "round " << round;
  }
}

}  // namespace
}  // namespace datawal::segment
