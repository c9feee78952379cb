#pragma once
// Writers that are killed at random instants, over and over, and what must be there each time.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "reader_support.hpp"
#include "support/child.hpp"
#include "support/seed.hpp"

namespace datawal::test {

/// Passes some time that is never the same, without sleeping.
inline void dither(std::mt19937_64& random, std::uint64_t most_turns) {
  for (std::uint64_t turns = between(random, 0, most_turns); turns > 0; --turns) asm volatile("" : : : "memory");
}

/// A log whose writers die. The content of a record is a function of its txid, so that a fabricated one shows.
class MortalLog {
 public:
  MortalLog(std::filesystem::path dir, std::mt19937_64& random) : dir_(std::move(dir)), random_(random) {}

  static std::string payload_of(std::uint64_t txid) {
    return "record " + std::to_string(txid) + " " + std::string(txid * 131 % 3000, static_cast<char>('A' + txid % 26));
  }

  static void expect_whole(const Reading& reading, std::uint64_t acknowledged) {
    EXPECT_EQ(reading.error, std::nullopt);
    ASSERT_GE(reading.records.size(), acknowledged);
    for (std::size_t n = 0; n < reading.records.size(); ++n) {
      ASSERT_EQ(reading.records[n].txid, n + 1);
      ASSERT_EQ(reading.records[n].payload, payload_of(n + 1)) << "never appended";
    }
  }

  /// So many lives of a writer, each one going on where the last one died.
  void die(int times, const OpenOptions& options, const WriteOptions& how) {
    std::uint64_t acknowledged = 0;
    for (int life = 1; life <= times; ++life) {
      SCOPED_TRACE("life " + std::to_string(life));
      acknowledged = std::max(acknowledged, live_and_die(options, how));
      expect_whole(read(dir_), acknowledged);
      RecordLog log = must(RecordLog::open(dir_, options));
      EXPECT_GE(log.last_txid(), acknowledged);
      EXPECT_EQ(log.durable_txid(), log.last_txid()) << "what is shown was made durable first";
      expect_whole(read(log.records()), acknowledged);
      ASSERT_FALSE(testing::Test::HasFailure());
    }
    EXPECT_GT(acknowledged, static_cast<std::uint64_t>(times));
  }

 private:
  // Appends until it is killed, and tells each txid once its append has returned.
  void write_for_ever(Talk& talk, const OpenOptions& options, const WriteOptions& how) const {
    RecordLog log = must(RecordLog::open(dir_, options));
    talk.tell("open");
    for (;;) {
      const RecordRef ref = must(log.append(payload_of(log.last_txid() + 1), how));
      if (!talk.tell(std::to_string(ref.txid))) return;
    }
  }

  // It dies behind a random acknowledgement and a random moment. Returns the last one heard.
  std::uint64_t live_and_die(const OpenOptions& options, const WriteOptions& how) {
    Child writer([&](Talk& talk) { write_for_ever(talk, options, how); });
    if (writer.talk().hear() != "open") throw std::runtime_error("the writer could not open the store");
    std::uint64_t acknowledged = 0;
    for (std::uint64_t wanted = between(random_, 0, 30); wanted > 0; --wanted) {
      acknowledged = std::stoull(writer.talk().hear().value());
    }
    dither(random_, 20'000);
    writer.kill();
    while (const std::optional<std::string> line = writer.talk().hear()) acknowledged = std::stoull(*line);
    return acknowledged;
  }

  const std::filesystem::path dir_;
  std::mt19937_64& random_;
};

}  // namespace datawal::test
