// A persisted index beside a log that went another way, or that says of it what is not so.

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include <datawal/format.hpp>

#include "kv/saved_index/index_format.hpp"
#include "kv/saved_index/saved_index_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

void import(DataWal& store, std::initializer_list<const char*> users) {
  for (const char* user : users) must(store.put(user, "x"));
  must(store.put("job", "done"));
}

// A backup without the index was restored over the store, and more was put: the record that the index ends with is there again, but
// others before it. Freed inode numbers are given to new files at once, or the files were written over: nothing else tells.
TEST(IndexHistory, ThatCameToTheSameRecordAnotherWayIsNotBelieved) {
  const Store store;
  const Store restored;
  for (const Store* each : {&store, &restored}) {
    DataWal kv = open_kv(each->path());
    must(kv.put("version", "1"));
  }
  {
    DataWal kv = open_kv(store.path());
    import(kv, {"user1", "user2", "user3"});
  }
  save_index_of(store.path());
  {
    DataWal kv = open_kv(restored.path());
    import(kv, {"user9", "user8", "user7"});
    must(kv.put("later", "record"));
  }
  write_file(store.segment(1), read_file(restored.segment(1)));
  expect_as_without(store.path(), IndexState::stale);
  EXPECT_TRUE(has(open_kv(store.path(), indexed()), "user9", "x"));
}

TEST(IndexHistory, ThatGoesOnIsBelievedHoweverLongItsRecordsAre) {
  const Store store;
  {
    DataWal kv = open_kv(store.path());
    for (int i = 0; i < 40; ++i) must(kv.put("key " + std::to_string(i), std::string(i * i * 2000, 'v')));
    must(kv.put("", ""));
  }
  save_index_of(store.path());
  must(open_kv(store.path()).put("behind", "it"));
  EXPECT_EQ(expect_as_without(store.path(), IndexState::used), 1U);
}

// What an index says of its segments, with checksums that are right.
template <class Change>
void forge_segments(const std::filesystem::path& file, Change change) {
  std::string bytes = read_file(file);
  log::SavedHeader header;
  std::array<char, log::saved_header_len> head{};
  std::memcpy(head.data(), bytes.data(), head.size());
  ASSERT_EQ(log::decode_saved_header(head, log::flag_has_directory, header), log::HeaderVerdict::sound);
  for (std::uint32_t n = 0; n < header.segments; ++n) {
    std::array<char, log::saved_segment_len> raw{};
    char* const at = bytes.data() + head.size() + n * raw.size();
    std::memcpy(raw.data(), at, raw.size());
    log::SavedSegment segment = log::decode_saved_segment(raw);
    change(segment);
    raw = log::encode_saved_segment(segment);
    std::memcpy(at, raw.data(), raw.size());
  }
  header.metadata_crc = format::crc32c(std::string_view(bytes).substr(head.size(), header.pages_begin - head.size()));
  head = log::encode_saved_header(header);
  std::memcpy(bytes.data(), head.data(), head.size());
  write_file(file, bytes);
}

TEST(IndexThatLies, OfWhatLivesInASegmentDoesNotMakeACompactionRemoveIt) {
  const Store store;
  {
    DataWal kv = open_kv(store.path(), {.max_segment_bytes = 4000});
    for (int i = 0; i < 300; ++i) must(kv.put("key " + std::to_string(i), "value"));
  }
  save_index_of(store.path());
  forge_segments(store / index_file, [](log::SavedSegment& segment) {
    if (segment.id == 1) segment.counts.live_bytes = 0;
  });
  const Contents before = contents_of(open_kv(store.path()));
  {
    DataWal kv = open_kv(store.path(), indexed());
    ASSERT_EQ(kv.log().recovery_report().index_state, IndexState::used);
    must(kv.compact({.min_garbage_ratio = 0}));
  }
  EXPECT_EQ(contents_of(open_kv(store.path())), before);
}

TEST(IndexThatLies, OfWhereItsPagesBeginIsNotReadToItsEnd) {
  const Store store;
  fill_for_index(store.path(), 100);
  save_index_of(store.path());
  std::string bytes = read_file(store / index_file);
  bytes.insert(pages_begin_of(bytes), 4096, '\0');
  log::SavedHeader header;
  std::array<char, log::saved_header_len> head{};
  std::memcpy(head.data(), bytes.data(), head.size());
  ASSERT_EQ(log::decode_saved_header(head, log::flag_has_directory, header), log::HeaderVerdict::sound);
  header.pages_begin += 4096;
  header.metadata_crc = format::crc32c(std::string_view(bytes).substr(head.size(), header.pages_begin - head.size()));
  head = log::encode_saved_header(header);
  std::memcpy(bytes.data(), head.data(), head.size());
  write_file(store / index_file, bytes);
  expect_as_without(store.path(), IndexState::damaged);
}

TEST(IndexInAChild, IsClosedToAReaderThatWasForked) {
  const Store store;
  fill_for_index(store.path(), 2000);
  save_index_of(store.path());
  const DataWalReader reader = open_kv_reader(store.path(), {.uses_index = true});
  in_child([&reader] {
    EXPECT_TRUE(refused(reader.get("key 1"), Errc::closed));
    EXPECT_TRUE(refused(reader.for_each_key([](std::string_view) { return true; }), Errc::closed));
  });
  EXPECT_TRUE(has(reader, "key 1", "value 1"));
}

}  // namespace
}  // namespace datawal::test
