#pragma once
// Handles of datawal.h that end by themselves.

#include <datawal/datawal.h>

#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "scratch_directory.hpp"

namespace datawal::test {

template <auto free_handle>
struct FreeHandle {
  template <class Handle>
  void operator()(Handle* handle) const noexcept {
    free_handle(handle);
  }
};
using CLog = std::unique_ptr<datawal_log, FreeHandle<datawal_log_free>>;
using CLogReader = std::unique_ptr<datawal_log_reader, FreeHandle<datawal_log_reader_free>>;
using CFollower = std::unique_ptr<datawal_follower, FreeHandle<datawal_follower_free>>;
using CStore = std::unique_ptr<datawal_store, FreeHandle<datawal_store_free>>;
using CStoreReader = std::unique_ptr<datawal_store_reader, FreeHandle<datawal_store_reader_free>>;

/// What the last failed call said; for the messages of assertions.
inline std::string last_error() { return datawal_last_error()->message; }

/// A directory with whatever is opened in it. All calls must succeed.
class CapiTest : public testing::Test {
 protected:
  [[nodiscard]] std::string in_dir(std::string_view name) const { return directory_ / name; }

  [[nodiscard]] CLog open_log(std::string_view name) const {
    datawal_log* log = nullptr;
    EXPECT_EQ(datawal_log_open(in_dir(name).c_str(), nullptr, &log, nullptr), DATAWAL_OK) << last_error();
    return CLog(log);
  }
  [[nodiscard]] CStore open_store(std::string_view name, const datawal_open_options* options = nullptr) const {
    datawal_store* store = nullptr;
    EXPECT_EQ(datawal_store_open(in_dir(name).c_str(), options, &store, nullptr), DATAWAL_OK) << last_error();
    return CStore(store);
  }
  [[nodiscard]] CStoreReader open_reader(std::string_view name, const datawal_reader_options* options = nullptr) const {
    datawal_store_reader* reader = nullptr;
    EXPECT_EQ(datawal_store_reader_open(in_dir(name).c_str(), options, &reader, nullptr), DATAWAL_OK) << last_error();
    return CStoreReader(reader);
  }
  static void append(const CLog& log, std::string_view payload, datawal_sync sync = DATAWAL_SYNC) {
    EXPECT_EQ(datawal_log_append(log.get(), payload.data(), payload.size(), sync, nullptr, nullptr), DATAWAL_OK)
        << last_error();
  }
  static void put(const CStore& store, std::string_view key, std::string_view value) {
    EXPECT_EQ(
        datawal_store_put(store.get(), key.data(), key.size(), value.data(), value.size(), DATAWAL_NO_SYNC, nullptr),
        DATAWAL_OK)
        << last_error();
  }

  safeatomic::test::ScratchDirectory directory_;
};

}  // namespace datawal::test
