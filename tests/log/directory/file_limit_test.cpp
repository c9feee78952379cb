// A limit on the size of files (ulimit -f): what fits below it is taken, and nothing dies of a SIGXFSZ.
#include <sys/resource.h>

#include <cerrno>

#include <gmock/gmock.h>

#include "log/reader_support.hpp"
#include "log/write_paths.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

constexpr std::uint64_t limit = 300'000;  // no multiple of a page

void set_limit(std::uint64_t bytes) {
  const rlimit wanted{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  if (::setrlimit(RLIMIT_FSIZE, &wanted) != 0) throw std::runtime_error("no limit");
}

using FileLimit = OnBothWritePaths;

INSTANTIATE_TEST_SUITE_P(, FileLimit, both_write_paths, name_of_path);

TEST_P(FileLimit, IsReachedToTheLastRecordThatFits) {
  in_child([&] {
    set_limit(limit);
    RecordLog log = store_.open();
    const std::string payload(972, 'x');  // with its frame 1,000 bytes
    Result<RecordRef> ref = log.append(payload);
    while (ref) ref = log.append(payload);
    EXPECT_TRUE(refused(ref, Errc::no_space));
    EXPECT_EQ(ref.error().os_errno, EFBIG);
    EXPECT_THAT(ref.error().message(), testing::HasSubstr("ulimit -f"));
    EXPECT_EQ(log.last_txid(), limit / 1000);
    EXPECT_TRUE(refused(log.append(std::string(limit, 'y')), Errc::no_space));
    EXPECT_FALSE(log.is_poisoned());
    EXPECT_TRUE(ok(log.fsync()));
    EXPECT_TRUE(ok(log.rotate()));
    EXPECT_TRUE(ok(log.append(payload)));
    EXPECT_TRUE(ok(log.close()));
  });
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(limit / 1000 + 1));
}

TEST_P(FileLimit, ThatIsRaisedLetsTheHandleGoOn) {
  in_child([&] {
    set_limit(10'000);
    RecordLog log = store_.open();
    append_records(log, 1);
    EXPECT_TRUE(refused(log.append(std::string(20'000, 'y')), Errc::no_space));
    set_limit(RLIM_INFINITY);
    EXPECT_TRUE(ok(log.append(std::string(20'000, 'y'), {.sync = true})));
    EXPECT_TRUE(ok(log.close()));
  });
  EXPECT_EQ(read(store_.path()).txids(), txids_up_to(2));
}

}  // namespace
}  // namespace datawal::test
