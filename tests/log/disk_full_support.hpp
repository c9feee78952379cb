#pragma once
// Small disks that only one child sees, and logs that fill them.

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include <datawal/segment.hpp>

#include "reader_support.hpp"
#include "support/mounts.hpp"

namespace datawal::test {

enum class Disk { tmpfs, ext4, xfs };

inline const char* name_of(Disk disk) {
  switch (disk) {
    case Disk::tmpfs: return "tmpfs";
    case Disk::ext4: return "ext4";
    case Disk::xfs: return "xfs";
  }
  return "?";
}

/// A test on a small filesystem of its own; skipped, with the reason, where there can be none.
class OnADisk : public testing::TestWithParam<Disk> {
 protected:
  void SetUp() override {
    if (const std::string reason = why_no_mounts(); !reason.empty()) GTEST_SKIP() << reason;
    std::filesystem::create_directory(disk_);
    const std::string reason = why_not(std::string("a filesystem of type ") + name_of(GetParam()) + " in a file",
                                       [this] { return leave_mount_namespace() && mount(beside_ / "try"); });
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

  /// Runs `body` in a child that alone sees a small disk at disk_.
  void on_a_small_disk(const std::function<void()>& body) const {
    in_child([&] {
      must_leave_mount_namespace();
      if (!mount(beside_ / "image")) throw std::runtime_error("no disk");
      body();
    });
  }

  /// The same with each write path, on a disk of its own.
  void on_small_disks(const std::function<void(const OpenOptions&)>& body) const {
    for (const WritePath path : {WritePath::append, WritePath::mapped}) {
      SCOPED_TRACE(path == WritePath::mapped ? "mapped" : "append");
      on_a_small_disk([&] { body({.write_path = path}); });
    }
  }

  [[nodiscard]] std::filesystem::path dir() const { return disk_ / "store"; }
  [[nodiscard]] std::filesystem::path ballast() const { return disk_ / "ballast"; }

  safeatomic::test::ScratchDirectory beside_;
  const std::filesystem::path disk_ = beside_ / "disk";

 private:
  [[nodiscard]] bool mount(const std::filesystem::path& image) const {
    switch (GetParam()) {
      case Disk::tmpfs: mount_tmpfs(disk_, "size=512k"); return true;
      case Disk::ext4: return mount_ext4(image, disk_, 8);
      case Disk::xfs: return mount_xfs(image, disk_, 24);
    }
    return false;
  }
};

/// Logs that fill a small disk.
class DiskFull : public OnADisk {
 protected:
  /// A file that takes all the room there is.
  void fill_up() const {
    std::ofstream file(ballast(), std::ios::binary);
    const std::string block(4096, 'b');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
  }

  /// Appends until it is refused, and returns how many were appended.
  static std::uint64_t append_until_full(RecordLog& log, const WriteOptions& how = {}) {
    for (;;) {
      const std::uint64_t next = log.last_txid() + 1;
      const Result<RecordRef> ref = log.append(payload_of(next), how);
      if (!ref) {
        EXPECT_TRUE(refused(ref, Errc::no_space));
        EXPECT_EQ(log.last_txid(), next - 1);
        return next - 1;
      }
    }
  }

  static std::string payload_of(std::uint64_t txid) {
    return std::to_string(txid) + std::string(5000 + txid * 7 % 900, static_cast<char>('a' + txid % 26));
  }

  static void expect_whole(const Reading& reading, std::uint64_t count) {
    EXPECT_EQ(reading.error, std::nullopt);
    EXPECT_EQ(reading.txids(), txids_up_to(count));
    for (const Record& record : reading.records) EXPECT_EQ(record.payload, payload_of(record.txid));
  }
};

inline std::string name_of_disk(const testing::TestParamInfo<Disk>& of) { return name_of(of.param); }

}  // namespace datawal::test
