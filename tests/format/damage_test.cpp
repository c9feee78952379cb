// Every way in which one byte of a small segment can be wrong or missing, judged by a decoder that was written for these
// tests alone.

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include <gtest/gtest.h>

#include <datawal/format.hpp>

#include "support/printing.hpp"
#include "support/reference_codec.hpp"
#include "support/seed.hpp"

namespace datawal::format {
namespace {

using test::reference_decode;
using test::reference_encode;
using test::ReferenceOutcome;

std::string five_records() {
  return reference_encode(0, 1, "", "alpha") + reference_encode(1, 2, "key", "value") +
         reference_encode(1, 3, "", std::string(16, '\0')) + reference_encode(2, 4, "key", "") +
         reference_encode(0, 0xFFFFFFFFFFFFFFFF, std::string_view("k\0y", 3), "DWAL");
}

/// Bytes whose last one is the last of a page, with a page behind it that nobody may touch.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t capacity) : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    usable_ = (capacity + page_ - 1) / page_ * page_;
    void* at = ::mmap(nullptr, usable_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    start_ = static_cast<char*>(at);
    if (::mprotect(start_ + usable_, page_, PROT_NONE) != 0) throw std::bad_alloc();
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes() { ::munmap(start_, usable_ + page_); }

  std::string_view hold(std::string_view bytes) {
    char* const to = start_ + usable_ - bytes.size();
    std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }

 private:
  std::size_t page_;
  std::size_t usable_ = 0;
  char* start_ = nullptr;
};

// Decodes `segment` from front to back with both decoders; they must agree on every record and on the stop.
void expect_same_scan(std::string_view segment) {
  for (std::string_view rest = segment;;) {
    const DecodeOutcome got = decode_next(rest);
    const ReferenceOutcome want = reference_decode(rest);
    ASSERT_EQ(got.stop, want.stop) << "at " << segment.size() - rest.size();
    if (!got) return;
    ASSERT_EQ(static_cast<int>(got.record.type), want.type);
    ASSERT_EQ(got.record.txid, want.txid);
    ASSERT_EQ(got.record.key, want.key);
    ASSERT_EQ(got.record.payload, want.payload);
    ASSERT_EQ(got.record.len, want.len);
    rest.remove_prefix(want.len);
  }
}

TEST(Damage, OfAnyOneByteIsFoundWhereItLies) {
  const std::string sound = five_records();
  for (std::size_t at = 0; at < sound.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string segment = sound;
      segment[at] = static_cast<char>(segment[at] ^ flip);
      ASSERT_NO_FATAL_FAILURE(expect_same_scan(segment)) << "byte " << at << " xor " << flip;
      std::size_t end = 0;
      for (DecodeOutcome outcome; (outcome = decode_next(std::string_view(segment).substr(end)));)
        end += outcome.record.len;
      ASSERT_LE(end, at) << "the record with the wrong byte was returned, xor " << flip;
    }
  }
}

TEST(Damage, AnyTruncationLeavesTheRecordsBeforeIt) {
  const std::string sound = five_records();
  GuardedBytes guarded(sound.size());
  for (std::size_t size = 0; size <= sound.size(); ++size) {
    ASSERT_NO_FATAL_FAILURE(expect_same_scan(guarded.hold(sound.substr(0, size)))) << size << " bytes";
  }
}

TEST(Damage, AnyTruncationWithZerosBehindItIsJudgedAlike) {
  const std::string sound = five_records();
  for (std::size_t size = 0; size <= sound.size(); ++size) {
    for (std::size_t zeros = 0; zeros <= 80; ++zeros) {
      ASSERT_NO_FATAL_FAILURE(expect_same_scan(sound.substr(0, size) + std::string(zeros, '\0')))
          << size << " bytes and " << zeros << " zeros";
    }
  }
}

TEST(Damage, AnyRangeThatDidNotLandIsJudgedAlike) {
  const std::string sound = five_records();
  for (std::size_t begin = 0; begin < sound.size(); ++begin) {
    for (std::size_t end = begin + 1; end <= sound.size(); ++end) {
      std::string segment = sound;
      std::fill(segment.begin() + static_cast<std::ptrdiff_t>(begin),
                segment.begin() + static_cast<std::ptrdiff_t>(end), '\0');
      ASSERT_NO_FATAL_FAILURE(expect_same_scan(segment)) << "zeros from " << begin << " to " << end;
    }
  }
}

TEST(Damage, OfRandomKindsIsJudgedAlikeAndNeverReadBeyond) {
  std::mt19937_64 random = test::seeded_random();
  const std::string sound = five_records();
  GuardedBytes guarded(sound.size());
  for (int round = 0; round < 50'000; ++round) {
    std::string segment = sound.substr(0, test::between(random, 1, sound.size()));
    for (std::uint64_t n = test::between(random, 0, 4); n > 0; --n) {
      segment[test::between(random, 0, segment.size() - 1)] = static_cast<char>(random());
    }
    ASSERT_NO_FATAL_FAILURE(expect_same_scan(guarded.hold(segment))) << "round " << round;
  }
}

// Lengths near what a header can say, over a body that is not there: nothing is read, nothing overflows.
TEST(Damage, OfTheLengthsNeverReadsBeyond) {
  std::mt19937_64 random = test::seeded_random();
  GuardedBytes guarded(128);
  for (int round = 0; round < 50'000; ++round) {
    std::string header = reference_encode(1, 1, "", "").substr(0, 16);
    test::put_little_endian(header, random() >> test::between(random, 32, 63), 4);
    test::put_little_endian(header, random() >> test::between(random, 32, 63), 4);
    header += test::random_bytes(random, test::between(random, 0, 64));
    ASSERT_NO_FATAL_FAILURE(expect_same_scan(guarded.hold(header))) << "round " << round;
  }
}

}  // namespace
}  // namespace datawal::format
