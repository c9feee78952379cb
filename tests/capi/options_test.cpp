// Options and other arguments: 0 is the default, and what makes no sense is refused by its name before anything happens.
#include <datawal/datawal.h>
#include <sys/stat.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch_directory.hpp"
#include "support/files.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

// As a careless or newer program sets it: any number.
template <class Enumeration>
void set(Enumeration& into, int number) {
  std::memcpy(&into, &number, sizeof number);
}

// The same as an argument. Only a sanitizer would look at it before the library does.
template <class Enumeration>
[[gnu::no_sanitize("undefined")]] Enumeration any(int number) {
  Enumeration value{};
  set(value, number);
  return value;
}

class CapiOptions : public testing::Test {
 protected:
  [[nodiscard]] std::string in_dir(std::string_view name) const { return directory_ / name; }

  // What opening a store that is not there says; "" if it succeeds.
  std::string refusal(const datawal_open_options& options) {
    datawal_error error{};
    datawal_store* store = nullptr;
    const datawal_code code = datawal_store_open(in_dir("absent").c_str(), &options, &store, &error);
    datawal_store_free(store);
    if (code == DATAWAL_OK) {
      std::filesystem::remove_all(in_dir("absent"));
      return {};
    }
    EXPECT_EQ(code, DATAWAL_INVALID_ARGUMENT) << error.message;
    EXPECT_FALSE(std::filesystem::exists(in_dir("absent")));
    return error.message;
  }

  safeatomic::test::ScratchDirectory directory_;
};

TEST_F(CapiOptions, OfZerosMakeAStoreThatItsOwnerOpensAgain) {
  const datawal_open_options zeros{};
  for (int time = 0; time < 2; ++time) {
    datawal_store* store = nullptr;
    datawal_error error{};
    ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), &zeros, &store, &error), DATAWAL_OK) << error.message;
    EXPECT_EQ(datawal_store_put(store, "k", 1, "v", 1, DATAWAL_SYNC, nullptr), DATAWAL_OK);
    EXPECT_EQ(datawal_store_close(store, nullptr), DATAWAL_OK);
    datawal_store_free(store);
  }
  struct stat info{};
  ASSERT_EQ(::stat(in_dir("kv").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  ASSERT_EQ(::stat(in_dir("kv/00000001.dwal").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(CapiOptions, OfZerosKeepATornTail) {
  const datawal_open_options zeros{};
  datawal_log* log = nullptr;
  ASSERT_EQ(datawal_log_open(in_dir("log").c_str(), &zeros, &log, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_log_append(log, "one", 3, DATAWAL_SYNC, nullptr, nullptr), DATAWAL_OK);
  datawal_log_free(log);
  const std::string segment = in_dir("log/00000001.dwal");
  write_file(segment, read_file(segment) + "DWAL half a header");
  ASSERT_EQ(datawal_log_open(in_dir("log").c_str(), &zeros, &log, nullptr), DATAWAL_OK);
  datawal_log_free(log);
  EXPECT_TRUE(std::filesystem::exists(segment + ".torn-31"));

  write_file(segment, read_file(segment) + "DWAL half another");
  datawal_open_options drops{};
  drops.drops_torn_tail = 1;
  ASSERT_EQ(datawal_log_open(in_dir("log").c_str(), &drops, &log, nullptr), DATAWAL_OK);
  datawal_log_free(log);
  EXPECT_FALSE(std::filesystem::exists(segment + ".torn-31-2"));
}

TEST_F(CapiOptions, ThatAreInitialisedAreZerosOfThatSize) {
  datawal_open_options open;
  std::memset(&open, 0xFF, sizeof open);
  datawal_open_options_init(&open);
  EXPECT_EQ(open.struct_size, sizeof open);
  datawal_open_options zeros{};
  zeros.struct_size = sizeof zeros;
  EXPECT_EQ(std::memcmp(&open, &zeros, sizeof open), 0);
  datawal_reader_options reader;
  datawal_reader_options_init(&reader);
  EXPECT_EQ(reader.struct_size, sizeof reader);
  datawal_compact_options compact;
  datawal_compact_options_init(&compact);
  EXPECT_EQ(compact.struct_size, sizeof compact);
  datawal_work_options work;
  datawal_work_options_init(&work);
  EXPECT_EQ(work.struct_size, sizeof work);
  datawal_follower_options follower;
  datawal_follower_options_init(&follower);
  EXPECT_EQ(follower.struct_size, sizeof follower);
  datawal_work_options_init(nullptr);
  datawal_follower_options_init(nullptr);
  datawal_open_options_init(nullptr);
  datawal_reader_options_init(nullptr);
  datawal_compact_options_init(nullptr);
}

TEST_F(CapiOptions, ThatMakeNoSenseAreRefusedByName) {
  using Options = datawal_open_options;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  static const struct {
    const char* name;
    std::function<void(Options&)> change;
  } rows[] = {
      {"write_path", [](Options& o) { set(o.write_path, 3); }},
      {"write_path", [](Options& o) { set(o.write_path, -1); }},
      {"read_path", [](Options& o) { set(o.read_path, 2); }},
      {"sync_policy", [](Options& o) { set(o.sync_policy, 9); }},
      {"open_mode", [](Options& o) { set(o.open_mode, 3); }},
      {"sync_interval_ms", [](Options& o) { o.sync_policy = DATAWAL_SYNC_INTERVAL; }},
      {"sync_interval_ms",
       [](Options& o) {
         o.sync_policy = DATAWAL_SYNC_INTERVAL;
         o.sync_interval_ms = 1ULL << 32;
       }},
      {"sync_interval_ms", [](Options& o) { o.sync_interval_ms = 100; }},
      {"file_mode", [](Options& o) { o.file_mode = 07777777; }},
      {"file_mode", [](Options& o) { o.file_mode = 0400; }},
      {"file_mode", [](Options& o) { o.file_mode = 0060; }},
      {"directory_mode", [](Options& o) { o.directory_mode = 010700; }},
      {"directory_mode", [](Options& o) { o.directory_mode = 0600; }},
      {"drops_torn_tail", [](Options& o) { o.drops_torn_tail = 2; }},
      {"allow_network_filesystem", [](Options& o) { o.allow_network_filesystem = -1; }},
      {"open_threads", [](Options& o) { o.open_threads = 99; }},
      {"auto_compact", [](Options& o) { o.auto_compact = 0x7F00; }},
      {"auto_compact_ratio", [nan](Options& o) { o.auto_compact_ratio = nan; }},
      {"auto_compact_ratio", [](Options& o) { o.auto_compact_ratio = 1.5; }},
      {"auto_compact_ratio", [](Options& o) { o.auto_compact_ratio = -0.5; }},
      {"index", [](Options& o) { o.index = 2; }},
      {"index_is_not_for_close", [](Options& o) { o.index_is_not_for_close = -1; }},
      {"index_loads_on_demand", [](Options& o) { o.index_loads_on_demand = 3; }},
      {"index_is_not_in_background", [](Options& o) { o.index_is_not_in_background = 2; }},
      {"reserved_2", [](Options& o) { o.reserved_2 = 1; }},
      {"state", [](Options& o) { o.state = 2; }},
      {"state_is_not_for_rotation", [](Options& o) { o.state_is_not_for_rotation = -1; }},
      {"state_is_not_for_close", [](Options& o) { o.state_is_not_for_close = 3; }},
      {"reserved_3", [](Options& o) { o.reserved_3 = 1; }},
      {"verifies_all", [](Options& o) { o.verifies_all = 0x100; }},
      {"auto_compact_is_capped", [](Options& o) { o.auto_compact_is_capped = 7; }},
      {"scrub", [](Options& o) { o.scrub = 2; }},
      {"scrub_skips_index", [](Options& o) { o.scrub_skips_index = -1; }},
      {"reserved", [](Options& o) { o.reserved = 1; }},
      {"struct_size", [](Options& o) { o.struct_size = 8; }},
      {"struct_size", [](Options& o) { o.struct_size = offsetof(Options, reserved); }},
      {"struct_size", [](Options& o) { o.struct_size = ~std::size_t{0}; }},
  };
  for (const auto& row : rows) {
    Options options;
    datawal_open_options_init(&options);
    EXPECT_EQ(refusal(options), "");
    row.change(options);
    EXPECT_THAT(refusal(options), HasSubstr(row.name));
    datawal_log* log = nullptr;
    EXPECT_EQ(datawal_log_open(in_dir("log").c_str(), &options, &log, nullptr), DATAWAL_INVALID_ARGUMENT) << row.name;
    EXPECT_EQ(log, nullptr);
    EXPECT_THAT(datawal_last_error()->message, HasSubstr(row.name)) << "though nobody gave room for it";
  }
}

TEST_F(CapiOptions, OfAnEarlierProgramAreTaken) {
  datawal_open_options options;
  datawal_open_options_init(&options);
  options.struct_size = offsetof(datawal_open_options, index);
  options.index = 77;  // not there for that program
  EXPECT_EQ(refusal(options), "");
}

TEST_F(CapiOptions, OfANewerProgramAreTakenUnlessTheySaySomethingUnknown) {
  struct Newer {
    datawal_open_options known;
    std::uint64_t later;
  } newer{};
  datawal_open_options_init(&newer.known);
  newer.known.struct_size = sizeof newer;
  EXPECT_EQ(refusal(newer.known), "");
  newer.later = 1;
  EXPECT_THAT(refusal(newer.known), HasSubstr("struct_size covers a field that is set"));
}

TEST_F(CapiOptions, OfReadersAndCompactionAreRefusedByName) {
  datawal_store* store = nullptr;
  ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), nullptr, &store, nullptr), DATAWAL_OK);
  datawal_error error{};
  datawal_reader_options reader{};
  set(reader.read_path, 2);
  datawal_store_reader* store_reader = nullptr;
  EXPECT_EQ(datawal_store_reader_open(in_dir("kv").c_str(), &reader, &store_reader, &error), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("read_path"));
  datawal_log_reader* log_reader = nullptr;
  reader = {};
  reader.open_threads = 3;
  EXPECT_EQ(datawal_log_reader_open(in_dir("kv").c_str(), &reader, &log_reader, &error), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("open_threads"));

  datawal_reader_options_init(&reader);
  reader.uses_index = 2;
  EXPECT_EQ(datawal_store_reader_open(in_dir("kv").c_str(), &reader, &store_reader, &error), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("uses_index"));

  datawal_reader_options_init(&reader);
  reader.uses_state = 2;
  EXPECT_EQ(datawal_log_reader_open(in_dir("kv").c_str(), &reader, &log_reader, &error), DATAWAL_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, HasSubstr("uses_state"));

  for (const double ratio : {-1.0, 1.01, std::numeric_limits<double>::quiet_NaN()}) {
    datawal_compact_options compact{};
    compact.min_garbage_ratio = ratio;
    EXPECT_EQ(datawal_store_compact(store, &compact, nullptr, &error), DATAWAL_INVALID_ARGUMENT) << ratio;
    EXPECT_THAT(error.message, HasSubstr("min_garbage_ratio"));
  }
  datawal_compact_options zeros{};
  EXPECT_EQ(datawal_store_compact(store, &zeros, nullptr, &error), DATAWAL_OK);
  zeros.min_garbage_ratio = DATAWAL_ANY_GARBAGE;
  zeros.max_bytes_per_second = DATAWAL_UNLIMITED;
  EXPECT_EQ(datawal_store_compact(store, &zeros, nullptr, &error), DATAWAL_OK);
  datawal_store_free(store);
}

TEST_F(CapiOptions, AndArgumentsAreRefusedByName) {
  datawal_store* store = nullptr;
  datawal_log* log = nullptr;
  datawal_batch* batch = nullptr;
  ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), nullptr, &store, nullptr), DATAWAL_OK);
  ASSERT_EQ(datawal_log_open(in_dir("log").c_str(), nullptr, &log, nullptr), DATAWAL_OK);
  ASSERT_EQ(datawal_batch_new(&batch, nullptr), DATAWAL_OK);
  const auto sync = [] { return any<datawal_sync>(2); };
  const auto raw = [] { return any<datawal_raw_records>(3); };
  const auto type = [] { return any<datawal_record_type>(257); };
  datawal_input input{DATAWAL_PUT, "k", 1, "v", 1};
  datawal_input typed = input, keyed = input, valued = input;
  set(typed.type, 257);
  keyed.key_len = 65537;
  valued.payload_len = 67108865;
  constexpr std::size_t endless = ~std::size_t{0};
  datawal_buffer value{};
  datawal_ref ref{};
  int found = 0;
  using Error = datawal_error*;
  const struct {
    const char* name;
    std::function<datawal_code(Error)> call;
  } rows[] = {
      {"type",
       [&](Error e) { return datawal_log_append_record(log, type(), "k", 1, "v", 1, DATAWAL_SYNC, nullptr, e); }},
      {"type", [&](Error e) { return datawal_log_append_batch(log, &typed, 1, DATAWAL_SYNC, nullptr, e); }},
      {"type", [&](Error e) { return datawal_store_write_array(store, &typed, 1, DATAWAL_SYNC, e); }},
      {"sync", [&](Error e) { return datawal_log_append(log, "v", 1, sync(), nullptr, e); }},
      {"sync", [&](Error e) { return datawal_log_append_batch(log, &input, 1, sync(), nullptr, e); }},
      {"sync", [&](Error e) { return datawal_store_put(store, "k", 1, "v", 1, sync(), e); }},
      {"sync", [&](Error e) { return datawal_store_erase(store, "k", 1, sync(), e); }},
      {"sync", [&](Error e) { return datawal_store_write(store, batch, sync(), e); }},
      {"sync", [&](Error e) { return datawal_store_write_array(store, &input, 1, sync(), e); }},
      {"raw", [&](Error e) { return datawal_store_compact_to(store, in_dir("to").c_str(), raw(), nullptr, e); }},
      {"skip_bad", [&](Error e) { return datawal_store_import_jsonl(store, in_dir("x").c_str(), 2, nullptr, e); }},
      {"count", [&](Error e) { return datawal_log_append_batch(log, &input, endless, DATAWAL_SYNC, nullptr, e); }},
      {"count", [&](Error e) { return datawal_store_write_array(store, &input, endless, DATAWAL_SYNC, e); }},
      {"key_len", [&](Error e) { return datawal_store_put(store, "k", endless, "v", 1, DATAWAL_SYNC, e); }},
      {"value_len", [&](Error e) { return datawal_store_put(store, "k", 1, "v", endless, DATAWAL_SYNC, e); }},
      {"key_len", [&](Error e) { return datawal_store_get(store, "k", endless, &value, &found, e); }},
      {"key_len", [&](Error e) { return datawal_store_contains(store, "k", endless, &found, e); }},
      {"key_len", [&](Error e) { return datawal_store_ref_of(store, "k", endless, &ref, &found, e); }},
      {"key_len", [&](Error e) { return datawal_store_erase(store, "k", endless, DATAWAL_SYNC, e); }},
      {"key_len", [&](Error e) { return datawal_batch_put(batch, "k", endless, "v", 1, e); }},
      {"value_len", [&](Error e) { return datawal_batch_put(batch, "k", 1, "v", endless, e); }},
      {"key_len", [&](Error e) { return datawal_batch_erase(batch, "k", endless, e); }},
      {"key_len", [&](Error e) { return datawal_store_write_array(store, &keyed, 1, DATAWAL_SYNC, e); }},
      {"payload_len", [&](Error e) { return datawal_store_write_array(store, &valued, 1, DATAWAL_SYNC, e); }},
      {"payload_len", [&](Error e) { return datawal_log_append(log, "v", endless, DATAWAL_SYNC, nullptr, e); }},
      {"payload_len", [&](Error e) { return datawal_log_append_batch(log, &valued, 1, DATAWAL_SYNC, nullptr, e); }},
  };
  for (const auto& row : rows) {
    datawal_error error{};
    EXPECT_EQ(row.call(&error), DATAWAL_INVALID_ARGUMENT) << row.name;
    EXPECT_THAT(error.message, HasSubstr(std::string(": ") + row.name + " ")) << row.name;
  }
  EXPECT_EQ(datawal_log_last_txid(log) + datawal_store_last_txid(store), 0U) << "nothing was written";
  datawal_batch_free(batch);
  datawal_log_free(log);
  datawal_store_free(store);
}

TEST_F(CapiOptions, SayWhatMayBeThere) {
  datawal_open_options options{};
  datawal_error error{};
  datawal_store* store = nullptr;
  int there = 1;
  options.open_mode = DATAWAL_MUST_EXIST;
  EXPECT_EQ(datawal_store_open(in_dir("kv").c_str(), &options, &store, &error), DATAWAL_NOT_FOUND);
  EXPECT_FALSE(std::filesystem::exists(in_dir("kv")));
  EXPECT_EQ(datawal_is_store(in_dir("kv").c_str(), &there, &error), DATAWAL_OK);
  EXPECT_EQ(there, 0);
  options.open_mode = DATAWAL_MUST_BE_NEW;
  ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), &options, &store, &error), DATAWAL_OK) << error.message;
  datawal_store_free(store);
  EXPECT_EQ(datawal_store_open(in_dir("kv").c_str(), &options, &store, &error), DATAWAL_ALREADY_EXISTS);
  EXPECT_EQ(datawal_is_store(in_dir("kv").c_str(), &there, &error), DATAWAL_OK);
  EXPECT_EQ(there, 1);
  options.open_mode = DATAWAL_MUST_EXIST;
  EXPECT_EQ(datawal_store_open(in_dir("kv").c_str(), &options, &store, &error), DATAWAL_OK);
  datawal_store_free(store);
}

}  // namespace
}  // namespace datawal::test
