// What is null, or no longer usable, is told or left alone; never followed.
#include <datawal/datawal.h>

#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "scratch_directory.hpp"

namespace datawal::test {
namespace {

struct Call {
  const char* name;
  std::function<datawal_code(datawal_error*)> call;
};

void expect_all_refused(const std::vector<Call>& calls) {
  for (const Call& call : calls) {
    datawal_error error{};
    EXPECT_EQ(call.call(&error), DATAWAL_INVALID_ARGUMENT) << call.name;
    EXPECT_EQ(error.code, DATAWAL_INVALID_ARGUMENT) << call.name;
    EXPECT_NE(error.message[0], '\0') << call.name;
    EXPECT_EQ(call.call(nullptr), DATAWAL_INVALID_ARGUMENT) << call.name << ", and nobody asks why";
  }
}

int visit_nothing(void*, const char*, size_t, const char*, size_t) { return 1; }

class Capi : public testing::Test {
 protected:
  Capi() {
    EXPECT_EQ(datawal_log_open((directory_ / "log").c_str(), nullptr, &log_, nullptr), DATAWAL_OK);
    EXPECT_EQ(datawal_store_open((directory_ / "store").c_str(), nullptr, &store_, nullptr), DATAWAL_OK);
    EXPECT_EQ(datawal_log_reader_open((directory_ / "log").c_str(), nullptr, &log_reader_, nullptr), DATAWAL_OK);
    EXPECT_EQ(datawal_store_reader_open((directory_ / "store").c_str(), nullptr, &store_reader_, nullptr), DATAWAL_OK);
  }
  ~Capi() override {
    datawal_log_reader_free(log_reader_);
    datawal_store_reader_free(store_reader_);
    datawal_log_free(log_);
    datawal_store_free(store_);
  }
  Capi(const Capi&) = delete;
  Capi& operator=(const Capi&) = delete;

  safeatomic::test::ScratchDirectory directory_;
  datawal_log* log_ = nullptr;
  datawal_store* store_ = nullptr;
  datawal_log_reader* log_reader_ = nullptr;
  datawal_store_reader* store_reader_ = nullptr;
};

TEST_F(Capi, RefusesBytesThatAreNotThere) {
  const datawal_input input{.type = DATAWAL_PUT, .key = "key", .key_len = 3, .payload = nullptr, .payload_len = 5};
  datawal_buffer value{};
  int found = 0;
  expect_all_refused({
      {"append", [&](auto* error) { return datawal_log_append(log_, nullptr, 5, DATAWAL_NO_SYNC, nullptr, error); }},
      {"put", [&](auto* error) { return datawal_store_put(store_, "key", 3, nullptr, 5, DATAWAL_NO_SYNC, error); }},
      {"write", [&](auto* error) { return datawal_store_write_array(store_, &input, 1, DATAWAL_NO_SYNC, error); }},
      {"get", [&](auto* error) { return datawal_store_get(store_, nullptr, 3, &value, &found, error); }},
  });
  EXPECT_EQ(datawal_log_last_txid(log_), 0U);
  EXPECT_EQ(datawal_store_size(store_), 0U);
}

TEST_F(Capi, RefusesToLookAtWhatIsSavedNowhere) {
  datawal_saved_report report{};
  expect_all_refused({
      {"inspect index", [&](auto* e) { return datawal_inspect_index(nullptr, nullptr, &report, e); }},
      {"inspect index for nobody", [&](auto* e) { return datawal_inspect_index("/", nullptr, nullptr, e); }},
      {"check index", [&](auto* e) { return datawal_check_index(nullptr, nullptr, &report, e); }},
      {"check index for nobody", [&](auto* e) { return datawal_check_index("/", nullptr, nullptr, e); }},
      {"drop index", [&](auto* e) { return datawal_drop_index(nullptr, nullptr, nullptr, e); }},
      {"inspect state", [&](auto* e) { return datawal_inspect_state(nullptr, nullptr, &report, e); }},
      {"inspect state for nobody", [&](auto* e) { return datawal_inspect_state("/", nullptr, nullptr, e); }},
      {"check state", [&](auto* e) { return datawal_check_state(nullptr, nullptr, &report, e); }},
      {"check state for nobody", [&](auto* e) { return datawal_check_state("/", nullptr, nullptr, e); }},
      {"drop state", [&](auto* e) { return datawal_drop_state(nullptr, nullptr, nullptr, e); }},
  });
}

TEST_F(Capi, RefusesANullLog) {
  datawal_log* log = log_;
  datawal_ref ref{};
  datawal_buffer buffer{};
  datawal_cursor* cursor = nullptr;
  const datawal_record* record = nullptr;
  const datawal_input input{};
  expect_all_refused({
      {"open without a directory", [&](auto* e) { return datawal_log_open(nullptr, nullptr, &log, e); }},
      {"open to nowhere", [&](auto* e) { return datawal_log_open("/nowhere", nullptr, nullptr, e); }},
      {"append", [&](auto* e) { return datawal_log_append(nullptr, "x", 1, DATAWAL_SYNC, &ref, e); }},
      {"append a record",
       [&](auto* e) { return datawal_log_append_record(nullptr, DATAWAL_PUT, "", 0, "", 0, DATAWAL_SYNC, &ref, e); }},
      {"append a batch", [&](auto* e) { return datawal_log_append_batch(nullptr, &input, 1, DATAWAL_SYNC, &ref, e); }},
      {"append a null batch",
       [&](auto* e) { return datawal_log_append_batch(log_, nullptr, 1, DATAWAL_SYNC, &ref, e); }},
      {"fsync", [&](auto* e) { return datawal_log_fsync(nullptr, e); }},
      {"rotate", [&](auto* e) { return datawal_log_rotate(nullptr, e); }},
      {"read", [&](auto* e) { return datawal_log_read(nullptr, &ref, nullptr, &buffer, &buffer, e); }},
      {"read a null place", [&](auto* e) { return datawal_log_read(log_, nullptr, nullptr, nullptr, &buffer, e); }},
      {"records", [&](auto* e) { return datawal_log_records(nullptr, &cursor, e); }},
      {"records to nowhere", [&](auto* e) { return datawal_log_records(log_, nullptr, e); }},
      {"next", [&](auto* e) { return datawal_cursor_next(nullptr, &record, e); }},
  });
  EXPECT_EQ(log, nullptr) << "who hands out a handle sets it to null";
  EXPECT_EQ(datawal_log_last_txid(nullptr) + datawal_log_durable_txid(nullptr), 0U);
  EXPECT_EQ(datawal_log_active_segment(nullptr), 0U);
  EXPECT_EQ(datawal_log_is_poisoned(nullptr), 0);
  EXPECT_EQ(datawal_log_close(nullptr, nullptr), DATAWAL_OK);
  datawal_log_recovery_report(nullptr, nullptr);
  datawal_log_recovery_report(log_, nullptr);
  datawal_cursor_report(nullptr, nullptr);
}

TEST_F(Capi, RefusesANullStore) {
  datawal_store* store = store_;
  datawal_buffer value{};
  datawal_ref ref{};
  datawal_keys* keys = nullptr;
  int found = 1;
  const datawal_input input{};
  const datawal_input neither{DATAWAL_RAW, "k", 1, "v", 1};
  datawal_batch* batch = nullptr;
  ASSERT_EQ(datawal_batch_new(&batch, nullptr), DATAWAL_OK);
  expect_all_refused({
      {"open without a directory", [&](auto* e) { return datawal_store_open(nullptr, nullptr, &store, e); }},
      {"open to nowhere", [&](auto* e) { return datawal_store_open("/nowhere", nullptr, nullptr, e); }},
      {"put", [&](auto* e) { return datawal_store_put(nullptr, "k", 1, "v", 1, DATAWAL_SYNC, e); }},
      {"get", [&](auto* e) { return datawal_store_get(nullptr, "k", 1, &value, &found, e); }},
      {"get to nowhere", [&](auto* e) { return datawal_store_get(store_, "k", 1, nullptr, &found, e); }},
      {"erase", [&](auto* e) { return datawal_store_erase(nullptr, "k", 1, DATAWAL_SYNC, e); }},
      {"write", [&](auto* e) { return datawal_store_write(nullptr, batch, DATAWAL_SYNC, e); }},
      {"write of a null batch", [&](auto* e) { return datawal_store_write(store_, nullptr, DATAWAL_SYNC, e); }},
      {"write an array", [&](auto* e) { return datawal_store_write_array(nullptr, &input, 1, DATAWAL_SYNC, e); }},
      {"write a null array", [&](auto* e) { return datawal_store_write_array(store_, nullptr, 1, DATAWAL_SYNC, e); }},
      {"write a Raw record", [&](auto* e) { return datawal_store_write_array(store_, &neither, 1, DATAWAL_SYNC, e); }},
      {"make a batch nowhere", [&](auto* e) { return datawal_batch_new(nullptr, e); }},
      {"put into a batch", [&](auto* e) { return datawal_batch_put(nullptr, "k", 1, "v", 1, e); }},
      {"erase in a batch", [&](auto* e) { return datawal_batch_erase(nullptr, "k", 1, e); }},
      {"look for a store nowhere", [&](auto* e) { return datawal_is_store(nullptr, &found, e); }},
      {"look for a store for nobody", [&](auto* e) { return datawal_is_store("/", nullptr, e); }},
      {"contains", [&](auto* e) { return datawal_store_contains(nullptr, "k", 1, &found, e); }},
      {"contains to nowhere", [&](auto* e) { return datawal_store_contains(store_, "k", 1, nullptr, e); }},
      {"ref_of", [&](auto* e) { return datawal_store_ref_of(nullptr, "k", 1, &ref, &found, e); }},
      {"ref_of without a place", [&](auto* e) { return datawal_store_ref_of(store_, "k", 1, nullptr, &found, e); }},
      {"ref_of to nowhere", [&](auto* e) { return datawal_store_ref_of(store_, "k", 1, &ref, nullptr, e); }},
      {"keys", [&](auto* e) { return datawal_store_keys(nullptr, &keys, e); }},
      {"keys to nowhere", [&](auto* e) { return datawal_store_keys(store_, nullptr, e); }},
      {"for_each", [&](auto* e) { return datawal_store_for_each(nullptr, visit_nothing, nullptr, e); }},
      {"for_each of nobody", [&](auto* e) { return datawal_store_for_each(store_, nullptr, nullptr, e); }},
      {"fsync", [&](auto* e) { return datawal_store_fsync(nullptr, e); }},
      {"compact", [&](auto* e) { return datawal_store_compact(nullptr, nullptr, nullptr, e); }},
      {"compact_to", [&](auto* e) { return datawal_store_compact_to(nullptr, "/x", DATAWAL_RAW_REFUSE, nullptr, e); }},
      {"compact_to nowhere",
       [&](auto* e) { return datawal_store_compact_to(store_, nullptr, DATAWAL_RAW_REFUSE, nullptr, e); }},
      {"export", [&](auto* e) { return datawal_store_export_jsonl(nullptr, "/x", nullptr, e); }},
      {"export to nowhere", [&](auto* e) { return datawal_store_export_jsonl(store_, nullptr, nullptr, e); }},
      {"import", [&](auto* e) { return datawal_store_import_jsonl(nullptr, "/x", 0, nullptr, e); }},
      {"import from nowhere", [&](auto* e) { return datawal_store_import_jsonl(store_, nullptr, 0, nullptr, e); }},
  });
  EXPECT_EQ(store, nullptr) << "who hands out a handle sets it to null";
  EXPECT_EQ(datawal_store_size(nullptr) + datawal_keys_count(nullptr) + datawal_batch_count(nullptr), 0U);
  EXPECT_EQ(datawal_store_last_txid(nullptr) + datawal_store_durable_txid(nullptr), 0U);
  datawal_batch_clear(nullptr);
  datawal_batch_free(nullptr);
  datawal_batch_free(batch);
  EXPECT_EQ(datawal_store_is_poisoned(nullptr), 0);
  EXPECT_EQ(datawal_store_close(nullptr, nullptr), DATAWAL_OK);
  std::size_t key_len = 1;
  EXPECT_EQ(datawal_keys_at(nullptr, 0, &key_len), nullptr);
  EXPECT_EQ(key_len, 0U);
  EXPECT_EQ(datawal_keys_at(nullptr, 0, nullptr), nullptr);
  datawal_store_stats_of(nullptr, nullptr);
  datawal_store_stats_of(store_, nullptr);
  EXPECT_EQ(datawal_store_log_stats(store_, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_segments(nullptr, nullptr, 0, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_segments(store_, nullptr, 0, nullptr, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_auto_compact_error(nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_auto_compact_error(store_, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_prometheus(store_, nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  datawal_store_recovery_report(nullptr, nullptr);
  datawal_store_recovery_report(store_, nullptr);
}

TEST_F(Capi, RefusesANullReader) {
  datawal_log_reader* log_reader = log_reader_;
  datawal_store_reader* store_reader = store_reader_;
  datawal_cursor* cursor = nullptr;
  datawal_buffer value{};
  const datawal_ref last{};
  int answer = 0;
  expect_all_refused({
      {"open a log", [&](auto* e) { return datawal_log_reader_open(nullptr, nullptr, &log_reader, e); }},
      {"open a log to nowhere", [&](auto* e) { return datawal_log_reader_open("/nowhere", nullptr, nullptr, e); }},
      {"records", [&](auto* e) { return datawal_log_reader_records(nullptr, &cursor, e); }},
      {"records to nowhere", [&](auto* e) { return datawal_log_reader_records(log_reader_, nullptr, e); }},
      {"records from", [&](auto* e) { return datawal_log_reader_records_from(nullptr, 1, 0, &cursor, e); }},
      {"records from to nowhere",
       [&](auto* e) { return datawal_log_reader_records_from(log_reader_, 1, 0, nullptr, e); }},
      {"records after", [&](auto* e) { return datawal_log_reader_records_after(nullptr, &last, &cursor, e); }},
      {"records after nothing",
       [&](auto* e) { return datawal_log_reader_records_after(log_reader_, nullptr, &cursor, e); }},
      {"refresh a log", [&](auto* e) { return datawal_log_reader_refresh(nullptr, &answer, e); }},
      {"writer lives", [&](auto* e) { return datawal_log_reader_writer_lives(nullptr, &answer, e); }},
      {"writer lives to nowhere", [&](auto* e) { return datawal_log_reader_writer_lives(log_reader_, nullptr, e); }},
      {"open a store", [&](auto* e) { return datawal_store_reader_open(nullptr, nullptr, &store_reader, e); }},
      {"open a store to nowhere", [&](auto* e) { return datawal_store_reader_open("/nowhere", nullptr, nullptr, e); }},
      {"get", [&](auto* e) { return datawal_store_reader_get(nullptr, "k", 1, &value, &answer, e); }},
      {"get to nowhere", [&](auto* e) { return datawal_store_reader_get(store_reader_, "k", 1, nullptr, &answer, e); }},
      {"contains", [&](auto* e) { return datawal_store_reader_contains(nullptr, "k", 1, &answer, e); }},
      {"contains to nowhere",
       [&](auto* e) { return datawal_store_reader_contains(store_reader_, "k", 1, nullptr, e); }},
      {"for_each", [&](auto* e) { return datawal_store_reader_for_each(nullptr, visit_nothing, nullptr, e); }},
      {"for_each of nobody",
       [&](auto* e) { return datawal_store_reader_for_each(store_reader_, nullptr, nullptr, e); }},
      {"export", [&](auto* e) { return datawal_store_reader_export_jsonl(nullptr, "/x", nullptr, e); }},
      {"export to nowhere",
       [&](auto* e) { return datawal_store_reader_export_jsonl(store_reader_, nullptr, nullptr, e); }},
      {"compact_to",
       [&](auto* e) { return datawal_store_reader_compact_to(nullptr, "/x", DATAWAL_RAW_REFUSE, nullptr, e); }},
      {"compact_to nowhere",
       [&](auto* e) {
         return datawal_store_reader_compact_to(store_reader_, nullptr, DATAWAL_RAW_REFUSE, nullptr, e);
       }},
      {"refresh a store", [&](auto* e) { return datawal_store_reader_refresh(nullptr, &answer, e); }},
      {"verify", [&](auto* e) { return datawal_verify(nullptr, nullptr, e); }},
      {"verify damage", [&](auto* e) { return datawal_verify_damage(nullptr, nullptr, nullptr, nullptr, e); }},
      {"repair", [&](auto* e) { return datawal_repair(nullptr, nullptr, e); }},
      {"salvage", [&](auto* e) { return datawal_salvage(nullptr, "/x", nullptr, e); }},
      {"salvage to nowhere", [&](auto* e) { return datawal_salvage("/x", nullptr, nullptr, e); }},
  });
  EXPECT_EQ(log_reader, nullptr);
  EXPECT_EQ(store_reader, nullptr);
  std::size_t count = 1;
  EXPECT_EQ(datawal_log_reader_segments(nullptr, &count), nullptr);
  EXPECT_EQ(count, 0U);
  EXPECT_EQ(datawal_store_reader_size(nullptr), 0U);
  datawal_store_reader_stats(nullptr, nullptr);
  datawal_store_reader_report(nullptr, nullptr);
}

TEST_F(Capi, TellsWhatADirectoryIsNot) {
  datawal_error error{};
  datawal_log* log = log_;
  datawal_store* store = store_;
  datawal_verify_report report{};
  const std::string absent = directory_ / "absent";
  EXPECT_EQ(datawal_log_open((directory_ / "log").c_str(), nullptr, &log, &error), DATAWAL_LOCKED);
  EXPECT_EQ(log, nullptr);
  EXPECT_EQ(datawal_store_open((directory_ / "store").c_str(), nullptr, &store, &error), DATAWAL_LOCKED);
  EXPECT_EQ(store, nullptr);
  EXPECT_EQ(datawal_verify(absent.c_str(), &report, &error), DATAWAL_NOT_FOUND);
  EXPECT_NE(std::string(error.message).find(absent), std::string::npos) << error.message;
  EXPECT_EQ(datawal_salvage(absent.c_str(), (directory_ / "out").c_str(), nullptr, &error), DATAWAL_NOT_FOUND);
}

TEST_F(Capi, TellsThatAHandleIsClosed) {
  EXPECT_EQ(datawal_log_close(log_, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_log_append(log_, "x", 1, DATAWAL_NO_SYNC, nullptr, nullptr), DATAWAL_CLOSED);
  EXPECT_EQ(datawal_log_fsync(log_, nullptr), DATAWAL_CLOSED);
  EXPECT_EQ(datawal_log_rotate(log_, nullptr), DATAWAL_CLOSED);
  EXPECT_EQ(datawal_store_put(store_, "k", 1, "v", 1, DATAWAL_NO_SYNC, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_close(store_, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_size(store_), 0U);
  int found = 0;
  datawal_buffer value{};
  EXPECT_EQ(datawal_store_put(store_, "k", 1, "v", 1, DATAWAL_NO_SYNC, nullptr), DATAWAL_CLOSED);
  EXPECT_EQ(datawal_store_get(store_, "k", 1, &value, &found, nullptr), DATAWAL_CLOSED);
  EXPECT_EQ(datawal_store_erase(store_, "k", 1, DATAWAL_NO_SYNC, nullptr), DATAWAL_CLOSED);
  EXPECT_EQ(datawal_store_fsync(store_, nullptr), DATAWAL_CLOSED);
  EXPECT_EQ(datawal_store_compact(store_, nullptr, nullptr, nullptr), DATAWAL_CLOSED);
}

}  // namespace
}  // namespace datawal::test
