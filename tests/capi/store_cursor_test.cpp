// Walking a store at one's own pace, and looking at one instant of it.

#include <optional>
#include <vector>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"

namespace datawal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using CCursor = std::unique_ptr<datawal_store_cursor, FreeHandle<datawal_store_cursor_free>>;
using CView = std::unique_ptr<datawal_view, FreeHandle<datawal_view_free>>;
using Options = datawal_store_cursor_options;

class CapiCursor : public CapiTest {
 protected:
  CapiCursor() {
    for (const char* key : {"b/2", "b/1", "c", "a"}) put(store_, key, std::string("value of ") + key);
  }

  [[nodiscard]] CCursor walk(const Options& options = {}) const {
    datawal_store_cursor* cursor = nullptr;
    EXPECT_EQ(datawal_store_cursor_open(store_.get(), &options, &cursor, nullptr), DATAWAL_OK) << last_error();
    return CCursor(cursor);
  }
  static std::optional<std::string> next(const CCursor& cursor) {
    const datawal_record* record = nullptr;
    EXPECT_EQ(datawal_store_cursor_next(cursor.get(), &record, nullptr), DATAWAL_OK) << last_error();
    if (record == nullptr) return std::nullopt;
    return std::string(record->key, record->key_len) + "=" + std::string(record->payload, record->payload_len);
  }
  static std::vector<std::string> rest(const CCursor& cursor) {
    std::vector<std::string> all;
    while (std::optional<std::string> one = next(cursor)) all.push_back(std::move(*one));
    return all;
  }
  static Options keys_only() {
    Options options;
    datawal_store_cursor_options_init(&options);
    options.keys_only = 1;
    return options;
  }

  CStore store_ = open_store("kv");
};

TEST_F(CapiCursor, ShowsKeysAndValuesInEitherOrder) {
  EXPECT_THAT(rest(walk()), ElementsAre("a=value of a", "b/1=value of b/1", "b/2=value of b/2", "c=value of c"));
  Options options = keys_only();
  EXPECT_THAT(rest(walk(options)), ElementsAre("a=", "b/1=", "b/2=", "c="));
  options.order = DATAWAL_ORDER_LOG;
  EXPECT_THAT(rest(walk(options)), ElementsAre("b/2=", "b/1=", "c=", "a="));
}

TEST_F(CapiCursor, KeepsWithinItsBounds) {
  Options options = keys_only();
  options.prefix = "b/";
  options.prefix_len = 2;
  EXPECT_THAT(rest(walk(options)), ElementsAre("b/1=", "b/2="));
  options = keys_only();
  options.from = "b/1";
  options.from_len = 3;
  options.until = "c";
  options.until_len = 1;
  EXPECT_THAT(rest(walk(options)), ElementsAre("b/1=", "b/2="));
  options = keys_only();
  options.until = "";
  EXPECT_THAT(rest(walk(options)), IsEmpty()) << "nothing is before the empty key";
}

TEST_F(CapiCursor, GoesOnWhereAnotherWasLeft) {
  CCursor cursor = walk(keys_only());
  EXPECT_EQ(next(cursor), "a=");
  EXPECT_EQ(next(cursor), "b/1=");
  Options options = keys_only();
  options.after = "b/1";
  options.after_len = 3;
  EXPECT_THAT(rest(walk(options)), ElementsAre("b/2=", "c="));
  EXPECT_EQ(datawal_store_cursor_seek(cursor.get(), "b", 1, nullptr), DATAWAL_OK);
  EXPECT_THAT(rest(cursor), ElementsAre("b/1=", "b/2=", "c="));
}

TEST_F(CapiCursor, ShowsTheStateItBeganWithThoughTheStoreIsClosed) {
  const CCursor cursor = walk(keys_only());
  put(store_, "d", "late");
  EXPECT_EQ(datawal_store_close(store_.get(), nullptr), DATAWAL_OK);
  store_.reset();
  EXPECT_THAT(rest(cursor), ElementsAre("a=", "b/1=", "b/2=", "c="));
}

TEST_F(CapiCursor, IsThereForReadersAndViews) {
  const CStoreReader reader = open_reader("kv");
  datawal_store_cursor* cursor = nullptr;
  ASSERT_EQ(datawal_store_reader_cursor_open(reader.get(), nullptr, &cursor, nullptr), DATAWAL_OK);
  EXPECT_EQ(rest(CCursor(cursor)).size(), 4U);
  datawal_keys* keys = nullptr;
  ASSERT_EQ(datawal_store_reader_keys(reader.get(), &keys, nullptr), DATAWAL_OK);
  ASSERT_EQ(datawal_keys_count(keys), 4U);
  EXPECT_STREQ(datawal_keys_at(keys, 1, nullptr), "b/1");
  datawal_keys_free(keys);
}

TEST_F(CapiCursor, OptionsThatMakeNoSenseAreRefusedByName) {
  const auto refusal = [&](const auto& change) {
    Options options = keys_only();
    change(options);
    datawal_store_cursor* cursor = nullptr;
    EXPECT_EQ(datawal_store_cursor_open(store_.get(), &options, &cursor, nullptr), DATAWAL_INVALID_ARGUMENT);
    EXPECT_EQ(cursor, nullptr);
    return last_error();
  };
  EXPECT_THAT(refusal([](Options& o) { o.keys_only = 2; }), HasSubstr("keys_only"));
  EXPECT_THAT(refusal([](Options& o) { o.prefix_len = 1; }), HasSubstr("prefix"));
  EXPECT_THAT(refusal([](Options& o) { o.until_len = 1; }), HasSubstr("until"));
  EXPECT_THAT(refusal([](Options& o) { o.from = "x", o.from_len = 65537; }), HasSubstr("from"));
  Options by_log{};
  by_log.order = DATAWAL_ORDER_LOG;
  EXPECT_EQ(datawal_store_cursor_seek(walk(by_log).get(), "a", 1, nullptr), DATAWAL_INVALID_ARGUMENT);
}

TEST_F(CapiCursor, OfNothingIsRefused) {
  datawal_store_cursor* cursor = nullptr;
  const datawal_record* record = nullptr;
  datawal_keys* keys = nullptr;
  EXPECT_EQ(datawal_store_cursor_open(nullptr, nullptr, &cursor, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_cursor_open(store_.get(), nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_reader_cursor_open(nullptr, nullptr, &cursor, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_cursor_open(nullptr, nullptr, &cursor, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_cursor_next(nullptr, &record, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_cursor_next(walk().get(), nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_cursor_seek(nullptr, "a", 1, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_reader_keys(nullptr, &keys, nullptr), DATAWAL_INVALID_ARGUMENT);
}

class CapiView : public CapiCursor {
 protected:
  [[nodiscard]] CView view() const {
    datawal_view* view = nullptr;
    EXPECT_EQ(datawal_view_open(store_.get(), &view, nullptr), DATAWAL_OK) << last_error();
    return CView(view);
  }
};

TEST_F(CapiView, ShowsOneInstantWhateverIsPutErasedOrCompacted) {
  const CView view = this->view();
  put(store_, "a", "later");
  EXPECT_EQ(datawal_store_erase(store_.get(), "c", 1, DATAWAL_NO_SYNC, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_compact(store_.get(), nullptr, nullptr, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_view_size(view.get()), 4U);
  EXPECT_EQ(datawal_view_last_txid(view.get()), 4U);
  datawal_buffer value{};
  int found = 0;
  EXPECT_EQ(datawal_view_get(view.get(), "a", 1, &value, &found, nullptr), DATAWAL_OK) << last_error();
  EXPECT_STREQ(value.data, "value of a");
  datawal_buffer_free(&value);
  std::string room(10, '.');
  std::size_t len = 0;
  EXPECT_EQ(datawal_view_get_into(view.get(), "c", 1, room.data(), room.size(), &len, &found, nullptr), DATAWAL_OK);
  EXPECT_EQ(room, "value of c");
  EXPECT_EQ(datawal_view_contains(view.get(), "c", 1, &found, nullptr), DATAWAL_OK);
  EXPECT_EQ(found, 1);
  datawal_values* values = nullptr;
  const std::size_t lens[] = {1, 1};
  ASSERT_EQ(datawal_values_new(&values, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_view_multi_get(view.get(), "cd", lens, 2, values, nullptr), DATAWAL_OK);
  EXPECT_NE(datawal_values_at(values, 0, nullptr), nullptr);
  EXPECT_EQ(datawal_values_at(values, 1, nullptr), nullptr);
  datawal_values_free(values);
  int keys = 0;
  const datawal_visitor count = [](void* context, const char*, size_t, const char*, size_t) {
    return ++*static_cast<int*>(context);
  };
  EXPECT_EQ(datawal_view_for_each(view.get(), count, &keys, nullptr), DATAWAL_OK);
  EXPECT_EQ(keys, 4);
  datawal_store_cursor* cursor = nullptr;
  ASSERT_EQ(datawal_view_cursor_open(view.get(), nullptr, &cursor, nullptr), DATAWAL_OK);
  EXPECT_THAT(rest(CCursor(cursor)),
              ElementsAre("a=value of a", "b/1=value of b/1", "b/2=value of b/2", "c=value of c"));
}

TEST_F(CapiView, OfNothingIsRefused) {
  datawal_view* none = nullptr;
  datawal_buffer value{};
  int found = 0;
  std::size_t len = 0;
  EXPECT_EQ(datawal_view_open(nullptr, &none, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_open(store_.get(), nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_get(nullptr, "a", 1, &value, &found, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_get_into(nullptr, "a", 1, nullptr, 0, &len, &found, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_multi_get(nullptr, nullptr, nullptr, 0, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_contains(nullptr, "a", 1, &found, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_for_each(nullptr, nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_view_size(nullptr) + datawal_view_last_txid(nullptr), 0U);
}

}  // namespace
}  // namespace datawal::test
