// SIGKILL at random instants: what was acknowledged is there, and nothing that was never appended.
#include <gmock/gmock.h>

#include "reader_support.hpp"
#include "support/child.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

// The content is a function of the txid, so that a fabricated record shows.
std::string payload_of(std::uint64_t txid) {
  return "record " + std::to_string(txid) + " " + std::string(txid * 131 % 3000, static_cast<char>('A' + txid % 26));
}

class ProcessKill : public testing::Test {
 protected:
  // Appends until it is killed, and tells each txid once its append has returned.
  void write_for_ever(Talk& talk, const OpenOptions& options, const WriteOptions& how) const {
    RecordLog log = store_.open(options);
    talk.tell("open");
    for (;;) {
      const RecordRef ref = must(log.append(payload_of(log.last_txid() + 1), how));
      if (!talk.tell(std::to_string(ref.txid))) return;
    }
  }

  // One life of a writer: it dies behind a random acknowledgement and a random moment. Returns the last one heard.
  std::uint64_t live_and_die(const OpenOptions& options, const WriteOptions& how) {
    Child writer([&](Talk& talk) { write_for_ever(talk, options, how); });
    if (writer.talk().hear() != "open") throw std::runtime_error("the writer could not open the store");
    std::uint64_t acknowledged = 0;
    for (std::uint64_t wanted = between(random_, 0, 30); wanted > 0; --wanted) {
      acknowledged = std::stoull(writer.talk().hear().value());
    }
    for (std::uint64_t turns = between(random_, 0, 20'000); turns > 0; --turns) asm volatile("" : : : "memory");
    writer.kill();
    while (const std::optional<std::string> line = writer.talk().hear()) acknowledged = std::stoull(*line);
    return acknowledged;
  }

  static void expect_whole(const Reading& reading, std::uint64_t acknowledged) {
    EXPECT_EQ(reading.error, std::nullopt);
    ASSERT_GE(reading.records.size(), acknowledged);
    for (std::size_t n = 0; n < reading.records.size(); ++n) {
      ASSERT_EQ(reading.records[n].txid, n + 1);
      ASSERT_EQ(reading.records[n].payload, payload_of(n + 1)) << "never appended";
    }
  }

  void die_fifty_times(const OpenOptions& options, const WriteOptions& how) {
    std::uint64_t acknowledged = 0;
    for (int life = 1; life <= 50; ++life) {
      SCOPED_TRACE("life " + std::to_string(life));
      acknowledged = std::max(acknowledged, live_and_die(options, how));
      expect_whole(read(store_.path()), acknowledged);
      RecordLog log = store_.open(options);
      EXPECT_GE(log.last_txid(), acknowledged);
      EXPECT_EQ(log.durable_txid(), log.last_txid()) << "what is shown was made durable first";
      expect_whole(read(log.records()), acknowledged);
      ASSERT_FALSE(testing::Test::HasFailure());
    }
    EXPECT_GT(acknowledged, 50U);
  }

  Store store_;
  std::mt19937_64 random_ = seeded_random();
};

TEST_F(ProcessKill, LosesNothingThatWasSynced) { die_fifty_times({.max_segment_bytes = 64 * 1024}, {.sync = true}); }

TEST_F(ProcessKill, LosesNothingThatWasAppendedThoughNotSynced) {
  die_fifty_times({.max_segment_bytes = 32 * 1024}, {});
}

TEST_F(ProcessKill, LosesNothingUnderThePolicyThatSyncsEveryAppend) {
  die_fifty_times({.sync_policy = SyncPolicy::every_append}, {});
}

TEST_F(ProcessKill, InTheMiddleOfOpeningLeavesAStoreThatOpens) {
  // A torn tail gives opening something to do; each death comes at a random moment of it.
  const std::string frames = raw_frame(1, payload_of(1)) + raw_frame(2, payload_of(2));
  for (int life = 1; life <= 50; ++life) {
    SCOPED_TRACE("life " + std::to_string(life));
    overwrite(store_.segment(1), 0, frames + raw_frame(3, std::string(100'000, 't')).substr(0, 90'000));
    Child opener([&](Talk& talk) {
      talk.tell("now");
      static_cast<void>(RecordLog::open(store_.path()));
    });
    ASSERT_EQ(opener.talk().hear(), "now");
    for (std::uint64_t turns = between(random_, 0, 300'000); turns > 0; --turns) asm volatile("" : : : "memory");
    opener.kill();
    const RecordLog log = store_.open();
    expect_whole(read(log.records()), 2);
    EXPECT_EQ(log.last_txid(), 2U);
  }
  // Whatever was cut was kept, whole, each time that it was cut.
  for (const auto& entry : std::filesystem::directory_iterator(store_.path())) {
    const std::string name = entry.path().filename().string();
    EXPECT_FALSE(name.ends_with(".dwal-tmp")) << name;
    if (name.find(".torn-") != std::string::npos) {
      EXPECT_EQ(entry.file_size(), 90'000U) << name;
    }
  }
}

}  // namespace
}  // namespace datawal::test
