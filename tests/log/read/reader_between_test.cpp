// A writer that does something before every single operation of a reader.

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <span>

#include <gmock/gmock.h>

#include "faulty_file_system.hpp"
#include "log/reader_support.hpp"
#include "support/seed.hpp"

namespace datawal::test {
namespace {

using Values = std::map<std::string, std::uint64_t>;  // key to the txid of its newest Put

// Does by hand what a writer does that appends, rotates and compacts, as far as a reader can see it.
class HandWriter {
 public:
  explicit HandWriter(const Store& store) : store_(store) { rotate(); }

  void put(const std::string& key) {
    const std::string frame = reference_encode(1, ++txid_, key, "v");
    overwrite(store_.segment(segments_.rbegin()->first), segments_.rbegin()->second.size(), frame);
    segments_.rbegin()->second += frame;
    values_[key] = txid_;
    history_.push_back(values_);
  }

  void rotate() {
    const std::uint32_t id = segments_.empty() ? 1 : segments_.rbegin()->first + 1;
    segments_[id] = {};
    store_.put(id, "");
  }

  // Every sealed segment in ascending order loses the Puts that are not the newest of their keys.
  void compact() {
    for (auto& [id, bytes] : segments_) {
      if (id == segments_.rbegin()->first) return;
      std::string kept;
      for (const Listed& record : reference_walk(id, bytes).records) {
        if (values_[record.key] == record.txid) kept += reference_encode(1, record.txid, record.key, record.payload);
      }
      if (kept.size() == bytes.size()) continue;
      bytes = kept;
      write_file(store_ / "new", kept);
      std::filesystem::rename(store_ / "new", store_.segment(id));
    }
  }

  /// The state after every change, the first one included.
  [[nodiscard]] const std::vector<Values>& history() const noexcept { return history_; }

 private:
  const Store& store_;
  std::map<std::uint32_t, std::string> segments_;
  std::uint64_t txid_ = 0;
  Values values_;
  std::vector<Values> history_{Values{}};
};

class ReaderBetween : public testing::Test {
 protected:
  static constexpr int keys = 4;

  void put_all() {
    for (int key = 0; key < keys; ++key) writer_->put("k" + std::to_string(key));
  }

  // The last record of each key that the reader shows.
  static Values shown_by(const RecordLogReader& reader) {
    const Reading reading = read(reader);
    EXPECT_EQ(reading.error, std::nullopt);
    Values values;
    for (const Record& record : reading.records) values[record.key] = record.txid;
    return values;
  }

  // What a refresh shows is how the log was at some instant of it.
  void expect_an_instant(RecordLogReader& reader) {
    const std::size_t before = writer_->history().size() - 1;
    must(reader.refresh());
    files_.set_hook(nullptr);
    const std::span<const Values> possible = std::span(writer_->history()).subspan(before);
    EXPECT_THAT(possible, testing::Contains(shown_by(reader)));
  }

  [[nodiscard]] RecordLogReader open() { return must(RecordLogReader::open(store_.path(), {.file_system = &files_})); }

  Store store_;
  std::optional<HandWriter> writer_{store_};
  safeatomic::test::FaultyFileSystem files_;
};

TEST_F(ReaderBetween, ShowsAnInstantThoughSegmentsAreRewrittenBeforeAnyOneOperation) {
  bool is_done = true;
  for (int nth = 1; is_done; ++nth) {
    SCOPED_TRACE(nth);
    store_.clear();
    writer_.emplace(store_);
    put_all();
    writer_->rotate();
    writer_->put("k0");
    RecordLogReader reader = open();
    is_done = false;
    files_.set_hook(
        [&, operations = 0](const safeatomic::test::FsOp&) mutable -> std::optional<safeatomic::test::Fault> {
          if (++operations == nth) {
            is_done = true;
            put_all();
            writer_->compact();
          }
          return std::nullopt;
        });
    expect_an_instant(reader);
    ASSERT_LT(nth, 200);
  }
}

TEST_F(ReaderBetween, ShowsAnInstantWhateverHappensBeforeEachOperation) {
  std::mt19937_64 random = seeded_random();
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    if (round % 20 == 0) {
      store_.clear();
      writer_.emplace(store_);
      put_all();
    }
    RecordLogReader reader = open();
    int left = 40;  // then it holds still
    files_.set_hook([&](const safeatomic::test::FsOp&) -> std::optional<safeatomic::test::Fault> {
      if (--left < 0) return std::nullopt;
      switch (random() % 16) {
        case 0: writer_->rotate(); break;
        case 1: writer_->compact(); break;
        case 2: writer_->put("k" + std::to_string(random() % keys)); break;
        case 3:
          put_all();
          writer_->compact();
          break;
        default: break;
      }
      return std::nullopt;
    });
    expect_an_instant(reader);
  }
}

// A refresh of a reader never knows less to be durable than before, whatever `meanwhile` does before any one of its operations.
void expect_no_less_durable(const std::function<void(RecordLog&)>& before_it,
                            const std::function<void(RecordLog&)>& meanwhile) {
  bool is_done = true;
  for (int nth = 1; is_done; ++nth) {
    SCOPED_TRACE(nth);
    const Store store;
    safeatomic::test::FaultyFileSystem files;
    RecordLog log = must(RecordLog::open(store.path()));
    must(log.append("one", {.sync = true}));
    RecordLogReader reader = must(RecordLogReader::open(store.path(), {.file_system = &files}));
    const std::uint64_t durable = must(reader.durable_end()).txid;
    before_it(log);
    is_done = false;
    files.set_hook(
        [&, operations = 0](const safeatomic::test::FsOp&) mutable -> std::optional<safeatomic::test::Fault> {
          if (++operations == nth) {
            is_done = true;
            meanwhile(log);
          }
          return std::nullopt;
        });
    must(reader.refresh());
    files.set_hook(nullptr);
    EXPECT_GE(must(reader.durable_end()).txid, durable);
    ASSERT_LT(nth, 200);
  }
}

// The watermark that a snapshot begins with may name a segment that is dropped before the snapshot has it.
TEST(ReaderBetweenDrops, KnowsNoLessToBeDurableThanBefore) {
  expect_no_less_durable([](RecordLog&) {},
                         [](RecordLog& log) {
                           must(log.rotate());
                           must(log.append("two", {.sync = true}));
                           must(log.drop_segments_before(2));
                         });
}

// A watermark of a rotation names a segment without a record, and the ones before that may be dropped a moment later.
TEST(ReaderBetweenDrops, KnowsNoLessToBeDurableThanARotationSaid) {
  expect_no_less_durable([](RecordLog& log) { must(log.rotate()); },
                         [](RecordLog& log) {
                           must(log.append("two", {.sync = true}));
                           must(log.drop_segments_before(2));
                         });
}

}  // namespace
}  // namespace datawal::test
