// A disk that is full when the state is to be written. Real filesystems, small ones, seen by one child alone.

#include <datawal/saved_state.hpp>

#include "log/disk_full_support.hpp"
#include "log/saved/state_support.hpp"

namespace datawal::test {
namespace {

using DiskFullState = DiskFull;

INSTANTIATE_TEST_SUITE_P(, DiskFullState, testing::Values(Disk::tmpfs, Disk::ext4), name_of_disk);

TEST_P(DiskFullState, IsNotWrittenAndTheLogGoesOn) {
  on_small_disks([&](const OpenOptions& options) {
    std::uint64_t count = 0;
    {
      RecordLog log = open_log(dir(), always_stated(options));
      must(log.append(payload_of(1)));
      must(log.save_state());
      fill_up();
      count = append_until_full(log);
      const Result<void> saved = log.save_state();
      EXPECT_TRUE(saved || saved.error().code == Errc::no_space) << saved.error().message();
      EXPECT_FALSE(log.is_poisoned());
      const Result<void> rotated = log.rotate();
      EXPECT_TRUE(rotated || rotated.error().code == Errc::no_space) << rotated.error().message();
      EXPECT_FALSE(log.is_poisoned());
      EXPECT_TRUE(ok(log.close()));
    }
    for (const std::string& name : names_in(dir())) EXPECT_FALSE(name.starts_with(".tmp-")) << name;
    {
      RecordLog log = open_log(dir(), always_stated(options));
      EXPECT_EQ(log.recovery_report().index_state, IndexState::used) << log.recovery_report().index_reason;
      expect_whole(read(log.records()), count);
      std::filesystem::remove(ballast());
      must(log.append(payload_of(count + 1)));
      must(log.rotate());
      EXPECT_TRUE(ok(log.close()));
    }
    EXPECT_EQ(expect_as_without_state(dir(), IndexState::used, options), 0U);
    expect_whole(read(dir()), count + 1);
  });
}

}  // namespace
}  // namespace datawal::test
