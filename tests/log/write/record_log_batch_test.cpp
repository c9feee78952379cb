// Many records with one append.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/operation_trace.hpp"
#include "log/write_paths.hpp"

namespace datawal {
namespace {

class RecordLogBatch : public test::OnBothWritePaths {
 protected:
  static std::vector<RecordInput> batch_of(std::span<const std::string> payloads) {
    std::vector<RecordInput> batch;
    for (const std::string& payload : payloads) batch.push_back({.payload = payload});
    return batch;
  }
};

INSTANTIATE_TEST_SUITE_P(, RecordLogBatch, test::both_write_paths, test::name_of_path);

TEST_P(RecordLogBatch, LeavesWhatSingleAppendsLeave) {
  const std::vector<std::string> payloads = {"one", "", std::string(3'000, '3'), std::string(200'000, '4'), "five"};
  {
    RecordLog log = store_.open();
    test::must(log.append("before"));
    std::vector<RecordInput> batch = batch_of(payloads);
    batch[1] = {.type = RecordType::Put, .key = "k", .payload = "v"};
    batch[4] = {.type = RecordType::Delete, .key = "k"};
    const std::vector<RecordRef> refs = test::must(log.append_batch(batch));
    ASSERT_EQ(refs.size(), 5U);
    EXPECT_EQ(log.last_txid(), 6U);
    for (std::size_t n = 0; n < refs.size(); ++n) {
      EXPECT_EQ(refs[n].txid, n + 2);
      const Record record = test::must(log.read(refs[n]));
      EXPECT_EQ(record.type, batch[n].type);
      EXPECT_EQ(record.key, batch[n].key);
      EXPECT_TRUE(record.payload == batch[n].payload);
    }
    test::must(log.append("behind"));
  }
  EXPECT_TRUE(store_.get(1) == test::raw_frame(1, "before") + test::raw_frame(2, "one") +
                                   test::reference_encode(1, 3, "k", "v") + test::raw_frame(4, payloads[2]) +
                                   test::raw_frame(5, payloads[3]) + test::reference_encode(2, 6, "k", "") +
                                   test::raw_frame(7, "behind"));
}

TEST_P(RecordLogBatch, LiesInOneSegment) {
  const std::vector<std::string> payloads(6, std::string(72, 'x'));  // 600 bytes
  RecordLog log = store_.open({.max_segment_bytes = 1'000});
  EXPECT_EQ(test::must(log.append_batch(batch_of(payloads))).back().segment, 1U);
  const std::vector<RecordRef> second = test::must(log.append_batch(batch_of(payloads)));
  EXPECT_EQ(second.front(), test::ref_of(2, 0, 7, test::reference_encode(0, 7, "", payloads[0])));
  EXPECT_EQ(second.back(), test::ref_of(2, 500, 12, test::reference_encode(0, 12, "", payloads[5])));
  const std::vector<std::string> more(20, std::string(72, 'y'));
  EXPECT_EQ(test::must(log.append_batch(batch_of(more))).back(),
            test::ref_of(3, 1'900, 32, test::reference_encode(0, 32, "", more[19])))
      << "a larger one gets a segment of its own";
  EXPECT_EQ(test::must(log.append("next")).segment, 4U);
}

TEST_P(RecordLogBatch, OfNothingDoesNothing) {
  RecordLog log = store_.open();
  EXPECT_TRUE(test::must(log.append_batch({}, {.sync = true})).empty());
  EXPECT_EQ(log.last_txid(), 0U);
  test::must(log.close());
  EXPECT_TRUE(test::refused(log.append_batch({}), Errc::closed));
}

TEST_P(RecordLogBatch, WithOneWrongRecordWritesNone) {
  RecordLog log = store_.open();
  const std::string key(std::size_t{max_key_len} + 1, 'k');
  const std::vector<RecordInput> batch = {{.payload = "right"}, {.key = key}, {.payload = "right too"}};
  EXPECT_TRUE(test::refused(log.append_batch(batch), Errc::invalid_argument));
  EXPECT_EQ(log.last_txid(), 0U);
  EXPECT_EQ(test::must(log.append("fits")).txid, 1U);
}

TEST_P(RecordLogBatch, ThatFindsNoRoomLeavesNothing) {
  test::FaultyFileSystem files;
  RecordLog log = store_.open({.file_system = &files});
  test::must(log.append("before", {.sync = true}));
  const std::vector<std::string> payloads(100, std::string(2'000, 'x'));
  files.set_hook([](const test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind == test::OpKind::write) return safeatomic::test::Fault{.os_errno = ENOSPC, .at_most = 30'000};
    if (op.kind == test::OpKind::reserve) return safeatomic::test::Fault::error(ENOSPC);
    return std::nullopt;
  });
  EXPECT_TRUE(test::refused(log.append_batch(batch_of(payloads)), Errc::no_space));
  EXPECT_EQ(test::must(log.scan()).size(), 1U);
  EXPECT_EQ(test::records_in(store_.get(1)), test::raw_frame(1, "before"));
  files.set_hook(nullptr);
  EXPECT_EQ(test::must(log.append_batch(batch_of(payloads), {.sync = true})).back().txid, 101U);
  EXPECT_EQ(log.durable_txid(), 101U);
}

TEST_P(RecordLogBatch, IsDurableWhereThePolicySaysSo) {
  RecordLog log = store_.open({.sync_policy = SyncPolicy::every_append()});
  const std::vector<std::string> payloads = {"one", "two"};
  test::must(log.append_batch(batch_of(payloads)));
  EXPECT_EQ(log.durable_txid(), 2U);
}

}  // namespace
}  // namespace datawal
