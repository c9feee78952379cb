// A log whose memory runs out in the middle of a call, at each allocation in turn: what the handle shows afterwards is what was
// there before or what the call was to bring, reopening shows the same, and nobody is kept waiting.

#include <functional>
#include <new>

#include "log/write_paths.hpp"
#include "support/failing_memory.hpp"

namespace datawal::test {
namespace {

struct Call {
  const char* name;
  int records_before;  // appended before it, so that it meets a rotation, or does not
  int appends;         // of the call; a batch is all or nothing
  std::function<Result<void>(RecordLog&)> make;
  bool keeps_state = false;  // `.state` is written at close
};

Result<void> append(RecordLog& log, std::size_t len, bool sync = false) {
  return drop_value(log.append(std::string(len, 'n'), {.sync = sync}));
}

Result<void> append_batch(RecordLog& log, std::size_t count, std::size_t len) {
  const std::string payload(len, 'b');
  const std::vector<RecordInput> batch(count, RecordInput{.payload = payload});
  return drop_value(log.append_batch(batch));
}

// Segments of 1,000 bytes hold 9 of the records that are there before.
const Call calls[] = {
    {"an append", 5, 1, [](RecordLog& log) { return append(log, 80); }},
    {"an append that rotates", 9, 1, [](RecordLog& log) { return append(log, 80); }},
    {"an append longer than a segment", 5, 1, [](RecordLog& log) { return append(log, 3'000'000); }},
    {"a synced append", 5, 1, [](RecordLog& log) { return append(log, 80, true); }},
    {"a synced append that rotates", 9, 1, [](RecordLog& log) { return append(log, 80, true); }},
    {"a batch", 2, 4, [](RecordLog& log) { return append_batch(log, 4, 80); }},
    {"a batch that rotates", 9, 4, [](RecordLog& log) { return append_batch(log, 4, 80); }},
    {"a batch longer than a segment", 9, 20, [](RecordLog& log) { return append_batch(log, 20, 200'000); }},
    {"a sync", 5, 0, [](RecordLog& log) { return log.fsync(); }},
    {"a rotation", 5, 0, [](RecordLog& log) { return log.rotate(); }},
    {"a closing", 5, 0, [](RecordLog& log) { return log.close(); }},
    {"a removal of segments", 40, 0, [](RecordLog& log) { return log.drop_segments_before(log.active_segment() - 1); }},
    {"an append with a state", 5, 1, [](RecordLog& log) { return append(log, 80); }, true},
    {"an append that rotates with a state", 9, 1, [](RecordLog& log) { return append(log, 80); }, true},
    {"a batch with a state", 2, 4, [](RecordLog& log) { return append_batch(log, 4, 80); }, true},
    {"a saving of the state", 25, 0, [](RecordLog& log) { return log.save_state(); }, true},
    {"a closing with a state", 25, 0, [](RecordLog& log) { return log.close(); }, true},
};

class LogOutOfMemory : public testing::TestWithParam<std::tuple<Call, WritePath, bool>> {
 protected:
  // The call, in which the `nth` allocation fails. @return false if there are not so many
  static bool make(RecordLog& log, std::uint64_t nth) {
    const FailingMemory failing(nth, std::get<2>(GetParam()));
    try {
      (void)std::get<0>(GetParam()).make(log);
    } catch (const std::bad_alloc&) {
      return true;
    }
    return failing.has_failed();
  }

  // The records before the call, perhaps without the first ones, and those of the call.
  static void expect_before_or_after(const std::vector<Listed>& before, const std::vector<Listed>& shown, int appends) {
    ASSERT_FALSE(shown.empty());
    const std::uint64_t last = before.back().txid;
    const std::uint64_t last_shown = shown.back().txid;
    EXPECT_TRUE(last_shown == last || last_shown == last + static_cast<std::uint64_t>(appends)) << last_shown;
    EXPECT_EQ(last_shown - shown.front().txid + 1, shown.size());
    for (const Listed& record : shown) {
      if (record.txid <= last) {
        ASSERT_EQ(record, before[record.txid - 1]);
      }
    }
  }
};

TEST_P(LogOutOfMemory, LeavesAHandleThatShowsWhatReopeningShows) {
  const Call& call = std::get<0>(GetParam());
  bool has_failed = true;
  std::uint64_t nth = 1;
  for (; has_failed; ++nth) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    const Store store;
    const OpenOptions options{.max_segment_bytes = 1000,
                              .write_path = std::get<1>(GetParam()),
                              .state = {.is_enabled = call.keeps_state, .least_bytes = 1}};
    RecordLog log = store.open(options);
    for (int n = 0; n < call.records_before; ++n) must(log.append(std::string(80, static_cast<char>('a' + n % 26))));
    const std::vector<Listed> before = listing_of(log);
    has_failed = make(log, nth);
    const Result<std::vector<Record>> scanned = log.scan();
    std::vector<Listed> shown;
    if (scanned) {
      shown = listing_of(*scanned);
      expect_before_or_after(before, shown, call.appends);
    } else {
      ASSERT_TRUE(refused(scanned, Errc::closed));
      shown = before;
    }
    if (scanned && !log.is_poisoned()) {
      for (int n = 0; n < 12; ++n) ASSERT_TRUE(ok(log.append("later" + std::string(80, 'l'), {.sync = n == 5})));
      shown = listing_of(log);
    }
    const Result<void> closed = log.close();
    ASSERT_TRUE(closed || closed.error().code == Errc::poisoned) << closed.error().message();
    const RecordLog reopened = store.open(options);
    ASSERT_EQ(listing_of(reopened), shown);
    ASSERT_EQ(reopened.recovery_report().records_replayed, shown.size());
  }
  if (std::string_view(call.name).contains("rotat")) {
    EXPECT_GT(nth, 5U) << "hardly any allocation failed";
  }
}

INSTANTIATE_TEST_SUITE_P(Calls, LogOutOfMemory,
                         testing::Combine(testing::ValuesIn(calls), both_write_paths, testing::Bool()),
                         [](const auto& of) {
                           std::string name = std::get<0>(of.param).name;
                           std::ranges::replace(name, ' ', '_');
                           return name + (std::get<1>(of.param) == WritePath::mapped ? "_mapped" : "_append") +
                                  (std::get<2>(of.param) ? "_from_then_on" : "_once");
                         });

}  // namespace
}  // namespace datawal::test
