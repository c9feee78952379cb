// The persisted index, and the state of a log, from C.

#include <filesystem>

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

TEST_F(CapiIndex, TakesNoMoreMemoryThanItMay) {
  datawal_open_options options;
  datawal_open_options_init(&options);
  options.index = 1;
  options.index_memory_limit = 1;
  datawal_store* store = nullptr;
  ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), &options, &store, nullptr), DATAWAL_OK) << last_error();
  datawal_store_stats stats{};
  datawal_store_stats_of(store, &stats);
  EXPECT_GT(stats.key_directory_changed_bytes, 0U);  // what "c" changed, behind the index
  EXPECT_EQ(datawal_store_save_index(store, nullptr), DATAWAL_OK) << last_error();
  datawal_store_stats_of(store, &stats);
  EXPECT_EQ(stats.key_directory_changed_bytes, 0U);
  EXPECT_GT(stats.key_directory_bytes_on_file, 0U);
  for (const char* const key : {"a", "b", "c", "d"}) {
    int there = 0;
    EXPECT_EQ(datawal_store_contains(store, key, 1, &there, nullptr), DATAWAL_OK) << last_error();
    EXPECT_EQ(there, *key == 'd' ? 0 : 1);
  }
  datawal_store_free(store);
}

TEST_F(CapiIndex, TakesNoMoreMemoryOfAReaderThanItMay) {
  datawal_reader_options options;
  datawal_reader_options_init(&options);
  options.index_memory_limit = 1;
  datawal_store_reader* reader = nullptr;
  EXPECT_EQ(datawal_store_reader_open(in_dir("kv").c_str(), &options, &reader, nullptr), DATAWAL_INVALID_ARGUMENT);
  options.uses_index = 1;
  ASSERT_EQ(datawal_store_reader_open(in_dir("kv").c_str(), &options, &reader, nullptr), DATAWAL_OK) << last_error();
  for (const char* const key : {"a", "b", "c", "d"}) {
    int there = 0;
    EXPECT_EQ(datawal_store_reader_contains(reader, key, 1, &there, nullptr), DATAWAL_OK) << last_error();
    EXPECT_EQ(there, *key == 'd' ? 0 : 1);
  }
  datawal_store_reader_free(reader);
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

TEST_F(CapiIndex, IsSeenFromOutside) {
  datawal_saved_report report{};
  for (const auto look : {datawal_inspect_index, datawal_check_index}) {
    ASSERT_EQ(look(in_dir("kv").c_str(), nullptr, &report, nullptr), DATAWAL_OK) << last_error();
    EXPECT_EQ(report.state, DATAWAL_INDEX_USED);
    EXPECT_STREQ(report.reason, "");
    EXPECT_EQ(report.bytes, std::filesystem::file_size(in_dir("kv") + "/.index"));
    EXPECT_EQ(report.keys, 2U);
    EXPECT_EQ(report.segments, 0U);
    EXPECT_EQ(report.records_covered, 2U);
    EXPECT_EQ(report.last_txid, 2U);
  }
}

TEST_F(CapiIndex, ThatIsDamagedSaysWhy) {
  std::filesystem::resize_file(in_dir("kv") + "/.index", 100);
  datawal_saved_report report{};
  ASSERT_EQ(datawal_inspect_index(in_dir("kv").c_str(), nullptr, &report, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(report.state, DATAWAL_INDEX_DAMAGED);
  EXPECT_STRNE(report.reason, "");
  EXPECT_EQ(report.keys, 0U);
}

TEST_F(CapiIndex, IsDroppedOnce) {
  int was_there = 0;
  ASSERT_EQ(datawal_drop_index(in_dir("kv").c_str(), nullptr, &was_there, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(was_there, 1);
  EXPECT_FALSE(std::filesystem::exists(in_dir("kv") + "/.index"));
  ASSERT_EQ(datawal_drop_index(in_dir("kv").c_str(), nullptr, &was_there, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(was_there, 0);
}

TEST_F(CapiIndex, IsNotDroppedBesideAWriter) {
  const CStore store = open_store("kv");
  int was_there = 1;
  EXPECT_EQ(datawal_drop_index(in_dir("kv").c_str(), nullptr, &was_there, nullptr), DATAWAL_LOCKED);
  EXPECT_EQ(was_there, 0);
  EXPECT_TRUE(std::filesystem::exists(in_dir("kv") + "/.index"));
}

class CapiState : public CapiTest {
 protected:
  datawal_log* open_log(int uses_state) const {
    datawal_open_options options;
    datawal_open_options_init(&options);
    options.state = uses_state;
    options.state_is_not_for_close = 1;
    options.state_is_not_for_rotation = 1;
    datawal_log* log = nullptr;
    EXPECT_EQ(datawal_log_open(in_dir("log").c_str(), &options, &log, nullptr), DATAWAL_OK) << last_error();
    return log;
  }
  static void append(datawal_log* log, std::string_view payload) {
    EXPECT_EQ(datawal_log_append(log, payload.data(), payload.size(), DATAWAL_NO_SYNC, nullptr, nullptr), DATAWAL_OK);
  }
};

TEST_F(CapiState, IsUsedByALogThatAsksForIt) {
  datawal_log* log = open_log(1);
  append(log, "one");
  append(log, "two");
  EXPECT_EQ(datawal_log_save_state(log, nullptr), DATAWAL_OK) << last_error();
  append(log, "three");
  datawal_log_free(log);
  log = open_log(1);
  datawal_recovery_report report{};
  datawal_log_recovery_report(log, &report);
  EXPECT_EQ(report.index_state, DATAWAL_INDEX_USED);
  EXPECT_EQ(report.records_replayed, 3U);
  EXPECT_EQ(report.records_read, 1U);
  datawal_log_free(log);

  datawal_reader_options options;
  datawal_reader_options_init(&options);
  options.uses_state = 1;
  datawal_log_reader* reader = nullptr;
  ASSERT_EQ(datawal_log_reader_open(in_dir("log").c_str(), &options, &reader, nullptr), DATAWAL_OK) << last_error();
  int changed = 1;
  EXPECT_EQ(datawal_log_reader_refresh(reader, &changed, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(changed, 0);
  datawal_log_reader_free(reader);
}

TEST_F(CapiState, IsSeenFromOutsideAndDropped) {
  datawal_log* log = open_log(1);
  append(log, "one");
  EXPECT_EQ(datawal_log_save_state(log, nullptr), DATAWAL_OK) << last_error();
  append(log, "two");
  datawal_log_free(log);
  datawal_saved_report report{};
  for (const auto look : {datawal_inspect_state, datawal_check_state}) {
    ASSERT_EQ(look(in_dir("log").c_str(), nullptr, &report, nullptr), DATAWAL_OK) << last_error();
    EXPECT_EQ(report.state, DATAWAL_INDEX_USED);
    EXPECT_STREQ(report.reason, "");
    EXPECT_EQ(report.bytes, std::filesystem::file_size(in_dir("log") + "/.state"));
    EXPECT_EQ(report.keys, 0U);
    EXPECT_EQ(report.segments, 1U);
    EXPECT_EQ(report.records_covered, 1U);
    EXPECT_EQ(report.last_txid, 1U);
  }
  int was_there = 0;
  ASSERT_EQ(datawal_drop_state(in_dir("log").c_str(), nullptr, &was_there, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(was_there, 1);
  ASSERT_EQ(datawal_inspect_state(in_dir("log").c_str(), nullptr, &report, nullptr), DATAWAL_OK) << last_error();
  EXPECT_EQ(report.state, DATAWAL_INDEX_ABSENT);
  EXPECT_EQ(report.bytes, 0U);
}

TEST_F(CapiState, IsNotSavedByALogThatDoesNotKeepIt) {
  datawal_log* log = open_log(0);
  append(log, "one");
  EXPECT_EQ(datawal_log_save_state(log, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_log_save_state(nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  datawal_log_free(log);
}

}  // namespace
}  // namespace datawal::test
