// A reader in this process beside a writer in another one: in order, none missing, none twice, none half.
#include <gmock/gmock.h>

#include "log/reader_support.hpp"
#include "support/child.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

std::string payload_of(std::uint64_t txid) {
  return "record " + std::to_string(txid) + " " + std::string(txid * 37 % 500, static_cast<char>('a' + txid % 26));
}

/// Reads on wherever it stopped, and checks each record as it comes.
class Follower {
 public:
  explicit Follower(const std::filesystem::path& dir) : reader_(must(RecordLogReader::open(dir))) {}

  /// Reads what there is now. False if a record is not the one that has to come, or the log does not go on as it was.
  testing::AssertionResult catch_up() {
    if (last_.txid != 0 && !must(reader_.refresh())) return testing::AssertionSuccess();
    if (last_.txid == 0) must(reader_.refresh());
    RecordCursor cursor = last_.txid == 0 ? reader_.records() : reader_.records_after(last_);
    for (;;) {
      const Result<std::optional<RecordView>> next = cursor.next();
      if (!next) return testing::AssertionFailure() << "after " << last_.txid << ": " << next.error().message();
      if (!*next) return testing::AssertionSuccess();
      const RecordView& record = **next;
      if (record.txid != last_.txid + 1) {
        return testing::AssertionFailure() << record.txid << " came after " << last_.txid;
      }
      if (record.payload != payload_of(record.txid)) {
        return testing::AssertionFailure() << "payload of " << record.txid << ": " << record.payload;
      }
      last_ = record.ref;
    }
  }

  [[nodiscard]] std::uint64_t last_txid() const noexcept { return last_.txid; }

 private:
  RecordLogReader reader_;
  RecordRef last_;
};

TEST(ProcessFollow, ReadsEveryRecordAcrossAThousandRotations) {
  const Store store;
  must(store.open().close());
  constexpr std::uint64_t records = 5000;
  Child writer([&](Talk& talk) {
    RecordLog log = store.open();
    talk.tell("open");
    for (std::uint64_t txid = 1; txid <= records; ++txid) {
      must(log.append(payload_of(txid)));
      if (txid % 5 == 0) must(log.rotate());
    }
    must(log.close());
  });
  ASSERT_EQ(writer.talk().hear(), "open");
  Follower follower(store.path());
  for (bool ended = false; !ended;) {
    ended = !writer.talk().is_open();  // asked first, so that one more look sees all
    ASSERT_TRUE(follower.catch_up());
  }
  EXPECT_EQ(writer.wait(), 0);
  EXPECT_EQ(follower.last_txid(), records);
  EXPECT_EQ(must(RecordLogReader::open(store.path())).segments().size(), 1001U);
}

TEST(ProcessFollow, ReadsEveryRecordBesideAWriterThatRotatesByItself) {
  const Store store;
  must(store.open().close());
  constexpr std::uint64_t records = 20'000;
  Child writer([&](Talk& talk) {
    RecordLog log = store.open({.max_segment_bytes = 64 * 1024});
    talk.tell("open");
    for (std::uint64_t txid = 1; txid <= records; ++txid) must(log.append(payload_of(txid)));
  });
  ASSERT_EQ(writer.talk().hear(), "open");
  Follower follower(store.path());
  for (bool ended = false; !ended;) {
    ended = !writer.talk().is_open();
    ASSERT_TRUE(follower.catch_up());
  }
  EXPECT_EQ(writer.wait(), 0);
  EXPECT_EQ(follower.last_txid(), records);
}

TEST(ProcessFollow, GoesOnThoughTheWriterIsKilledAndStartedAgain) {
  std::mt19937_64 random = seeded_random();
  const Store store;
  must(store.open().close());
  Follower follower(store.path());
  std::uint64_t acknowledged = 0;
  for (int life = 1; life <= 50; ++life) {
    Child writer([&](Talk& talk) {
      RecordLog log = store.open({.max_segment_bytes = 32 * 1024});
      for (std::uint64_t txid = log.last_txid() + 1;; ++txid) {
        must(log.append(payload_of(txid)));
        if (!talk.tell(std::to_string(txid))) return;
      }
    });
    // Following meanwhile, then death in the middle of whatever it does.
    const std::uint64_t enough = acknowledged + between(random, 1, 60);
    while (acknowledged < enough) {
      const std::optional<std::string> line = writer.talk().hear();
      ASSERT_TRUE(line) << "the writer could not open in life " << life;
      acknowledged = std::stoull(*line);
      if (acknowledged % 8 == 0) {
        ASSERT_TRUE(follower.catch_up());
      }
    }
    EXPECT_NE(writer.kill(), 0);
    while (const std::optional<std::string> line = writer.talk().hear()) acknowledged = std::stoull(*line);
    ASSERT_TRUE(follower.catch_up());
    ASSERT_GE(follower.last_txid(), acknowledged);
  }
  const Reading reading = read(store.path());
  EXPECT_EQ(reading.error, std::nullopt);
  EXPECT_EQ(reading.txids(), txids_up_to(follower.last_txid()));
}

}  // namespace
}  // namespace datawal::test
