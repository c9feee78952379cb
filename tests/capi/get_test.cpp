// Values: into the caller's memory, in a buffer, many at once.

#include <span>
#include <vector>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

// A store and a reader of it, asked alike.
class CapiGet : public CapiTest {
 protected:
  CapiGet() {
    put(store_, "a", "value");
    put(store_, "empty", "");
    put(store_, "long", std::string(100'000, 'l'));
    reader_ = open_reader("kv");
  }

  struct Got {
    datawal_code code = DATAWAL_OK;
    int found = -1;
    std::size_t value_len = 77;
  };
  [[nodiscard]] Got into(std::string_view key, std::span<char> room, bool is_reader) const {
    Got got;
    got.code = is_reader ? datawal_store_reader_get_into(reader_.get(), key.data(), key.size(), room.data(),
                                                         room.size(), &got.value_len, &got.found, nullptr)
                         : datawal_store_get_into(store_.get(), key.data(), key.size(), room.data(), room.size(),
                                                  &got.value_len, &got.found, nullptr);
    return got;
  }
  [[nodiscard]] std::string buffer_of(std::string_view key, bool is_reader) const {
    datawal_buffer buffer{};
    int found = 0;
    EXPECT_EQ(is_reader ? datawal_store_reader_get(reader_.get(), key.data(), key.size(), &buffer, &found, nullptr)
                        : datawal_store_get(store_.get(), key.data(), key.size(), &buffer, &found, nullptr),
              DATAWAL_OK)
        << last_error();
    EXPECT_EQ(found, 1);
    EXPECT_EQ(buffer.data[buffer.size], '\0');
    std::string value(buffer.data, buffer.size);
    datawal_buffer_free(&buffer);
    return value;
  }

  CStore store_ = open_store("kv");
  CStoreReader reader_;
};

TEST_F(CapiGet, IntoRoomCopiesWhatFitsAndTellsTheWholeLength) {
  for (const bool is_reader : {false, true}) {
    std::string room(8, '.');
    Got got = into("a", room, is_reader);
    EXPECT_EQ(got.code, DATAWAL_OK) << last_error();
    EXPECT_EQ(got.found, 1);
    EXPECT_EQ(got.value_len, 5U);
    EXPECT_EQ(room, "value...");
    got = into("long", room, is_reader);
    EXPECT_EQ(got.value_len, 100'000U);
    EXPECT_EQ(room, "llllllll");
    got = into("a", {}, is_reader);
    EXPECT_EQ(got.value_len, 5U) << "the length alone";
  }
}

TEST_F(CapiGet, IntoRoomTellsAnEmptyValueFromNone) {
  for (const bool is_reader : {false, true}) {
    std::string room = "....";
    Got got = into("empty", room, is_reader);
    EXPECT_EQ(got.found, 1);
    EXPECT_EQ(got.value_len, 0U);
    got = into("absent", room, is_reader);
    EXPECT_EQ(got.code, DATAWAL_OK);
    EXPECT_EQ(got.found, 0);
    EXPECT_EQ(got.value_len, 0U);
    EXPECT_EQ(room, "....");
  }
}

TEST_F(CapiGet, IntoNothingIsRefused) {
  std::size_t len = 1;
  int found = 1;
  EXPECT_EQ(datawal_store_get_into(store_.get(), "a", 1, nullptr, 8, &len, &found, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("room is NULL"));
  EXPECT_EQ(len + static_cast<std::size_t>(found), 0U);
  EXPECT_EQ(datawal_store_get_into(nullptr, "a", 1, nullptr, 0, &len, &found, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_get_into(store_.get(), "a", 1, nullptr, 0, nullptr, &found, nullptr),
            DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_get_into(store_.get(), "a", 1, nullptr, 0, &len, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_reader_get_into(nullptr, "a", 1, nullptr, 0, &len, &found, nullptr),
            DATAWAL_INVALID_ARGUMENT);
}

TEST_F(CapiGet, IntoABufferWhateverTheLength) {
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 1'000'000UL}) {
    put(store_, "sized", std::string(size, 's'));
    EXPECT_EQ(buffer_of("sized", false), std::string(size, 's'));
  }
  EXPECT_EQ(buffer_of("long", true), std::string(100'000, 'l'));
}

class CapiMultiGet : public CapiGet {
 protected:
  void SetUp() override { ASSERT_EQ(datawal_values_new(&values_, nullptr), DATAWAL_OK); }
  void TearDown() override { datawal_values_free(values_); }
  [[nodiscard]] std::string_view value(std::size_t n) const {
    std::size_t size = 7;
    const char* const data = datawal_values_at(values_, n, &size);
    return data == nullptr ? std::string_view("none") : std::string_view(data, size);
  }

  datawal_values* values_ = nullptr;
};

TEST_F(CapiMultiGet, GivesEachKeyItsValue) {
  const std::string keys =
      "a"
      "absent"
      ""
      "empty"
      "a";
  const std::size_t lens[] = {1, 6, 0, 5, 1};
  for (const bool is_reader : {false, true}) {
    ASSERT_EQ(is_reader ? datawal_store_reader_multi_get(reader_.get(), keys.data(), lens, 5, values_, nullptr)
                        : datawal_store_multi_get(store_.get(), keys.data(), lens, 5, values_, nullptr),
              DATAWAL_OK)
        << last_error();
    EXPECT_EQ(datawal_values_count(values_), 5U);
    EXPECT_EQ(value(0), "value");
    EXPECT_EQ(value(1), "none");
    EXPECT_EQ(value(2), "none");
    EXPECT_EQ(value(3), "");
    EXPECT_EQ(value(4), "value");
    EXPECT_EQ(value(5), "none") << "behind the last";
  }
}

TEST_F(CapiMultiGet, IsEmptyAfterAnError) {
  const std::size_t good = 1, endless = 65537;
  ASSERT_EQ(datawal_store_multi_get(store_.get(), "a", &good, 1, values_, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_multi_get(store_.get(), "a", &endless, 1, values_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("key_len"));
  EXPECT_EQ(datawal_values_count(values_), 0U);
  EXPECT_EQ(datawal_store_multi_get(store_.get(), nullptr, &good, 1, values_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_multi_get(store_.get(), "a", nullptr, 1, values_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_multi_get(store_.get(), nullptr, nullptr, 0, values_, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_multi_get(nullptr, nullptr, nullptr, 0, values_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_multi_get(store_.get(), nullptr, nullptr, 0, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_reader_multi_get(nullptr, nullptr, nullptr, 0, values_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_values_new(nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_values_count(nullptr), 0U);
  EXPECT_EQ(datawal_values_at(nullptr, 0, nullptr), nullptr);
}

class CapiConditional : public CapiGet {
 protected:
  [[nodiscard]] datawal_ref ref_of(std::string_view key) const {
    datawal_ref ref{};
    int found = 0;
    EXPECT_EQ(datawal_store_ref_of(store_.get(), key.data(), key.size(), &ref, &found, nullptr), DATAWAL_OK);
    EXPECT_EQ(found, 1);
    return ref;
  }
  datawal_outcome put_if(datawal_expect expect, const datawal_ref* expected, std::string_view value) {
    datawal_outcome outcome{};
    EXPECT_EQ(datawal_store_put_if(store_.get(), "a", 1, expect, expected, value.data(), value.size(), DATAWAL_NO_SYNC,
                                   &outcome, nullptr),
              DATAWAL_OK)
        << last_error();
    return outcome;
  }
  datawal_outcome erase_if(datawal_expect expect, const datawal_ref* expected) {
    datawal_outcome outcome{};
    EXPECT_EQ(datawal_store_erase_if(store_.get(), "a", 1, expect, expected, DATAWAL_NO_SYNC, &outcome, nullptr),
              DATAWAL_OK)
        << last_error();
    return outcome;
  }
};

TEST_F(CapiConditional, PutsOverTheRecordThatWasReadAndNoOther) {
  const datawal_ref read = ref_of("a");
  datawal_outcome outcome = put_if(DATAWAL_EXPECT_RECORD, &read, "second");
  EXPECT_EQ(outcome.is_done, 1);
  EXPECT_EQ(outcome.had_value, 1);
  EXPECT_EQ(outcome.previous.txid, read.txid);
  EXPECT_EQ(outcome.ref.txid, ref_of("a").txid);
  outcome = put_if(DATAWAL_EXPECT_RECORD, &read, "third");
  EXPECT_EQ(outcome.is_done, 0);
  EXPECT_EQ(outcome.had_value, 1);
  EXPECT_EQ(outcome.previous.txid, ref_of("a").txid) << "what is there instead";
  EXPECT_EQ(outcome.ref.txid, 0U);
  EXPECT_EQ(buffer_of("a", false), "second");
}

TEST_F(CapiConditional, PutsWhereThereIsNothing) {
  EXPECT_EQ(put_if(DATAWAL_EXPECT_ABSENT, nullptr, "not put").is_done, 0);
  EXPECT_EQ(erase_if(DATAWAL_EXPECT_ANYTHING, nullptr).had_value, 1);
  const datawal_outcome outcome = put_if(DATAWAL_EXPECT_ABSENT, nullptr, "put");
  EXPECT_EQ(outcome.is_done, 1);
  EXPECT_EQ(outcome.had_value, 0);
  EXPECT_EQ(buffer_of("a", false), "put");
}

TEST_F(CapiConditional, TellsWhatWasThere) {
  EXPECT_EQ(put_if(DATAWAL_EXPECT_ANYTHING, nullptr, "new").had_value, 1);
  const datawal_ref read = ref_of("a");
  EXPECT_EQ(erase_if(DATAWAL_EXPECT_RECORD, &read).is_done, 1);
  EXPECT_EQ(erase_if(DATAWAL_EXPECT_ANYTHING, nullptr).had_value, 0);
  EXPECT_EQ(erase_if(DATAWAL_EXPECT_RECORD, &read).is_done, 0);
}

TEST_F(CapiConditional, ExpectationsThatMakeNoSenseAreRefusedByName) {
  const datawal_ref ref{};
  const auto put = [&](datawal_expect expect, const datawal_ref* expected) {
    return datawal_store_put_if(store_.get(), "a", 1, expect, expected, "v", 1, DATAWAL_NO_SYNC, nullptr, nullptr);
  };
  EXPECT_EQ(put(DATAWAL_EXPECT_RECORD, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("expected is NULL"));
  EXPECT_EQ(put(DATAWAL_EXPECT_ABSENT, &ref), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("expected is set"));
  EXPECT_EQ(
      datawal_store_put_if(nullptr, "a", 1, DATAWAL_EXPECT_ABSENT, nullptr, "v", 1, DATAWAL_NO_SYNC, nullptr, nullptr),
      DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_erase_if(nullptr, "a", 1, DATAWAL_EXPECT_ABSENT, nullptr, DATAWAL_NO_SYNC, nullptr, nullptr),
            DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(buffer_of("a", false), "value");
}

TEST_F(CapiTest, PutsInALoopByWhatTheLastOutcomeTold) {
  const CStore store = open_store("kv");
  datawal_outcome outcome{};
  ASSERT_EQ(datawal_store_put_if(store.get(), "n", 1, DATAWAL_EXPECT_ABSENT, nullptr, "0", 1, DATAWAL_NO_SYNC, &outcome,
                                 nullptr),
            DATAWAL_OK);
  put(store, "n", "another's");
  const auto put_n = [&] {
    return datawal_store_put_if(store.get(), "n", 1, DATAWAL_EXPECT_RECORD, &outcome.previous, "1", 1, DATAWAL_NO_SYNC,
                                &outcome, nullptr);
  };
  outcome.previous = outcome.ref;
  EXPECT_EQ(put_n(), DATAWAL_OK);
  EXPECT_EQ(outcome.is_done, 0) << "another was faster";
  EXPECT_EQ(put_n(), DATAWAL_OK);
  EXPECT_EQ(outcome.is_done, 1);
  EXPECT_EQ(datawal_store_erase_if(store.get(), "n", 1, DATAWAL_EXPECT_RECORD, &outcome.ref, DATAWAL_NO_SYNC, &outcome,
                                   nullptr),
            DATAWAL_OK);
  EXPECT_EQ(outcome.is_done, 1);
}

TEST_F(CapiTest, ManyKeysAreNoMoreThanABatchMayHold) {
  const CStore store = open_store("kv");
  datawal_values* values = nullptr;
  ASSERT_EQ(datawal_values_new(&values, nullptr), DATAWAL_OK);
  const std::size_t len = 0;
  EXPECT_EQ(datawal_store_multi_get(store.get(), "", &len, SIZE_MAX, values, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(last_error(), HasSubstr("count"));
  datawal_values_free(values);
}

TEST_F(CapiTest, FindsAValueTogetherWithItsRecord) {
  const CStore store = open_store("kv");
  put(store, "n", "1");
  datawal_buffer value{};
  datawal_ref ref{};
  datawal_ref same{};
  int found = 0;
  ASSERT_EQ(datawal_store_find(store.get(), "n", 1, &value, &ref, &found, nullptr), DATAWAL_OK);
  EXPECT_EQ(std::string(value.data, value.size), "1");
  EXPECT_EQ(found, 1);
  datawal_buffer_free(&value);
  ASSERT_EQ(datawal_store_ref_of(store.get(), "n", 1, &same, &found, nullptr), DATAWAL_OK);
  EXPECT_EQ(ref.txid, same.txid);
  EXPECT_EQ(ref.crc, same.crc);
  ASSERT_EQ(datawal_store_find(store.get(), "no", 2, &value, &ref, &found, nullptr), DATAWAL_OK);
  EXPECT_EQ(found, 0);
  EXPECT_EQ(value.data, nullptr);
  EXPECT_EQ(ref.txid, 0U);
  EXPECT_EQ(datawal_store_find(store.get(), "n", 1, nullptr, &ref, &found, nullptr), DATAWAL_INVALID_ARGUMENT);
}

TEST_F(CapiTest, ManyValuesAreNoneAfterAnyError) {
  const CStore store = open_store("kv");
  put(store, "a", "value");
  datawal_values* values = nullptr;
  ASSERT_EQ(datawal_values_new(&values, nullptr), DATAWAL_OK);
  const std::size_t len = 1;
  for (const bool has_store : {true, false}) {
    ASSERT_EQ(datawal_store_multi_get(store.get(), "a", &len, 1, values, nullptr), DATAWAL_OK);
    EXPECT_EQ(datawal_values_count(values), 1U);
    EXPECT_EQ(
        datawal_store_multi_get(has_store ? store.get() : nullptr, "a", has_store ? nullptr : &len, 1, values, nullptr),
        DATAWAL_INVALID_ARGUMENT);
    EXPECT_EQ(datawal_values_count(values), 0U);
  }
  datawal_values_free(values);
}

}  // namespace
}  // namespace datawal::test
