// overlayfs: the first change of a file moves it to another filesystem, under the same name and inode number; what was mapped, or
// opened to be mapped, before goes on showing how it was.

#include <sys/mount.h>

#include "kv/kv_support.hpp"
#include "support/mounts.hpp"

namespace datawal::test {
namespace {

bool mount_overlay(const std::filesystem::path& base) {
  for (const char* name : {"lower", "upper", "work", "merged"}) std::filesystem::create_directories(base / name);
  const std::string options = "lowerdir=" + (base / "lower").string() + ",upperdir=" + (base / "upper").string() +
                              ",workdir=" + (base / "work").string();
  return ::mount("overlay", (base / "merged").c_str(), "overlay", 0, options.c_str()) == 0;
}

std::string why_no_overlay() {
  if (std::string reason = why_no_mounts(); !reason.empty()) return reason;
  const Store store;
  return why_not("an overlay", [&] {
    must_leave_mount_namespace();
    return mount_overlay(store.path());
  });
}

class Overlay : public testing::TestWithParam<WritePath> {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_overlay(); !reason.empty()) GTEST_SKIP() << reason;
    std::filesystem::create_directory(store_.path() / "lower");
  }

  [[nodiscard]] std::filesystem::path merged() const { return store_.path() / "merged"; }

  // The store that the image holds.
  Contents fill_lower(bool was_killed) const {
    Contents contents;
    for (int n = 0; n < 20; ++n) contents["old " + std::to_string(n)] = std::string(100, 'o');
    fill(store_.path() / "lower", contents, {.max_segment_bytes = 1000});
    if (was_killed) {  // reserved space behind its records
      for (const auto& entry : std::filesystem::directory_iterator(store_.path() / "lower")) {
        if (entry.path().filename() != "00000003.dwal") continue;
        std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) + 4096);
      }
    }
    return contents;
  }

  // Readers that were there before anything was written show what is written, whatever it does to the files.
  void expect_readers_to_follow(Contents contents) const {
    must_leave_mount_namespace();
    ASSERT_TRUE(mount_overlay(store_.path()));
    DataWalReader mapped = open_kv_reader(merged());
    DataWalReader read_by_call = open_kv_reader(merged(), {.read_path = ReadPath::pread});
    RecordLogReader log = must(RecordLogReader::open(merged()));
    EXPECT_EQ(contents_of(mapped), contents);
    const auto follow = [&](const char* after) {
      SCOPED_TRACE(after);
      for (DataWalReader* reader : {&mapped, &read_by_call}) {
        must(reader->refresh());
        EXPECT_EQ(contents_of(*reader), contents);
      }
      must(log.refresh());
      EXPECT_EQ(read(log).error, std::nullopt);
    };
    DataWal kv = open_kv(merged(), {.max_segment_bytes = 6000, .write_path = GetParam()});
    follow("opening");
    for (int round = 0; round < 100; ++round) {
      const std::string key = "new " + std::to_string(round % 40);
      must(kv.put(key, contents[key] = std::string(200, static_cast<char>('a' + round % 26))));
      if (round % 7 == 0) follow("putting");
    }
    must(kv.compact({.min_garbage_ratio = 0}));
    follow("compacting");
    EXPECT_EQ(contents_of(kv), contents);
    must(kv.close());
    follow("closing");
  }

  Store store_;
};

TEST_P(Overlay, ReadersFollowAStoreOfALowerLayer) {
  const Contents contents = fill_lower(false);
  in_child([&] { expect_readers_to_follow(contents); });
}

TEST_P(Overlay, ReadersFollowAStoreOfALowerLayerWhoseWriterWasKilled) {
  const Contents contents = fill_lower(true);
  in_child([&] { expect_readers_to_follow(contents); });
}

INSTANTIATE_TEST_SUITE_P(Writing, Overlay, testing::Values(WritePath::append, WritePath::mapped),
                         [](const auto& of) { return of.param == WritePath::append ? "append" : "mapped"; });

}  // namespace
}  // namespace datawal::test
