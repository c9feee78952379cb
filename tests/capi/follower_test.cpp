// Following a log through datawal.h.

#include <filesystem>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"
#include "support/files.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CapiFollower : public CapiTest {
 protected:
  [[nodiscard]] CFollower follow(const datawal_follower_options& options = {}) const {
    datawal_follower* follower = nullptr;
    EXPECT_EQ(datawal_follower_open(in_dir("log").c_str(), &options, &follower, nullptr), DATAWAL_OK) << last_error();
    return CFollower(follower);
  }

  // All that it shows until there is nothing more, or something went wrong.
  static std::vector<std::string> shown(const CFollower& follower) {
    std::vector<std::string> payloads;
    for (;;) {
      const datawal_record* record = nullptr;
      const datawal_code code = datawal_follower_next(follower.get(), &record, nullptr);
      if (code != DATAWAL_OK) payloads.push_back(std::string("! ") + datawal_code_name(code));
      if (record == nullptr) return payloads;
      payloads.emplace_back(record->payload, record->payload_len);
    }
  }

  static datawal_lost_records lost(const CFollower& follower) {
    datawal_lost_records what;
    datawal_follower_lost(follower.get(), &what);
    return what;
  }

  CLog log_ = open_log("log");
};

TEST_F(CapiFollower, ShowsEachRecordOnceAndOnlyWhatIsDurable) {
  const CFollower follower = follow();
  EXPECT_THAT(shown(follower), IsEmpty());
  append(log_, "one");
  append(log_, "two", DATAWAL_NO_SYNC);
  EXPECT_THAT(shown(follower), ElementsAre("one"));
  datawal_ref position{};
  EXPECT_EQ(datawal_follower_position(follower.get(), &position), 1);
  EXPECT_EQ(position.txid, 1U);
  EXPECT_EQ(datawal_log_fsync(log_.get(), nullptr), DATAWAL_OK);
  EXPECT_THAT(shown(follower), ElementsAre("two"));
}

TEST_F(CapiFollower, ShowsWhatIsNotDurableIfAskedTo) {
  append(log_, "not synced", DATAWAL_NO_SYNC);
  datawal_follower_options options;
  datawal_follower_options_init(&options);
  options.shows_undurable = 1;
  EXPECT_THAT(shown(follow(options)), ElementsAre("not synced"));
}

TEST_F(CapiFollower, GoesOnBehindWhatItHasSaved) {
  append(log_, "one");
  const std::string file = in_dir("cursor");
  datawal_follower_options options{};
  options.cursor_file = file.c_str();
  {
    const CFollower follower = follow(options);
    EXPECT_THAT(shown(follower), ElementsAre("one"));
    EXPECT_EQ(datawal_follower_save(follower.get(), nullptr), DATAWAL_OK) << last_error();
  }
  append(log_, "two");
  EXPECT_THAT(shown(follow(options)), ElementsAre("two"));
  EXPECT_EQ(datawal_follower_save(follow().get(), nullptr), DATAWAL_INVALID_ARGUMENT) << "without a file";
  write_file(file, "no place");
  datawal_follower* follower = nullptr;
  EXPECT_EQ(datawal_follower_open(in_dir("log").c_str(), &options, &follower, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(follower, nullptr);
}

TEST_F(CapiFollower, GoesOnBehindARecord) {
  datawal_ref one{};
  ASSERT_EQ(datawal_log_append(log_.get(), "one", 3, DATAWAL_SYNC, &one, nullptr), DATAWAL_OK);
  append(log_, "two");
  datawal_follower_options options{};
  options.after = &one;
  EXPECT_THAT(shown(follow(options)), ElementsAre("two"));
}

TEST_F(CapiFollower, TellsThatItsPlaceIsLostOnce) {
  append(log_, "one");
  datawal_ref last{};
  ASSERT_EQ(datawal_log_append(log_.get(), "two", 3, DATAWAL_SYNC, &last, nullptr), DATAWAL_OK);
  append(log_, "three");
  EXPECT_EQ(datawal_log_rotate(log_.get(), nullptr), DATAWAL_OK);
  append(log_, "four");
  EXPECT_EQ(datawal_log_drop_segments_before(log_.get(), 2, nullptr), DATAWAL_OK) << last_error();
  datawal_follower_options options{};
  options.after = &last;
  const CFollower follower = follow(options);
  EXPECT_THAT(shown(follower), ElementsAre("! place_lost"));
  EXPECT_EQ(lost(follower).first_txid, 3U);
  EXPECT_EQ(lost(follower).last_txid, 3U);
  EXPECT_EQ(lost(follower).cause, DATAWAL_LOST_TRIMMED);
  EXPECT_THAT(last_error(), HasSubstr("txids 3 to 3"));
  EXPECT_THAT(shown(follower), ElementsAre("four"));
}

TEST_F(CapiFollower, WaitsForTheNextRecord) {
  const CFollower follower = follow();
  EXPECT_THAT(shown(follower), IsEmpty());
  int is_more = 1;
  EXPECT_EQ(datawal_follower_wait(follower.get(), 0, &is_more, nullptr), DATAWAL_OK);
  EXPECT_EQ(is_more, 0);
  std::thread writer([this] { append(log_, "late"); });
  EXPECT_EQ(datawal_follower_wait(follower.get(), 600'000, &is_more, nullptr), DATAWAL_OK);
  EXPECT_EQ(is_more, 1);
  writer.join();
  EXPECT_THAT(shown(follower), ElementsAre("late"));
}

TEST_F(CapiFollower, MeasuresHowFarItIsBehind) {
  append(log_, "one");
  append(log_, "two");
  const CFollower follower = follow();
  datawal_lag lag{};
  EXPECT_EQ(datawal_follower_lag(follower.get(), &lag, nullptr), DATAWAL_OK);
  EXPECT_EQ(lag.txids, 2U);
  EXPECT_EQ(lag.records, 2U);
  EXPECT_GT(lag.bytes, 6U);
  EXPECT_THAT(shown(follower), ElementsAre("one", "two"));
  EXPECT_EQ(datawal_follower_lag(follower.get(), &lag, nullptr), DATAWAL_OK);
  EXPECT_EQ(lag.txids + lag.records + lag.bytes, 0U);
}

TEST_F(CapiFollower, HasNoPositionAtTheBeginning) {
  datawal_ref ref{.offset = 1, .txid = 1, .segment = 1, .len = 1, .crc = 1, .reserved = 1};
  EXPECT_EQ(datawal_follower_position(follow().get(), &ref), 0);
  EXPECT_EQ(ref.txid + ref.segment + ref.reserved, 0U);
}

TEST_F(CapiFollower, OfNothingIsRefused) {
  datawal_follower* follower = nullptr;
  const datawal_record* record = nullptr;
  datawal_lag lag{.txids = 1, .records = 1, .bytes = 1};
  int is_more = 1;
  EXPECT_EQ(datawal_follower_open(nullptr, nullptr, &follower, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_open("/absent", nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_open("/absent", nullptr, &follower, nullptr), DATAWAL_NOT_FOUND);
  EXPECT_EQ(datawal_follower_next(nullptr, &record, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_next(follow().get(), nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_wait(nullptr, 1, &is_more, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_save(nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_lag(nullptr, &lag, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_lag(follow().get(), nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_follower_position(nullptr, nullptr), 0);
  EXPECT_EQ(is_more, 0);
  EXPECT_EQ(lag.txids + lag.records + lag.bytes, 0U);
  datawal_follower_lost(nullptr, nullptr);
  datawal_follower_free(nullptr);
}

TEST_F(CapiFollower, OptionsThatMakeNoSenseAreRefusedByName) {
  datawal_follower* follower = nullptr;
  datawal_follower_options options{};
  options.shows_undurable = 2;
  EXPECT_EQ(datawal_follower_open(in_dir("log").c_str(), &options, &follower, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("shows_undurable"));
  options = {};
  options.cursor_file = "";
  EXPECT_EQ(datawal_follower_open(in_dir("log").c_str(), &options, &follower, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("cursor_file"));
}

class CapiReader : public CapiFollower {};

TEST_F(CapiReader, ShowsWhatIsDurableIfAskedTo) {
  append(log_, "one");
  append(log_, "two", DATAWAL_NO_SYNC);
  datawal_reader_options options;
  datawal_reader_options_init(&options);
  for (const int only_durable : {0, 1}) {
    options.only_durable = only_durable;
    datawal_log_reader* opened = nullptr;
    ASSERT_EQ(datawal_log_reader_open(in_dir("log").c_str(), &options, &opened, nullptr), DATAWAL_OK) << last_error();
    const CLogReader reader(opened);
    datawal_durable_end end{};
    EXPECT_EQ(datawal_log_reader_durable_end(reader.get(), &end, nullptr), DATAWAL_OK);
    EXPECT_EQ(end.segment, 1U);
    EXPECT_EQ(end.txid, 1U);
    datawal_cursor* cursor = nullptr;
    ASSERT_EQ(datawal_log_reader_records(reader.get(), &cursor, nullptr), DATAWAL_OK);
    const datawal_record* record = nullptr;
    int records = -1;
    do {
      ++records;
      EXPECT_EQ(datawal_cursor_next(cursor, &record, nullptr), DATAWAL_OK);
    } while (record != nullptr);
    EXPECT_EQ(records, only_durable == 1 ? 1 : 2);
    datawal_cursor_free(cursor);
  }
  options.only_durable = 3;
  datawal_log_reader* reader = nullptr;
  EXPECT_EQ(datawal_log_reader_open(in_dir("log").c_str(), &options, &reader, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("only_durable"));
  options.only_durable = 1;
  datawal_store_reader* of_keys = nullptr;
  EXPECT_EQ(datawal_store_reader_open(in_dir("log").c_str(), &options, &of_keys, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("only_durable"));
  options.only_durable = 0;
  options.reserved = 1;
  EXPECT_EQ(datawal_log_reader_open(in_dir("log").c_str(), &options, &reader, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("reserved"));
  EXPECT_EQ(datawal_log_reader_durable_end(nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
}

TEST_F(CapiReader, OptionsOfZerosCanBeSetWithoutASize) {
  append(log_, "not synced", DATAWAL_NO_SYNC);
  datawal_reader_options options{};
  options.only_durable = 1;
  datawal_log_reader* opened = nullptr;
  ASSERT_EQ(datawal_log_reader_open(in_dir("log").c_str(), &options, &opened, nullptr), DATAWAL_OK) << last_error();
  const CLogReader reader(opened);
  datawal_cursor* cursor = nullptr;
  ASSERT_EQ(datawal_log_reader_records(reader.get(), &cursor, nullptr), DATAWAL_OK);
  const datawal_record* record = nullptr;
  EXPECT_EQ(datawal_cursor_next(cursor, &record, nullptr), DATAWAL_OK);
  EXPECT_EQ(record, nullptr) << "the field counts though struct_size is 0";
  datawal_cursor_free(cursor);
}

}  // namespace
}  // namespace datawal::test
