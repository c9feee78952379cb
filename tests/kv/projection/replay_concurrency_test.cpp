// Opening with a second thread gives what opening with one gives: the same keys, the same report, the same refusal.

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <datawal/segment.hpp>

#include "kv/kv_support.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

// What an opening gave, whole or refused, as text.
struct Opened {
  std::string result;
  Contents contents;

  friend bool operator==(const Opened&, const Opened&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Opened& opened) {
    return out << opened.result << ", " << opened.contents.size() << " keys";
  }
};

std::string text_of(const Error& error) {
  return "error " + std::to_string(static_cast<int>(error.code)) + " at " + std::to_string(error.segment) + "/" +
         std::to_string(error.offset) + ": " + std::string(error.action) + ", " + error.detail;
}

std::string text_of(const StoreStats& stats) {
  std::string text;
  for (const std::uint64_t number : {stats.segments, stats.bytes, stats.live_bytes, stats.live_keys, stats.raw_records,
                                     stats.put_records, stats.delete_records, stats.last_txid}) {
    text += std::to_string(number) + " ";
  }
  return text;
}

std::string text_of(const RecoveryReport& report) {
  std::string text;
  for (const std::uint64_t number :
       {report.files_scanned, report.records_replayed, std::uint64_t{report.tail_truncated},
        report.tail_bytes_discarded, report.mid_stream_errors, report.unsupported_versions, report.last_txid_seen,
        report.preallocated_bytes, report.txid_gaps, report.records_beyond_tear}) {
    text += std::to_string(number) + " ";
  }
  return text;
}

// Of a copy of `store`, since opening mends what a crash has left.
Opened opened_with(std::uint32_t threads, ReadPath read_path, const std::filesystem::path& store) {
  const Store copy;
  std::filesystem::remove_all(copy.path());
  std::filesystem::copy(store, copy.path(), std::filesystem::copy_options::recursive);
  const Result<DataWal> db = DataWal::open(copy.path(), {.read_path = read_path, .open_threads = threads});
  if (!db) return {.result = text_of(db.error()), .contents = {}};
  return {.result = text_of(db->stats()) + text_of(db->log().recovery_report()), .contents = contents_of(*db)};
}

Opened read_with(std::uint32_t threads, ReadPath read_path, const std::filesystem::path& store) {
  const Result<DataWalReader> db = DataWalReader::open(store, {.read_path = read_path, .open_threads = threads});
  if (!db) return {.result = text_of(db.error()), .contents = {}};
  return {.result = text_of(db->stats()) + text_of(db->report()), .contents = contents_of(*db)};
}

void expect_the_same(const std::filesystem::path& store) {
  for (const ReadPath path : both_read_paths) {
    EXPECT_EQ(opened_with(2, path, store), opened_with(1, path, store)) << store << ' ' << name_of(path);
    EXPECT_EQ(read_with(2, path, store), read_with(1, path, store)) << store << ' ' << name_of(path);
  }
}

// Puts, erases and Raws over few keys, in several segments; some keys are long enough that a batch of them is cut short.
void write_history(std::mt19937_64& random, const std::filesystem::path& dir, std::uint64_t records) {
  DataWal db = open_kv(dir, {.max_segment_bytes = 256 << 10});
  const RecordLog& log = db.log();
  for (std::uint64_t n = 0; n < records; ++n) {
    const std::uint64_t number = between(random, 0, records / 4);
    const std::string key = number % 100 == 0 ? std::string(9000, 'k') + std::to_string(number)
                                              : std::to_string(number);
    if (between(random, 0, 9) < 8) {
      must(db.put(key, std::to_string(n)));
    } else {
      must(db.erase(key));
    }
  }
  EXPECT_GT(log.active_segment(), 1U);
  must(db.close());
}

std::filesystem::path newest_segment(const std::filesystem::path& dir) {
  return segment::path(dir, must(segment::list_ids(dir)).back());
}

void flip_byte(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(stream.get());
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 0x10));
}

TEST(ReplayConcurrency, GivesTheSameOverEveryFixture) {
  const std::filesystem::path fixtures = DATAWAL_FIXTURES;
  expect_the_same(fixtures / "mixed" / "store");
  for (const auto& entry : std::filesystem::directory_iterator(fixtures / "corpus")) expect_the_same(entry.path());
}

TEST(ReplayConcurrency, GivesTheSameOverALongHistoryOfFewKeys) {
  std::mt19937_64 random = seeded_random();
  const Store store;
  write_history(random, store.path(), 20'000);
  append_plain(store.path(), {{RecordType::Raw, "", "raw"}, {RecordType::Raw, "7", "raw with a key"}});
  expect_the_same(store.path());
}

TEST(ReplayConcurrency, GivesTheSameOverATornTail) {
  std::mt19937_64 random = seeded_random();
  const Store store;
  write_history(random, store.path(), 6000);
  const std::filesystem::path newest = newest_segment(store.path());
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) - between(random, 1, 20));
  std::filesystem::remove(store.path() / ".watermark");
  expect_the_same(store.path());
}

TEST(ReplayConcurrency, GivesTheSameOverDamageAnywhere) {
  std::mt19937_64 random = seeded_random();
  const Store store;
  write_history(random, store.path(), 6000);
  const std::vector<std::uint32_t> ids = must(segment::list_ids(store.path()));
  for (int round = 0; round < 8; ++round) {
    const std::filesystem::path file = segment::path(store.path(), ids[between(random, 0, ids.size() - 1)]);
    const std::uint64_t at = between(random, 0, std::filesystem::file_size(file) - 1);
    flip_byte(file, at);
    expect_the_same(store.path());
    flip_byte(file, at);
  }
}

TEST(ReplayConcurrency, TakesASecondThreadByItselfForALargeStore) {
  std::mt19937_64 random = seeded_random();
  const Store store;
  write_history(random, store.path(), 80'000);
  EXPECT_EQ(opened_with(0, ReadPath::mapped, store.path()), opened_with(1, ReadPath::mapped, store.path()));
}

}  // namespace
}  // namespace datawal::test
