// SIGKILL at random instants: what was acknowledged is there, and nothing that was never appended.
#include <gmock/gmock.h>

#include "log/disk_full_support.hpp"
#include "log/process_kill_support.hpp"
#include "log/write_paths.hpp"

namespace datawal::test {
namespace {

class ProcessKill : public OnBothWritePaths {
 protected:
  void die_fifty_times(OpenOptions options, const WriteOptions& how) {
    options.write_path = GetParam();
    MortalLog(store_.path(), random_).die(50, options, how);
  }

  std::mt19937_64 random_ = seeded_random();
};

INSTANTIATE_TEST_SUITE_P(, ProcessKill, both_write_paths, name_of_path);

TEST_P(ProcessKill, LosesNothingThatWasSynced) { die_fifty_times({.max_segment_bytes = 64 * 1024}, {.sync = true}); }

TEST_P(ProcessKill, LosesNothingThatWasAppendedThoughNotSynced) {
  die_fifty_times({.max_segment_bytes = 32 * 1024}, {});
}

TEST_P(ProcessKill, LosesNothingUnderThePolicyThatSyncsEveryAppend) {
  die_fifty_times({.sync_policy = SyncPolicy::every_append()}, {});
}

TEST_P(ProcessKill, InTheMiddleOfOpeningLeavesAStoreThatOpens) {
  // A torn tail gives opening something to do; each death comes at a random moment of it.
  const std::string frames = raw_frame(1, MortalLog::payload_of(1)) + raw_frame(2, MortalLog::payload_of(2));
  for (int life = 1; life <= 50; ++life) {
    SCOPED_TRACE("life " + std::to_string(life));
    overwrite(store_.segment(1), 0, frames + raw_frame(3, std::string(100'000, 't')).substr(0, 90'000));
    Child opener([&](Talk& talk) {
      talk.tell("now");
      static_cast<void>(RecordLog::open(store_.path()));
    });
    ASSERT_EQ(opener.talk().hear(), "now");
    dither(random_, 300'000);
    opener.kill();
    const RecordLog log = store_.open();
    MortalLog::expect_whole(read(log.records()), 2);
    EXPECT_EQ(log.last_txid(), 2U);
  }
  // Whatever was cut was kept, whole, each time that it was cut.
  for (const auto& entry : std::filesystem::directory_iterator(store_.path())) {
    const std::string name = entry.path().filename().string();
    EXPECT_FALSE(name.ends_with(".dwal-tmp")) << name;
    if (name.find(".torn-") != std::string::npos) {
      EXPECT_EQ(entry.file_size(), 90'000U) << name;
    }
  }
}

// The same on filesystems as they are used, each in a file.
using ProcessKillOnDisk = OnADisk;

INSTANTIATE_TEST_SUITE_P(, ProcessKillOnDisk, testing::Values(Disk::ext4, Disk::xfs), name_of_disk);

TEST_P(ProcessKillOnDisk, LosesNothingThatWasAppended) {
  on_a_small_disk([&] {
    std::mt19937_64 random = seeded_random();
    MortalLog(disk_ / "synced", random).die(15, {.max_segment_bytes = 64 * 1024}, {.sync = true});
    MortalLog(disk_ / "not-synced", random).die(15, {.max_segment_bytes = 32 * 1024}, {});
  });
}

}  // namespace
}  // namespace datawal::test
