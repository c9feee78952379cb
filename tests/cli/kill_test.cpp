// SIGKILL at random instants of `datawal append --ack --sync each`: every acknowledged record is there, and nothing that was
// never fed.
#include <algorithm>
#include <cstdint>
#include <string>

#include <datawal/record_log_reader.hpp>

#include "cli/program_test.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

// The record that gets this txid.
std::string line_of(std::uint64_t txid) {
  return "line " + std::to_string(txid) + " " + std::string(txid * 53 % 400, static_cast<char>('a' + txid % 26));
}

class ProgramKill : public ProgramTest {
 protected:
  // How many records the log holds, each of them compared with what was fed.
  [[nodiscard]] std::uint64_t count_records() const {
    const Result<RecordLogReader> reader = RecordLogReader::open(in_dir("log"));
    if (!reader) return 0;  // it died before it made the store
    std::uint64_t count = 0;
    RecordCursor cursor = reader->records();
    for (;;) {
      const Result<std::optional<RecordView>> record = cursor.next();
      EXPECT_TRUE(record) << record.error().message();
      if (!record || !*record) return count;
      ++count;
      EXPECT_EQ((*record)->txid, count);
      EXPECT_EQ((*record)->payload, line_of(count)) << "never fed";
    }
  }

  // Feeds the program lines from number `next` on, kills it, and returns the last txid that it acknowledged.
  std::uint64_t feed_and_kill(std::uint64_t next) {
    const auto running = start({"append", "log", "--sync", "each", "--ack", "--segment-bytes", "16K"});
    std::string lines;
    for (std::uint64_t n = 0; n < 60; ++n) lines += line_of(next + n) + '\n';
    running->send(lines);
    std::uint64_t acknowledged = 0;
    for (std::uint64_t wanted = between(random_, 0, 40); wanted > 0; --wanted) {
      acknowledged = std::stoull(running->read_line());
    }
    for (std::uint64_t turns = between(random_, 0, 50'000); turns > 0; --turns) asm volatile("" : : : "memory");
    running->signal(SIGKILL);
    const Ended ended = running->finish();
    EXPECT_TRUE(ended.status == 1000 + SIGKILL || ended.status == 0) << ended.err;
    const std::size_t end = ended.out.rfind('\n');
    if (end == std::string::npos || end == 0) return acknowledged;
    const std::size_t begin = ended.out.rfind('\n', end - 1);
    return std::max<std::uint64_t>(acknowledged,
                                   std::stoull(ended.out.substr(begin == std::string::npos ? 0 : begin + 1)));
  }

  std::mt19937_64 random_ = seeded_random();
};

TEST_F(ProgramKill, LosesNoRecordThatWasAcknowledged) {
  std::uint64_t last = 0;
  for (int life = 1; life <= 60; ++life) {
    SCOPED_TRACE("life " + std::to_string(life));
    const std::uint64_t acknowledged = feed_and_kill(last + 1);
    last = count_records();
    ASSERT_GE(last, acknowledged);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(last, 60U);
  EXPECT_EQ(run({"verify", "log"}).status % 2, 0) << "clean, or torn where it was killed last";
}

}  // namespace
}  // namespace datawal::test
