// DataWal::checkpoint() and DataWalReader::checkpoint(): keys and values as they were, in a store of their own.
#include <gmock/gmock.h>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

class KvCheckpoint : public testing::Test {
 protected:
  KvCheckpoint() {
    for (int i = 0; i < 40; ++i) must(kv_.put("key " + std::to_string(i % 7), "value " + std::to_string(i)));
    must(kv_.erase("key 3"));
    before_ = contents_of(kv_);
  }

  const Store store_;
  const std::filesystem::path copy_ = store_.beside("copy");
  DataWal kv_ = open_kv(store_.path(), {.max_segment_bytes = 300});
  Contents before_;
};

TEST_F(KvCheckpoint, OfAStoreHoldsWhatItHeldAndIsAStoreOfItsOwn) {
  must(kv_.checkpoint(copy_));
  must(kv_.put("key 1", "later"));
  must(kv_.compact({.min_garbage_ratio = 0}));
  EXPECT_EQ(contents_of(open_kv_reader(copy_)), before_);
  must(open_kv(copy_).put("key 2", "in the copy"));
  EXPECT_TRUE(has(kv_, "key 1", "later"));
  EXPECT_EQ(contents_of(kv_).size(), before_.size());
  EXPECT_TRUE(has(kv_, "key 2", before_.at("key 2")));
}

TEST_F(KvCheckpoint, OfAReaderHoldsWhatTheReaderShows) {
  const DataWalReader reader = open_kv_reader(store_.path());
  must(kv_.put("key 1", "later"));
  must(reader.checkpoint(copy_));
  EXPECT_EQ(contents_of(open_kv(copy_)), contents_of(reader));
}

TEST_F(KvCheckpoint, ReplacesNothing) {
  must(kv_.checkpoint(copy_));
  EXPECT_TRUE(refused(kv_.checkpoint(copy_), Errc::already_exists));
  EXPECT_TRUE(refused(open_kv_reader(store_.path()).checkpoint(copy_), Errc::already_exists));
  EXPECT_TRUE(refused(kv_.checkpoint(store_.beside("absent") / "copy"), Errc::not_found));
}

TEST_F(KvCheckpoint, OfAMovedHandleIsRefused) {
  DataWalReader reader = open_kv_reader(store_.path());
  const DataWal kv = std::move(kv_);
  const DataWalReader other = std::move(reader);
  EXPECT_TRUE(refused(kv_.checkpoint(copy_), Errc::closed));  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_TRUE(refused(reader.checkpoint(copy_), Errc::closed));  // NOLINT(bugprone-use-after-move)
  must(kv.checkpoint(copy_));
}

}  // namespace
}  // namespace datawal::test
