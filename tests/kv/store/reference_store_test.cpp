// The store that the reference wrote, and what it made of it, against what is made of it here.

#include <algorithm>
#include <sstream>
#include <tuple>

#include "kv/kv_support.hpp"
#include "support/sha256.hpp"

namespace datawal::test {
namespace {

const std::filesystem::path mixed = std::filesystem::path(DATAWAL_FIXTURES) / "mixed";

// Length and first half of the hash, of key and value: how kv.txt lists them.
using Digest = std::tuple<std::size_t, std::string, std::size_t, std::string>;

Digest digest_of(std::string_view key, std::string_view value) {
  return {key.size(), Sha256::hex(key).substr(0, 16), value.size(), Sha256::hex(value).substr(0, 16)};
}

std::vector<Digest> sorted(std::vector<Digest> digests) {
  std::ranges::sort(digests);
  return digests;
}

std::vector<Digest> listed_digests() {
  std::istringstream lines(read_file(mixed / "kv.txt"));
  std::string line;
  std::getline(lines, line);  // the names of the columns
  std::vector<Digest> digests;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    Digest digest;
    auto& [key_len, key_hash, value_len, value_hash] = digest;
    fields >> key_len >> key_hash >> value_len >> value_hash;
    digests.push_back(digest);
  }
  return sorted(digests);
}

std::vector<Digest> digests_of(const Contents& contents) {
  std::vector<Digest> digests;
  for (const auto& [key, value] : contents) digests.push_back(digest_of(key, value));
  return sorted(digests);
}

class ReferenceStore : public testing::Test {
 protected:
  ReferenceStore() {
    std::filesystem::remove(copy_.path());
    std::filesystem::copy(mixed / "store", copy_.path());
  }

  // The sum that is listed; the file holds nothing else but a newline.
  static std::string listed_export_sum() { return read_file(mixed / "export.jsonl.sha256").substr(0, 64); }

  Store copy_;
};

TEST_F(ReferenceStore, HoldsTheKeysAndValuesThatTheReferenceListed) {
  const std::vector<Digest> listed = listed_digests();
  ASSERT_GT(listed.size(), 50U);
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    const DataWal store = open_kv(copy_.path(), {.read_path = path});
    const Contents contents = contents_of(store);
    EXPECT_EQ(digests_of(contents), listed);
    EXPECT_EQ(store.size(), listed.size());
    for (const auto& [key, value] : contents) EXPECT_TRUE(has(store, key, value));
  }
}

TEST_F(ReferenceStore, IsReadWhereItStandsAndLeftAsItIs) {
  const Fingerprint before = fingerprint_of(mixed / "store");
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    const DataWalReader reader = open_kv_reader(mixed / "store", {.read_path = path});
    const Contents contents = contents_of(reader);
    EXPECT_EQ(digests_of(contents), listed_digests());
    EXPECT_EQ(reader.size(), contents.size());
    for (const auto& [key, value] : contents) EXPECT_TRUE(has(reader, key, value));
  }
  EXPECT_EQ(fingerprint_of(mixed / "store"), before);
}

TEST_F(ReferenceStore, IsCompactedToTheReferencesBytes) {
  for (const ReadPath path : both_read_paths) {
    SCOPED_TRACE(name_of(path));
    const DataWal store = open_kv(copy_.path(), {.read_path = path});
    const auto target = copy_.beside(std::string("compacted-") + name_of(path));
    const CompactionStats stats = must(store.compact_to(target, {.raw = RawRecords::drop}));
    EXPECT_TRUE(image_of(target) == image_of(mixed / "compacted"));
    EXPECT_EQ(stats.live_keys, store.size());
    EXPECT_EQ(stats.records_written, store.size());
    EXPECT_EQ(stats.bytes_written, std::filesystem::file_size(mixed / "compacted" / "00000001.dwal"));
  }
}

TEST_F(ReferenceStore, IsCompactedByAReaderToTheReferencesBytes) {
  const auto target = copy_.beside("compacted");
  must(open_kv_reader(mixed / "store").compact_to(target, {.raw = RawRecords::drop}));
  EXPECT_TRUE(image_of(target) == image_of(mixed / "compacted"));
}

TEST_F(ReferenceStore, IsExportedToTheReferencesBytes) {
  const auto file = copy_.beside("export.jsonl");
  const DataWal store = open_kv(copy_.path());
  const ExportStats stats = must(store.export_jsonl(file));
  const std::string lines = read_file(file);
  EXPECT_EQ(Sha256::hex(lines), listed_export_sum());
  EXPECT_EQ(stats.records_written, store.size());
  EXPECT_EQ(stats.bytes_written, lines.size());

  std::string handed_over;
  must(open_kv_reader(mixed / "store").export_jsonl_to([&](std::string_view piece) {
    EXPECT_TRUE(piece.ends_with('\n'));
    handed_over += piece;
    return true;
  }));
  EXPECT_EQ(Sha256::hex(handed_over), listed_export_sum());
}

TEST_F(ReferenceStore, ComesBackFromItsExport) {
  const auto file = copy_.beside("export.jsonl");
  const auto again = copy_.beside("again.jsonl");
  const DataWal store = open_kv(copy_.path());
  must(store.export_jsonl(file));
  DataWal other = open_kv(copy_.beside("other"));
  const ImportStats stats = must(other.import_jsonl(file));
  EXPECT_EQ(stats.records_read, store.size());
  EXPECT_EQ(stats.records_written, store.size());
  EXPECT_EQ(stats.lines_rejected, 0U);
  must(other.export_jsonl(again));
  EXPECT_TRUE(read_file(again) == read_file(file));
}

TEST_F(ReferenceStore, StaysTheSameWhenItsCompactionIsCompacted) {
  const auto target = copy_.beside("twice");
  must(open_kv_reader(mixed / "compacted").compact_to(target));
  EXPECT_TRUE(image_of(target) == image_of(mixed / "compacted"));
}

}  // namespace
}  // namespace datawal::test
