// A survey beside a writer.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <datawal/survey.hpp>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

TEST(SurveyConcurrency, BesideAWriterThatCompactsAndRotatesShowsWhatWasThere) {
  Store store;
  DataWal kv = open_kv(store.path(), {.max_segment_bytes = 2000});
  for (int i = 0; i < 200; ++i) must(kv.put("key" + std::to_string(i % 20), std::string(30, 'v')));
  std::atomic<bool> is_over{false};
  std::thread writer([&] {
    for (int round = 0; !is_over.load(); ++round) {
      for (int i = 0; i < 50; ++i) must(kv.put("key" + std::to_string(i % 20), std::string(30, 'w')));
      must(kv.compact());
    }
  });
  int whole = 0;
  for (int turn = 0; turn < 40; ++turn) {
    std::size_t live = 0;
    std::size_t superseded = 0;
    const Result<SurveyReport> report = survey(store.path(),
                                               {.on_record =
                                                    [&](const SurveyedRecord& seen) {
                                                      live += seen.state == RecordState::live ? 1 : 0;
                                                      return true;
                                                    },
                                                .on_superseded = [&](const SupersededRecord&) { ++superseded; }},
                                               {.read_path = both_read_paths[turn % 2]});
    if (!report) {
      EXPECT_EQ(report.error().code, Errc::snapshot_expired) << report.error().message();
      continue;
    }
    ++whole;
    EXPECT_TRUE(report->verify.is_clean()) << (report->verify.damage ? report->verify.damage->message() : "torn");
    EXPECT_EQ(report->stats.live_keys, 20U);
    EXPECT_EQ(live - superseded, 20U);
  }
  is_over = true;
  writer.join();
  EXPECT_GT(whole, 0);
}

}  // namespace
}  // namespace datawal::test
