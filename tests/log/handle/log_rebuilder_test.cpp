// LogRebuilder: a log made once more from its frames has the same bytes, and nothing gets in that does not belong there.

#include <datawal/data_wal.hpp>
#include <datawal/format.hpp>
#include <datawal/log_rebuilder.hpp>

#include "log/operation_trace.hpp"
#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

using Before = LogRebuilder::Before;

std::string frame_of(const RecordView& record) {
  std::string frame(static_cast<std::size_t>(format::frame_len(record.key.size(), record.payload.size())), '\0');
  (void)format::encode(record.type, record.txid, record.key, record.payload, frame).value();
  return frame;
}

Before before_of(const std::optional<RecordRef>& last) {
  return last ? Before{.txid = last->txid, .crc = last->crc} : Before{};
}

std::uint32_t crc_of(std::string_view frame) {
  return static_cast<std::uint32_t>(get_little_endian(frame, frame.size() - 4, 4));
}

// Segments by name.
Image segments_of(const std::filesystem::path& dir) {
  Image image = image_of(dir);
  std::erase_if(image, [](const auto& entry) { return !entry.first.ends_with(".dwal"); });
  return image;
}

// Goes on with what `mirror` has not, as a mirror does: its own last record is the place.
void mirror_all(const std::filesystem::path& source, LogRebuilder& mirror) {
  const RecordLogReader reader = must(RecordLogReader::open(source));
  RecordCursor cursor = mirror.last() ? reader.records_after(*mirror.last()) : reader.records();
  while (const std::optional<RecordView> record = must(cursor.next())) {
    must(mirror.begin_segment(record->ref.segment));
    must(mirror.append(frame_of(*record), before_of(mirror.last())));
    ASSERT_EQ(mirror.last(), record->ref) << "it stands where it stood";
  }
}

class Rebuild : public testing::Test {
 protected:
  [[nodiscard]] LogRebuilder open(const OpenOptions& options = {}) const {
    return must(LogRebuilder::open(copy(), options));
  }
  [[nodiscard]] std::filesystem::path copy() const { return store_.beside("copy"); }

  const Store store_;
};

TEST_F(Rebuild, HasTheBytesOfTheLog) {
  {
    RecordLog log = store_.open({.max_segment_bytes = 150});
    for (int i = 0; i < 20; ++i) must(log.append("record " + std::to_string(i)));
    must(log.close());
  }
  LogRebuilder mirror = open();
  mirror_all(store_.path(), mirror);
  must(mirror.close());
  EXPECT_EQ(segments_of(copy()), segments_of(store_.path()));
  EXPECT_GT(segments_of(copy()).size(), 3U);
}

TEST_F(Rebuild, KeepsTheGapsOfWhatWasCompactedTrimmedAndRemoved) {
  {
    DataWal kv = must(DataWal::open(store_.path(), {.max_segment_bytes = 150}));
    for (int i = 0; i < 30; ++i) must(kv.put("key" + std::to_string(i % 7), std::string(20, 'v')));
    must(kv.put("once", "stays"));
    for (int i = 0; i < 10; ++i) must(kv.put("key" + std::to_string(i % 7), std::string(20, 'w')));
    must(kv.compact({.min_garbage_ratio = 0}));
    must(kv.close());
  }
  const Image source = segments_of(store_.path());
  ASSERT_NE(source.begin()->first, Store::name_of(1)) << "the first segments are gone, and ids between others";
  LogRebuilder mirror = open();
  mirror_all(store_.path(), mirror);
  must(mirror.close());
  Image rebuilt = segments_of(copy());
  // A writer that goes on starts with an empty segment, which has no record that anybody could ship.
  rebuilt.erase(source.rbegin()->second.empty() ? source.rbegin()->first : std::string());
  Image wanted = source;
  std::erase_if(wanted, [](const auto& entry) { return entry.second.empty(); });
  EXPECT_EQ(rebuilt, wanted);
  const DataWal again = must(DataWal::open(copy()));
  EXPECT_EQ(again.size(), 8U);
  EXPECT_EQ(*must(Result<std::optional<std::string>>(again.get("once"))), "stays");
}

TEST_F(Rebuild, GoesOnWhereItEnded) {
  {
    RecordLog log = store_.open({.max_segment_bytes = 150});
    for (int i = 0; i < 5; ++i) must(log.append("record " + std::to_string(i)));
    LogRebuilder mirror = open();
    mirror_all(store_.path(), mirror);
    for (int i = 5; i < 12; ++i) must(log.append("record " + std::to_string(i)));
    must(log.close());
  }
  LogRebuilder mirror = open();
  ASSERT_TRUE(mirror.last());
  EXPECT_EQ(mirror.last()->txid, 5U);
  mirror_all(store_.path(), mirror);
  must(mirror.close());
  EXPECT_EQ(segments_of(copy()), segments_of(store_.path()));
}

TEST_F(Rebuild, OpensAsALogThatGoesOn) {
  LogRebuilder mirror = open();
  must(mirror.begin_segment(7));
  must(mirror.append(raw_frame(41, "first") + raw_frame(43, "second"), {}));
  must(mirror.close());
  EXPECT_EQ(segments_of(copy()), (Image{{Store::name_of(7), raw_frame(41, "first") + raw_frame(43, "second")}}));
  RecordLog log = must(RecordLog::open(copy()));
  const RecordRef next = must(log.append("third"));
  EXPECT_EQ(next.txid, 44U);
  EXPECT_EQ(next.segment, 7U);
}

TEST_F(Rebuild, TakesNothingThatStandsElsewhere) {
  LogRebuilder mirror = open();
  const std::string first = raw_frame(1, "first");
  EXPECT_TRUE(refused(mirror.append(first, {.txid = 9}), Errc::invalid_argument)) << "of an empty log";
  must(mirror.append(first, {}));
  const std::string second = raw_frame(2, "second");
  EXPECT_TRUE(refused(mirror.append(first, {}), Errc::invalid_argument)) << "from the beginning";
  EXPECT_TRUE(refused(mirror.append(second, {.txid = 5, .crc = crc_of(first)}), Errc::invalid_argument));
  EXPECT_TRUE(refused(mirror.append(second, {.txid = 1, .crc = crc_of(first) + 1}), Errc::invalid_argument))
      << "another record with that txid";
  EXPECT_TRUE(refused(mirror.append(first, {.txid = 1, .crc = crc_of(first)}), Errc::invalid_argument)) << "doubled";
  EXPECT_EQ(read(copy()).payloads(), (std::vector<std::string>{"first"}));
  EXPECT_TRUE(ok(mirror.append(second, {.txid = 1, .crc = crc_of(first)})));
}

TEST_F(Rebuild, TakesNoDamage) {
  LogRebuilder mirror = open();
  const std::string first = raw_frame(1, "first");
  std::string flipped = first;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  std::string newer = first;
  newer[4] = 2;
  static constexpr struct {
    const char* name;
    std::size_t cut;
  } rows[] = {{"within its header", 10}, {"within its payload", 26}, {"within its checksum", 31}};
  for (const auto& row : rows) {
    const Result<void> appended = mirror.append(first + raw_frame(2, "second").substr(0, row.cut), {});
    ASSERT_TRUE(refused(appended, Errc::corruption)) << row.name;
    EXPECT_EQ(appended.error().offset, first.size()) << row.name;
  }
  EXPECT_TRUE(refused(mirror.append(first + flipped, {}), Errc::corruption));
  EXPECT_TRUE(refused(mirror.append(std::string(64, '\0'), {}), Errc::corruption));
  EXPECT_TRUE(refused(mirror.append(newer, {}), Errc::unsupported_version));
  EXPECT_TRUE(refused(mirror.append(raw_frame(2, "second") + first, {}), Errc::invalid_argument)) << "descending";
  EXPECT_TRUE(refused(mirror.append(first + first, {}), Errc::invalid_argument)) << "twice";
  EXPECT_TRUE(refused(mirror.append(raw_frame(0, "none"), {}), Errc::invalid_argument)) << "no txid";
  EXPECT_EQ(read(copy()).records.size(), 0U);
  EXPECT_FALSE(mirror.last());
  EXPECT_TRUE(ok(mirror.append({}, {}))) << "nothing is nothing";
}

TEST_F(Rebuild, BeginsSegmentsInAscendingOrderOnly) {
  LogRebuilder mirror = open();
  must(mirror.begin_segment(3));
  must(mirror.append(raw_frame(1, "first"), {}));
  EXPECT_TRUE(ok(mirror.begin_segment(3))) << "that is where they go";
  EXPECT_TRUE(refused(mirror.begin_segment(2), Errc::invalid_argument));
  EXPECT_TRUE(refused(mirror.begin_segment(0), Errc::invalid_argument));
  EXPECT_TRUE(refused(mirror.begin_segment(100'000'000), Errc::invalid_argument));
  EXPECT_EQ(mirror.segment(), 3U);
  EXPECT_TRUE(ok(mirror.begin_segment(99'999'999)));
}

TEST_F(Rebuild, LeavesNoSegmentWithoutARecord) {
  LogRebuilder mirror = open();
  for (const std::uint32_t id : {2U, 5U, 9U}) must(mirror.begin_segment(id));
  must(mirror.append(raw_frame(1, "first"), {}));
  must(mirror.begin_segment(10));
  must(mirror.begin_segment(12));
  must(mirror.close());
  EXPECT_EQ(segments_of(copy()), (Image{{Store::name_of(9), raw_frame(1, "first")}, {Store::name_of(12), ""}}));
}

TEST_F(Rebuild, LeavesNoSegmentWithoutARecordWhateverIsInTheWayOfGivingBackRecords) {
  LogRebuilder mirror = open();
  write_file(copy() / ".holds", "no holds");
  must(mirror.begin_segment(5));
  EXPECT_EQ(segments_of(copy()).size(), 1U);
  must(mirror.close());
  EXPECT_TRUE(ok(LogRebuilder::open(copy())));
}

TEST_F(Rebuild, RemovesTheEmptySegmentThatACrashHasLeft) {
  Store store;
  store.put(1, "");
  store.put(4, raw_frame(7, "first"));
  const LogRebuilder mirror = must(LogRebuilder::open(store.path()));
  EXPECT_EQ(segments_of(store.path()), (Image{{Store::name_of(4), raw_frame(7, "first")}}));
  EXPECT_EQ(mirror.last()->txid, 7U);
}

TEST_F(Rebuild, SealsASegmentBeforeTheNextOneHasAName) {
  FaultyFileSystem files;
  LogRebuilder mirror = open({.file_system = &files});
  must(mirror.append(raw_frame(1, "first"), {}));
  files.restart();
  must(mirror.begin_segment(3));
  EXPECT_TRUE(in_order(trace_of(files), {"sync_data 00000001.dwal", "open_file 00000003.dwal", "sync_directory copy"}));
  files.restart();
  must(mirror.begin_segment(5));
  EXPECT_TRUE(in_order(trace_of(files), {"open_file 00000005.dwal", "sync_directory copy", "unlink 00000003.dwal",
                                         "sync_directory copy"}))
      << "a log is never without a segment";
}

TEST_F(Rebuild, GrowsBeyondTheUsualSizeOfASegmentIfTheLogDid) {
  LogRebuilder mirror = open({.max_segment_bytes = 100});
  std::string frames;
  for (std::uint64_t txid = 1; txid <= 50; ++txid) frames += raw_frame(txid, "payload");
  must(mirror.append(frames, {}));
  EXPECT_EQ(mirror.segment(), 1U);
  EXPECT_EQ(mirror.last()->txid, 50U);
  EXPECT_EQ(mirror.last()->offset, frames.size() - raw_frame(50, "payload").size());
}

TEST_F(Rebuild, HoldsTheWritersLock) {
  const LogRebuilder mirror = open();
  EXPECT_TRUE(refused(RecordLog::open(copy()), Errc::locked));
}

TEST_F(Rebuild, UndoesAFailedWrite) {
  FaultyFileSystem files;
  LogRebuilder mirror = open({.file_system = &files});
  must(mirror.append(raw_frame(1, "first"), {}));
  const Before first = before_of(mirror.last());
  files.set_hook(safeatomic::test::fail_every(OpKind::write, {.os_errno = ENOSPC, .at_most = 7}));
  EXPECT_TRUE(refused(mirror.append(raw_frame(2, "second"), first), Errc::no_space));
  files.set_hook(nullptr);
  EXPECT_EQ(mirror.last()->txid, 1U);
  EXPECT_TRUE(ok(mirror.append(raw_frame(2, "second"), first)));
  must(mirror.close());
  EXPECT_EQ(read(copy()).payloads(), (std::vector<std::string>{"first", "second"}));
}

TEST_F(Rebuild, OfAClosedOneIsRefused) {
  LogRebuilder mirror = open();
  must(mirror.close());
  EXPECT_TRUE(refused(mirror.append(raw_frame(1, "first"), {}), Errc::closed));
  EXPECT_TRUE(refused(mirror.begin_segment(2), Errc::closed));
  EXPECT_TRUE(refused(mirror.fsync(), Errc::closed));
  LogRebuilder other = std::move(mirror);
  EXPECT_TRUE(refused(mirror.append(raw_frame(1, "first"), {}), Errc::closed));  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace datawal::test
