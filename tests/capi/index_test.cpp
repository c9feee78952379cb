// The persisted index, from C.

#include "capi/capi_support.hpp"

namespace datawal::test {
namespace {

class CapiIndex : public CapiTest {
 protected:
  CapiIndex() {
    const CStore store = open_store("kv");
    put(store, "a", "one");
    put(store, "b", "two");
    EXPECT_EQ(datawal_store_save_index(store.get(), nullptr), DATAWAL_OK) << last_error();
    put(store, "c", "three");
  }
};

TEST_F(CapiIndex, IsUsedByAStoreThatAsksForIt) {
  datawal_open_options options;
  datawal_open_options_init(&options);
  options.index = 1;
  datawal_store* store = nullptr;
  ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), &options, &store, nullptr), DATAWAL_OK) << last_error();
  datawal_recovery_report report{};
  datawal_store_recovery_report(store, &report);
  EXPECT_EQ(report.index_state, DATAWAL_INDEX_USED);
  EXPECT_EQ(report.records_replayed, 3U);
  EXPECT_EQ(datawal_store_size(store), 3U);
  datawal_store_free(store);
}

TEST_F(CapiIndex, IsUsedByAReaderThatAsksForIt) {
  datawal_reader_options options;
  datawal_reader_options_init(&options);
  options.uses_index = 1;
  datawal_store_reader* reader = nullptr;
  ASSERT_EQ(datawal_store_reader_open(in_dir("kv").c_str(), &options, &reader, nullptr), DATAWAL_OK) << last_error();
  datawal_recovery_report report{};
  datawal_store_reader_report(reader, &report);
  EXPECT_EQ(report.index_state, DATAWAL_INDEX_USED);
  int there = 0;
  EXPECT_EQ(datawal_store_reader_contains(reader, "b", 1, &there, nullptr), DATAWAL_OK);
  EXPECT_EQ(there, 1);
  EXPECT_EQ(datawal_store_reader_size(reader), 3U);
  datawal_store_reader_free(reader);
}

}  // namespace
}  // namespace datawal::test
