// Scrubbing from C.

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>

#include "capi/capi_support.hpp"

namespace datawal::test {
namespace {

class CapiScrub : public CapiTest {
 protected:
  CapiScrub() {
    datawal_store* store = nullptr;
    EXPECT_EQ(datawal_store_open(in_dir("kv").c_str(), nullptr, &store, nullptr), DATAWAL_OK);
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(i);
      EXPECT_EQ(datawal_store_put(store, key.data(), key.size(), "value", 5, DATAWAL_NO_SYNC, nullptr), DATAWAL_OK);
    }
    EXPECT_EQ(datawal_store_save_index(store, nullptr), DATAWAL_OK);
    datawal_store_free(store);
  }

  void damage_a_record() const {
    std::fstream file(in_dir("kv/00000001.dwal"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(45);
    file.put('X');
  }

  datawal_scrub_report report_{};
};

TEST_F(CapiScrub, FindsNothingInASoundStore) {
  ASSERT_EQ(datawal_scrub(in_dir("kv").c_str(), nullptr, &report_, nullptr), DATAWAL_OK);
  EXPECT_EQ(report_.is_clean, 1);
  EXPECT_EQ(report_.is_cancelled, 0);
  EXPECT_EQ(report_.verify.frames_checked, 100U);
  EXPECT_EQ(report_.index.state, DATAWAL_INDEX_USED);
  EXPECT_EQ(report_.index.keys, 100U);
  EXPECT_EQ(report_.state.state, DATAWAL_INDEX_ABSENT);
  EXPECT_EQ(report_.damage.code, DATAWAL_OK);
}

TEST_F(CapiScrub, TellsDamageAndStillSucceeds) {
  damage_a_record();
  ASSERT_EQ(datawal_scrub(in_dir("kv").c_str(), nullptr, &report_, nullptr), DATAWAL_OK);
  EXPECT_EQ(report_.is_clean, 0);
  EXPECT_EQ(report_.damage.code, DATAWAL_CORRUPTION);
  EXPECT_EQ(report_.damage.segment, 1U);
}

TEST_F(CapiScrub, IsStoppedByItsCallback) {
  datawal_scrub_options options;
  datawal_scrub_options_init(&options);
  options.on_progress = [](void*, std::uint64_t, std::uint64_t) { return 0; };
  ASSERT_EQ(datawal_scrub(in_dir("kv").c_str(), &options, &report_, nullptr), DATAWAL_OK);
  EXPECT_EQ(report_.is_cancelled, 1);
}

TEST_F(CapiScrub, OfAnOpenStore) {
  datawal_store* store = nullptr;
  ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), nullptr, &store, nullptr), DATAWAL_OK);
  EXPECT_EQ(datawal_store_scrub(store, nullptr, &report_, nullptr), DATAWAL_OK);
  EXPECT_EQ(report_.is_clean, 1);
  datawal_scrub_stats stats{};
  stats.runs = 7;
  EXPECT_EQ(datawal_store_scrub_stats(store, &stats, nullptr), DATAWAL_OK);
  EXPECT_EQ(stats.runs, 0U);
  EXPECT_EQ(stats.is_enabled, 0);
  datawal_store_free(store);
}

TEST_F(CapiScrub, HappensInTheBackgroundWhereThatIsAskedFor) {
  datawal_open_options options;
  datawal_open_options_init(&options);
  options.scrub = 1;
  options.scrub_bytes_per_second = DATAWAL_UNLIMITED;
  options.scrub_period_s = UINT64_MAX;
  datawal_store* store = nullptr;
  ASSERT_EQ(datawal_store_open(in_dir("kv").c_str(), &options, &store, nullptr), DATAWAL_OK);
  datawal_scrub_stats stats{};
  while (stats.runs == 0) {
    ASSERT_EQ(datawal_store_scrub_stats(store, &stats, nullptr), DATAWAL_OK);
    std::this_thread::yield();
  }
  EXPECT_EQ(stats.is_enabled, 1);
  EXPECT_EQ(stats.is_failing, 0);
  datawal_store_free(store);
}

TEST_F(CapiScrub, RefusesWhatMakesNoSense) {
  datawal_scrub_options options;
  datawal_scrub_options_init(&options);
  options.skips_index = 2;
  EXPECT_EQ(datawal_scrub(in_dir("kv").c_str(), &options, &report_, nullptr), DATAWAL_INVALID_ARGUMENT);
  options.skips_index = 0;
  options.reserved = 1;
  EXPECT_EQ(datawal_scrub(in_dir("kv").c_str(), &options, &report_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_scrub(nullptr, nullptr, &report_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_scrub(nullptr, nullptr, &report_, nullptr), DATAWAL_INVALID_ARGUMENT);
  EXPECT_EQ(datawal_store_scrub_stats(nullptr, nullptr, nullptr), DATAWAL_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace datawal::test
