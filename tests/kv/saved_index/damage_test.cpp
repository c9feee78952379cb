// A persisted index whose bytes are not what was written: all is read instead, or whoever needs them is told. Never a wrong answer.

#include <cstdint>

#include "kv/saved_index/index_file.hpp"
#include "kv/saved_index/saved_index_support.hpp"
#include "log/directory/store_directory.hpp"

namespace datawal::test {
namespace {

class IndexDamage : public testing::Test {
 protected:
  IndexDamage() {
    fill_for_index(store_.path(), 2000, 40'000);
    save_index_of(store_.path());
    bytes_ = read_file(store_ / index_file);
    pages_begin_ = pages_begin_of(bytes_);
    without_ = contents_of(open_kv(store_.path()));
    snapshot_ = snapshot_of(store_.path());
  }

  // What read_index says of these bytes.
  [[nodiscard]] kv::IndexLook look_at(const std::string& bytes) const {
    write_file(store_ / index_file, bytes);
    return kv::read_index(*snapshot_);
  }
  [[nodiscard]] static std::string flipped(std::string bytes, std::size_t bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << (bit % 8));
    return bytes;
  }
  static std::shared_ptr<const log::Snapshot> snapshot_of(const std::filesystem::path& dir) {
    auto directory = must(log::open_store_directory(safeatomic::posix_file_system(), dir));
    return must(log::take_snapshot(std::move(directory), nullptr));
  }

  // Every key has its value, or is told to be damaged; and at least one is.
  void expect_told(const DataWal& store) const {
    std::size_t damaged = 0;
    for (const auto& [key, value] : without_) {
      const Result<std::optional<std::string>> got = store.get(key);
      if (!got) {
        EXPECT_EQ(got.error().code, Errc::corruption) << got.error().message();
        ++damaged;
      } else {
        EXPECT_EQ(*got, value) << key;
      }
    }
    for (int i = 0; i < 2000; i += 7) {
      const Result<std::optional<std::string>> got = store.get("key " + std::to_string(i));
      if (got) {
        EXPECT_EQ(*got, std::nullopt);
      } else {
        ++damaged;
      }
    }
    EXPECT_GT(damaged, 0U);
  }

  const Store store_;
  std::string bytes_;
  std::size_t pages_begin_ = 0;
  Contents without_;
  std::shared_ptr<const log::Snapshot> snapshot_{};
};

TEST_F(IndexDamage, EveryBitOfTheMetadataCounts) {
  ASSERT_EQ(look_at(bytes_).state, IndexState::used);
  for (std::size_t bit = 0; bit < pages_begin_ * 8; ++bit) {
    const kv::IndexLook look = look_at(flipped(bytes_, bit));
    ASSERT_NE(look.state, IndexState::used) << "bit " << bit;
    ASSERT_FALSE(look.reason.empty());
  }
}

TEST_F(IndexDamage, InTheMetadataMeansReadingAll) {
  for (std::size_t bit = 0; bit < pages_begin_ * 8; bit += pages_begin_ / 2 - 3) {
    SCOPED_TRACE(bit);
    write_file(store_ / index_file, flipped(bytes_, bit));
    const DataWal store = open_kv(store_.path(), indexed());
    EXPECT_NE(store.log().recovery_report().index_state, IndexState::used);
    EXPECT_EQ(contents_of(store), without_);
  }
}

TEST_F(IndexDamage, EveryLengthButItsOwnCounts) {
  for (std::size_t size = 0; size < bytes_.size(); size += size < 300 ? 1 : 509) {
    EXPECT_NE(look_at(bytes_.substr(0, size)).state, IndexState::used) << size;
  }
  EXPECT_NE(look_at(bytes_ + std::string(4096, '\0')).state, IndexState::used);
}

TEST_F(IndexDamage, OfAPageIsToldToWhoeverNeedsItAndTheNextOpenReadsAll) {
  const std::size_t pages = (bytes_.size() - pages_begin_) / 4096;
  ASSERT_GE(pages, 16U);
  for (std::size_t page = 0; page < pages; ++page) {
    SCOPED_TRACE(page);
    const std::size_t bit = (pages_begin_ + page * 4096) * 8 + page * 4999 % (4096 * 8);
    write_file(store_ / index_file, flipped(bytes_, bit));
    {
      const DataWal store = open_kv(store_.path(), indexed());
      ASSERT_EQ(store.log().recovery_report().index_state, IndexState::used);
      expect_told(store);
      EXPECT_FALSE(std::filesystem::exists(store_ / index_file));
      EXPECT_TRUE(refused(store.items(), Errc::corruption));
      EXPECT_TRUE(refused(store.view(), Errc::corruption));
    }
    const DataWal store = open_kv(store_.path(), indexed());
    EXPECT_EQ(store.log().recovery_report().index_state, IndexState::absent);
    EXPECT_EQ(contents_of(store), without_);
  }
}

TEST_F(IndexDamage, OfAPageStopsChangesCompactionsAndTheNextIndex) {
  write_file(store_ / index_file, flipped(bytes_, pages_begin_ * 8 + 77));
  DataWal store = open_kv(store_.path(), indexed());
  std::size_t refused_puts = 0;
  for (const auto& [key, value] : without_) {
    const Result<void> done = store.put(key, value);
    EXPECT_TRUE(done || done.error().code == Errc::corruption);
    refused_puts += done ? 0 : 1;
  }
  EXPECT_GT(refused_puts, 0U);
  EXPECT_TRUE(refused(store.compact(), Errc::corruption));
  EXPECT_TRUE(refused(store.save_index(), Errc::corruption));
  must(store.close());
  EXPECT_FALSE(std::filesystem::exists(store_ / index_file));
  EXPECT_EQ(contents_of(open_kv(store_.path(), indexed())), without_);
}

TEST_F(IndexDamage, OfAPageThatTheTailNeedsMeansReadingAll) {
  Contents later = without_;
  {
    DataWal store = open_kv(store_.path());
    for (auto& [key, value] : later) must(store.put(key, value = "later"));
    must(store.close());
  }
  write_file(store_ / index_file, flipped(bytes_, pages_begin_ * 8 + 99'999));
  const DataWal store = open_kv(store_.path(), indexed());
  EXPECT_EQ(store.log().recovery_report().index_state, IndexState::damaged);
  EXPECT_FALSE(store.log().recovery_report().index_reason.empty());
  EXPECT_EQ(contents_of(store), later);
}

TEST_F(IndexDamage, OfAPageIsMetInTheBackgroundAndDoesNoHarmThere) {
  write_file(store_ / index_file, flipped(bytes_, pages_begin_ * 8 + 77));
  OpenOptions options = indexed();
  options.index.loads_in_background = true;
  const DataWal store = open_kv(store_.path(), options);
  expect_told(store);
}

}  // namespace
}  // namespace datawal::test
