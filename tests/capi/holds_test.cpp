// Holds, from C: by the writer and from outside.

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using CHolds = std::unique_ptr<datawal_holds, FreeHandle<datawal_holds_free>>;

class CapiHolds : public CapiTest {
 protected:
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> holds(std::string_view dir) const {
    datawal_holds* list = nullptr;
    EXPECT_EQ(datawal_holds_of(in_dir(dir).c_str(), &list, nullptr), DATAWAL_OK) << last_error();
    const CHolds owned(list);
    std::vector<std::pair<std::string, std::uint64_t>> all;
    for (std::size_t n = 0; n < datawal_holds_count(list); ++n) {
      std::uint64_t txid = 0;
      const char* const name = datawal_holds_at(list, n, &txid);
      all.emplace_back(name, txid);
    }
    EXPECT_EQ(datawal_holds_at(list, all.size(), nullptr), nullptr);
    return all;
  }
};

TEST_F(CapiHolds, OfAStoreKeepWhatTheySay) {
  datawal_open_options two_records;
  datawal_open_options_init(&two_records);
  two_records.max_segment_bytes = 72;
  const CStore store = open_store("kv", &two_records);
  for (int i = 0; i < 3; ++i) put(store, "key", "value");
  EXPECT_EQ(datawal_store_hold_from(store.get(), "mirror", 0, nullptr), DATAWAL_OK) << last_error();
  datawal_counts counts;
  EXPECT_EQ(datawal_store_compact(store.get(), nullptr, &counts, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(counts.segments_held, 1U);
  EXPECT_EQ(counts.bytes_reclaimed, 0U);
  datawal_store_stats stats;
  datawal_store_stats_of(store.get(), &stats);
  EXPECT_EQ(stats.holds, 1U);
  EXPECT_EQ(stats.held_bytes, 72U);
  EXPECT_EQ(stats.held_garbage_bytes, 72U);
  datawal_segment_stats segment;
  EXPECT_EQ(datawal_store_segments(store.get(), &segment, 1, nullptr, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(segment.last_txid, 2U);
  int was_there = 0;
  EXPECT_EQ(datawal_store_drop_hold(store.get(), "mirror", &was_there, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(was_there, 1);
  EXPECT_EQ(datawal_store_drop_hold(store.get(), "mirror", &was_there, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(was_there, 0);
  EXPECT_THAT(holds("kv"), IsEmpty());
}

TEST_F(CapiHolds, OfALogAreListedByName) {
  const CLog log = open_log("log");
  append(log, "one");
  append(log, "two");
  EXPECT_EQ(datawal_log_hold_from(log.get(), "b", 2, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(datawal_log_hold_from(log.get(), "a", 1, nullptr), DATAWAL_OK) << last_error();
  EXPECT_THAT(holds("log"), ElementsAre(Pair("a", 1U), Pair("b", 2U)));
  EXPECT_EQ(datawal_log_drop_hold(log.get(), "b", nullptr, nullptr), DATAWAL_OK) << last_error();
  EXPECT_THAT(holds("log"), ElementsAre(Pair("a", 1U)));
}

TEST_F(CapiHolds, FromOutsideNeedNoHandle) {
  append(open_log("log"), "one");
  const std::string dir = in_dir("log");
  EXPECT_EQ(datawal_hold_from(dir.c_str(), "mirror", 1, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(datawal_hold_from(dir.c_str(), "mirror", 2, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(holds("log"), ElementsAre(Pair("mirror", 1U)));
  int was_there = 0;
  EXPECT_EQ(datawal_drop_hold(dir.c_str(), "mirror", &was_there, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(was_there, 1);
}

TEST_F(CapiHolds, WithoutWhatTheyNeedAreRefused) {
  const CStore store = open_store("kv");
  const CLog log = open_log("log");
  EXPECT_EQ(datawal_store_hold_from(nullptr, "a", 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_hold_from(store.get(), nullptr, 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_drop_hold(nullptr, "a", nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_drop_hold(store.get(), nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_log_hold_from(nullptr, "a", 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_log_hold_from(log.get(), nullptr, 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_log_drop_hold(nullptr, "a", nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_log_drop_hold(log.get(), nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_hold_from(nullptr, "a", 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_hold_from("x", nullptr, 0, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_drop_hold(nullptr, "a", nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_drop_hold("x", nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_holds_of(nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  datawal_holds* list = nullptr;
  EXPECT_EQ(datawal_holds_of(in_dir("nowhere").c_str(), &list, nullptr), DATAWAL_NOT_FOUND);
  EXPECT_EQ(list, nullptr);
  EXPECT_EQ(datawal_holds_count(nullptr), 0U);
  EXPECT_EQ(datawal_holds_at(nullptr, 0, nullptr), nullptr);
  datawal_holds_free(nullptr);
}

}  // namespace
}  // namespace datawal::test
