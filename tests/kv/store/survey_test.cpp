// A survey tells of every byte once, and the same as verify, scan, stat and salvage do.

#include <gmock/gmock.h>

#include <set>
#include <string_view>
#include <tuple>

#include <datawal/repair.hpp>
#include <datawal/survey.hpp>

#include "kv/kv_support.hpp"
#include "log/operation_trace.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Row {
  RecordRef ref;
  RecordType type = RecordType::Raw;
  RecordState state = RecordState::raw;
  std::string key;
};

// What a survey told, with every record in its last state.
struct Picture {
  std::vector<SurveyedSegment> segments;
  std::vector<Row> rows;
  std::vector<Stretch> stretches;
  std::vector<MissingSegments> missing;
  SurveyReport report;

  [[nodiscard]] std::vector<RecordState> states() const {
    std::vector<RecordState> states;
    for (const Row& row : rows) states.push_back(row.state);
    return states;
  }
  [[nodiscard]] std::uint64_t count(RecordState state) const {
    return static_cast<std::uint64_t>(std::ranges::count(rows, state, &Row::state));
  }
  [[nodiscard]] std::uint64_t bytes(StretchKind kind) const {
    std::uint64_t bytes = 0;
    for (const Stretch& stretch : stretches) bytes += stretch.kind == kind ? stretch.end - stretch.begin : 0;
    return bytes;
  }
};

SurveyVisitor into(Picture& picture) {
  return {.on_segment = [&](const SurveyedSegment& segment) { picture.segments.push_back(segment); },
          .on_record =
              [&](const SurveyedRecord& seen) {
                EXPECT_EQ(picture.segments.back().id, seen.record.ref.segment) << "its segment was not told before";
                picture.rows.push_back({seen.record.ref, seen.record.type, seen.state, std::string(seen.record.key)});
                return true;
              },
          .on_superseded =
              [&](const SupersededRecord& old) {
                const auto row = std::ranges::find_if(picture.rows, [&](const Row& one) {
                  return one.ref.segment == old.segment && one.ref.offset == old.offset;
                });
                ASSERT_NE(row, picture.rows.end()) << "a record is superseded that was not shown";
                EXPECT_EQ(row->state, RecordState::live);
                EXPECT_EQ(row->ref.len, old.len);
                EXPECT_EQ(row->key, old.key);
                row->state = RecordState::dead;
                const auto by = std::ranges::find_if(picture.rows, [&](const Row& one) {
                  return one.ref.segment == old.by_segment && one.ref.offset == old.by_offset;
                });
                ASSERT_NE(by, picture.rows.end()) << "it was superseded by a record that was not shown";
                EXPECT_EQ(by->key, old.key);
                EXPECT_GT(by->ref.txid, row->ref.txid);
              },
          .on_stretch = [&](const Stretch& stretch) { picture.stretches.push_back(stretch); },
          .on_missing = [&](const MissingSegments& ids) { picture.missing.push_back(ids); }};
}

Picture look(const std::filesystem::path& dir, const SurveyOptions& options = {}) {
  Picture picture;
  picture.report = must(survey(dir, into(picture), options));
  return picture;
}

void expect_every_byte_once(const Picture& picture) {
  std::map<std::uint32_t, std::vector<std::pair<std::uint64_t, std::uint64_t>>> parts;
  for (const Row& row : picture.rows) {
    parts[row.ref.segment].emplace_back(row.ref.offset, row.ref.offset + row.ref.len);
  }
  for (const Stretch& stretch : picture.stretches) parts[stretch.segment].emplace_back(stretch.begin, stretch.end);
  for (const SurveyedSegment& segment : picture.segments) {
    std::uint64_t end = 0;
    std::ranges::sort(parts[segment.id]);
    for (const auto& [begin, part_end] : parts[segment.id]) {
      EXPECT_EQ(begin, end) << "in segment " << segment.id;
      end = part_end;
    }
    EXPECT_EQ(end, segment.bytes) << "of segment " << segment.id;
  }
}

void expect_as_verify(const std::filesystem::path& dir, const Picture& picture) {
  const VerifyReport want = must(verify(dir));
  const VerifyReport& got = picture.report.verify;
  EXPECT_EQ(got.frames_checked, want.frames_checked);
  EXPECT_EQ(got.is_clean(), want.is_clean());
  EXPECT_EQ(got.out_of_order, want.out_of_order);
  EXPECT_EQ(got.watermark, want.watermark);
  EXPECT_EQ(got.txids_missing, want.txids_missing);
  EXPECT_EQ(got.is_raw_only, want.is_raw_only);
  EXPECT_EQ(got.last_segment, want.last_segment);
  EXPECT_EQ(got.last_offset, want.last_offset);
  EXPECT_EQ(got.damage.has_value(), want.damage.has_value());
  if (got.damage && want.damage) {
    EXPECT_EQ(got.damage->message(), want.damage->message());
  }
  EXPECT_EQ(picture.count(RecordState::behind_damage), want.records_behind_damage);
  EXPECT_EQ(picture.rows.size(), want.frames_checked + want.records_behind_damage);
  EXPECT_EQ(picture.bytes(StretchKind::damaged), want.damaged_bytes);
  EXPECT_EQ(picture.bytes(StretchKind::torn), want.recovery.tail_bytes_discarded);
  if (!want.damage) {
    EXPECT_EQ(picture.bytes(StretchKind::reserved), want.recovery.preallocated_bytes);
  }
  ASSERT_EQ(picture.missing.size(), want.missing_segments.size());
  const auto place = [](const auto& one) { return std::tuple(one.segment, one.begin, one.end, one.stop); };
  std::vector<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t, format::Stop>> damaged;
  for (const Stretch& one : picture.stretches) {
    if (one.kind == StretchKind::damaged && damaged.size() < want.damaged_ranges.size()) damaged.push_back(place(one));
  }
  ASSERT_EQ(damaged.size(), want.damaged_ranges.size());
  for (std::size_t i = 0; i < damaged.size(); ++i) EXPECT_EQ(damaged[i], place(want.damaged_ranges[i]));
}

void expect_as_scan(const std::filesystem::path& dir, const Picture& picture) {
  RecordLogReader reader = must(RecordLogReader::open(dir));
  RecordCursor cursor = reader.records();
  std::size_t n = 0;
  for (Result<std::optional<RecordView>> next = cursor.next(); next && *next; next = cursor.next(), ++n) {
    ASSERT_LT(n, picture.rows.size());
    EXPECT_EQ(picture.rows[n].ref, (*next)->ref);
    EXPECT_EQ(picture.rows[n].type, (*next)->type);
    EXPECT_EQ(picture.rows[n].key, (*next)->key);
  }
  EXPECT_EQ(n, picture.report.verify.frames_checked);
}

void expect_as_stat(const std::filesystem::path& dir, const Picture& picture) {
  std::map<std::uint32_t, SegmentStats> by_id;
  for (const Row& row : picture.rows) {
    SegmentStats& segment = by_id[row.ref.segment];
    if (row.state == RecordState::behind_damage) continue;
    segment.bytes += row.ref.len;
    if (row.state == RecordState::live) segment.live_bytes += row.ref.len;
    if (row.state == RecordState::dead) segment.dead_bytes += row.ref.len;
    if (row.state == RecordState::raw) segment.raw_bytes += row.ref.len;
    if (row.state == RecordState::tombstone) segment.tombstone_bytes += row.ref.len;
  }
  const Result<DataWalReader> reader = DataWalReader::open(dir);
  if (reader) {  // it refuses a damaged store
    EXPECT_EQ(picture.report.stats.live_keys, reader->stats().live_keys);
    EXPECT_EQ(picture.report.stats.durable_txid, reader->stats().durable_txid);
    EXPECT_EQ(picture.report.stats.last_txid, reader->stats().last_txid);
    EXPECT_EQ(picture.report.stats.garbage_ratio, reader->stats().garbage_ratio);
    EXPECT_EQ(picture.report.stats.quarantined_files, reader->stats().quarantined_files);
    ASSERT_EQ(picture.report.stats.per_segment.size(), reader->stats().per_segment.size());
  }
  for (const SegmentStats& got : picture.report.stats.per_segment) {
    const SegmentStats& counted = by_id[got.id];
    EXPECT_EQ(got.bytes, counted.bytes);
    EXPECT_EQ(got.live_bytes, counted.live_bytes);
    EXPECT_EQ(got.dead_bytes, counted.dead_bytes);
    EXPECT_EQ(got.raw_bytes, counted.raw_bytes);
    EXPECT_EQ(got.tombstone_bytes, counted.tombstone_bytes);
  }
  EXPECT_EQ(picture.count(RecordState::live), picture.report.stats.live_keys);
}

class Survey : public testing::Test {
 protected:
  Picture run() {
    const Image before = store_.image();
    Picture picture = look(store_.path());
    EXPECT_TRUE(store_.image() == before) << "the store was changed";
    EXPECT_TRUE(picture.report.is_complete);
    EXPECT_TRUE(picture.report.knows_keys);
    expect_every_byte_once(picture);
    expect_as_verify(store_.path(), picture);
    expect_as_scan(store_.path(), picture);
    expect_as_stat(store_.path(), picture);
    const SalvageReport salvaged = must(salvage(store_.path(), store_.beside("salvaged")));
    // What lies behind a tear was never acknowledged: salvage takes it nevertheless.
    EXPECT_EQ(salvaged.records_salvaged + salvaged.duplicates + salvaged.conflicts,
              picture.rows.size() + picture.report.verify.recovery.records_beyond_tear);
    std::filesystem::remove_all(store_.beside("salvaged"));
    return picture;
  }

  static std::string put(std::uint64_t txid, std::string_view key, std::string_view value = "value") {
    return reference_encode(1, txid, key, value);
  }
  static std::string erase(std::uint64_t txid, std::string_view key) { return reference_encode(2, txid, key, {}); }

  Store store_;
};

TEST_F(Survey, OfAnEmptyDirectoryTellsNothing) {
  const Picture picture = run();
  EXPECT_THAT(picture.segments, IsEmpty());
  EXPECT_THAT(picture.rows, IsEmpty());
}

TEST_F(Survey, TellsWhatEachRecordIs) {
  store_.put(1, raw_frame(1, "event") + put(2, "a") + put(3, "b") + put(4, "a"));
  store_.put(2, erase(5, "b") + put(6, "c") + put(7, "b") + erase(8, "never there"));
  using enum RecordState;
  EXPECT_THAT(run().states(), ElementsAre(raw, dead, dead, live, tombstone, live, live, tombstone));
}

TEST_F(Survey, TellsTheTornTail) {
  store_.put(1, put(1, "a") + put(2, "b").substr(0, 20) + std::string(100, '\0'));
  const Picture picture = run();
  ASSERT_EQ(picture.stretches.size(), 2U);
  EXPECT_EQ(picture.stretches[0].kind, StretchKind::torn);
  EXPECT_EQ(picture.stretches[1].kind, StretchKind::reserved);
}

TEST_F(Survey, TellsReservedZeros) {
  store_.put(1, put(1, "a") + std::string(1000, '\0'));
  EXPECT_EQ(run().bytes(StretchKind::reserved), 1000U);
}

TEST_F(Survey, TellsWhatLiesBehindDamage) {
  std::string flipped = put(3, "b");
  flipped[30] = static_cast<char>(~flipped[30]);
  store_.put(1, put(1, "a") + put(2, "a") + flipped + put(4, "a") + "garbage");
  store_.put(2, put(5, "c"));
  store_.put(3, put(6, "d") + std::string(50, '\0'));
  const Picture picture = run();
  using enum RecordState;
  EXPECT_THAT(picture.states(), ElementsAre(dead, live, behind_damage, behind_damage, behind_damage));
  ASSERT_EQ(picture.stretches.size(), 3U);
  EXPECT_EQ(picture.stretches[0].stop, format::Stop::crc_mismatch);
  EXPECT_EQ(picture.stretches[2].kind, StretchKind::reserved);
}

TEST_F(Survey, TellsMissingSegments) {
  store_.put(2, put(5, "a"));
  store_.put(5, put(9, "b"));
  const Picture picture = run();
  ASSERT_EQ(picture.missing.size(), 2U);
  EXPECT_EQ(picture.missing[1].first, 3U);
  EXPECT_EQ(picture.missing[1].last, 4U);
}

TEST_F(Survey, TellsSwappedSegments) {
  store_.put(1, put(5, "a"));
  store_.put(2, put(1, "b"));
  EXPECT_TRUE(run().report.verify.out_of_order);
}

TEST_F(Survey, TellsANewerVersion) {
  std::string newer = put(2, "b");
  newer[4] = 2;
  store_.put(1, put(1, "a") + newer + put(3, "c"));
  const Picture picture = run();
  ASSERT_TRUE(picture.report.verify.damage);
  EXPECT_EQ(picture.report.verify.damage->code, Errc::unsupported_version);
}

TEST_F(Survey, TellsThatSomethingSyncedIsGone) {
  store_.put(1, put(1, "a") + put(2, "b").substr(0, 10));
  store_.put_watermark(1, 200, 3);
  EXPECT_EQ(run().report.verify.watermark, WatermarkState::broken);
}

TEST_F(Survey, TellsThatAllSegmentsThatWereSyncedAreGone) {
  store_.put(1, put(1, "a"));
  write_file(store_ / ".watermark", watermark_bytes(3, 4711, 200, 3));
  const Picture picture = run();
  ASSERT_EQ(picture.missing.size(), 1U);
  EXPECT_EQ(picture.missing[0].last, 3U);
}

TEST_F(Survey, OfAStoreWithACompactionAndALiveWriterIsAsItsReaderSays) {
  DataWal kv = open_kv(store_.path(), {.max_segment_bytes = 500});
  for (int i = 0; i < 200; ++i) must(kv.put("key" + std::to_string(i % 17), std::string(10, 'v')));
  for (int i = 0; i < 5; ++i) must(kv.erase("key" + std::to_string(i)));
  must(kv.compact());
  for (int i = 0; i < 30; ++i) must(kv.put("key" + std::to_string(i % 7), "w"));
  const Picture picture = look(store_.path());
  expect_every_byte_once(picture);
  expect_as_scan(store_.path(), picture);
  expect_as_stat(store_.path(), picture);
}

TEST_F(Survey, WithoutKeysTellsEverythingElse) {
  store_.put(1, raw_frame(1, "event") + put(2, "a") + put(3, "a") + erase(4, "a"));
  const Picture picture = look(store_.path(), {.reads_keys = false});
  using enum RecordState;
  EXPECT_THAT(picture.states(), ElementsAre(raw, RecordState::put, RecordState::put, tombstone));
  EXPECT_FALSE(picture.report.knows_keys);
  EXPECT_EQ(picture.report.stats.put_records, 2U);
  EXPECT_EQ(picture.report.stats.raw_records, 1U);
  EXPECT_EQ(picture.report.stats.bytes, picture.segments[0].bytes);
  expect_every_byte_once(picture);
  expect_as_verify(store_.path(), picture);
}

TEST_F(Survey, GoesOnWithoutKeysWhereTheirIndexTakesTooMuchMemory) {
  std::string records;
  for (std::uint64_t txid = 1; txid <= 2000; ++txid) records += put(txid, "key" + std::to_string(txid));
  store_.put(1, records);
  const Picture picture = look(store_.path(), {.max_index_bytes = 1});
  EXPECT_FALSE(picture.report.knows_keys);
  EXPECT_EQ(picture.rows.size(), 2000U);
  EXPECT_EQ(picture.report.stats.put_records, 2000U);
  expect_every_byte_once(picture);
}

TEST_F(Survey, EndsWhereItsVisitorSaysSo) {
  std::string flipped = put(4, "d");
  flipped.back() = static_cast<char>(~flipped.back());
  store_.put(1, put(1, "a") + put(2, "b") + put(3, "c") + flipped + put(5, "e") + put(6, "f"));
  store_.put(2, put(7, "g"));
  for (const std::size_t wanted : {1U, 2U, 3U, 4U}) {
    std::size_t seen = 0;
    const SurveyReport report = must(
        survey(store_.path(), {.on_record = [&](const SurveyedRecord&) { return ++seen < wanted; }}));
    EXPECT_EQ(seen, wanted);
    EXPECT_FALSE(report.is_complete);
  }
}

TEST(SurveyNames, AreOneWordForEachStateAndKind) {
  using enum RecordState;
  std::set<std::string_view> names;
  for (const RecordState state : {raw, live, dead, tombstone, put, behind_damage}) names.insert(name_of(state));
  using enum StretchKind;
  for (const StretchKind kind : {torn, damaged, reserved, unfinished}) names.insert(name_of(kind));
  EXPECT_EQ(names.size(), 10U);
  EXPECT_EQ(name_of(behind_damage), "behind_damage");
  EXPECT_EQ(name_of(torn), "torn");
}

TEST_F(Survey, FailsWhereTheStoreCannotBeRead) {
  EXPECT_TRUE(refused(survey(store_ / "nowhere", {}), Errc::not_found));
  store_.put(1, put(1, "a"));
  safeatomic::test::FaultyFileSystem file_system;
  file_system.set_hook(safeatomic::test::fail_every(OpKind::read, safeatomic::test::Fault::error(EIO)));
  EXPECT_TRUE(refused(survey(store_.path(), {}, {.file_system = &file_system}), Errc::io)) << "that is no damage";
}

}  // namespace
}  // namespace datawal::test
