// A disk that is full to the last byte, and a store on it that is brought back to life by erasing keys and compacting.

#include <fstream>

#include <datawal/data_wal.hpp>
#include <datawal/data_wal_reader.hpp>

#include "cli/program_test.hpp"
#include "support/mounts.hpp"

namespace datawal::test {
namespace {

using testing::HasSubstr;

enum class Disk { tmpfs, ext4 };

class FullDisk : public ProgramTest, public testing::WithParamInterface<Disk> {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
    std::filesystem::create_directory(in_dir("disk"));
    const std::string reason = why_not("a small filesystem",
                                       [this] { return leave_mount_namespace() && mount("try"); });
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

  // Runs `body` in a child that alone sees a small disk.
  void on_a_small_disk(const std::function<void()>& body) const {
    in_child([&] {
      must_leave_mount_namespace();
      if (!mount("image")) throw std::runtime_error("no disk");
      body();
    });
  }

  static std::string key_of(int n) { return "key-" + std::to_string(n); }
  static std::string value_of(int n) { return std::string(30'000, static_cast<char>('a' + n % 26)); }

  // Puts keys until nothing more fits; says how many did.
  [[nodiscard]] int fill() const {
    DataWal store = DataWal::open(in_dir("disk/kv"), {.max_segment_bytes = 256 << 10}).value();
    for (int n = 0;; ++n) {
      const Result<void> put = store.put(key_of(n), value_of(n));
      if (put) continue;
      EXPECT_EQ(put.error().code, Errc::no_space);
      return n;
    }
  }

  void erase(int n) const {
    const Ended ended = run({"delete", "disk/kv", "--key", key_of(n)});
    EXPECT_EQ(ended.status, 0) << ended.err;
  }

  // All keys are there but those that `is_erased` names, and the store takes new ones.
  void expect_alive(int count, const std::function<bool(int)>& is_erased) const {
    const Ended put = run({"put", "disk/kv", "--key", "alive"}, value_of(0));
    EXPECT_EQ(put.status, 0) << put.err;
    EXPECT_EQ(run({"verify", "disk/kv"}).status, 0);
    const DataWalReader reader = DataWalReader::open(in_dir("disk/kv")).value();
    for (int n = 0; n < count; ++n) {
      const std::optional<std::string> value = reader.get(key_of(n)).value();
      EXPECT_TRUE(value == (is_erased(n) ? std::nullopt : std::optional(value_of(n)))) << n;
    }
  }

 private:
  [[nodiscard]] bool mount(const std::string& image) const {
    if (GetParam() == Disk::ext4) return mount_ext4(in_dir(image), in_dir("disk"), 8);
    mount_tmpfs(in_dir("disk"), "size=4m");
    return true;
  }
};

TEST_P(FullDisk, IsBroughtBackByErasingTheOldestKeysAndCompacting) {
  on_a_small_disk([this] {
    std::ofstream(in_dir("disk/little")) << std::string(16 << 10, 'l');
    const int count = fill();
    ASSERT_GT(count, 50);
    EXPECT_EQ(run({"put", "disk/kv", "--key", "more"}, value_of(0)).status, 3) << "it is full";
    std::filesystem::remove(in_dir("disk/little"));  // tombstones have room, values and segments have none
    const int erased = count / 4;  // the first segments then hold nothing any more, and need no room to be given back
    for (int n = 0; n < erased; ++n) erase(n);
    const Ended compact = run({"compact", "disk/kv", "--min-garbage", "0"});
    EXPECT_EQ(compact.status, 0) << compact.err;
    expect_alive(count, [erased](int n) { return n < erased; });
  });
}

TEST_P(FullDisk, IsBroughtBackWithTheRoomOfOneSegmentWhateverWasErased) {
  on_a_small_disk([this] {
    std::ofstream(in_dir("disk/ballast")) << std::string(512 << 10, 'b');
    std::ofstream(in_dir("disk/little")) << std::string(16 << 10, 'l');
    const int count = fill();
    std::filesystem::remove(in_dir("disk/little"));
    for (int n = 0; n < count; n += 2) erase(n);
    const auto is_erased = [](int n) { return n % 2 == 0; };
    const Ended full = run({"compact", "disk/kv", "--min-garbage", "0"});
    EXPECT_EQ(full.status, 3) << "what is left of a segment has no room";
    EXPECT_THAT(full.err, HasSubstr("No space left on device"));
    EXPECT_EQ(run({"verify", "disk/kv"}).status, 0) << "and nothing became worse";
    std::filesystem::remove(in_dir("disk/ballast"));
    const Ended compact = run({"compact", "disk/kv", "--min-garbage", "0"});
    EXPECT_EQ(compact.status, 0) << compact.err;
    expect_alive(count, is_erased);
  });
}

INSTANTIATE_TEST_SUITE_P(On, FullDisk, testing::Values(Disk::tmpfs, Disk::ext4),
                         [](const auto& of) { return of.param == Disk::tmpfs ? "tmpfs" : "ext4"; });

}  // namespace
}  // namespace datawal::test
