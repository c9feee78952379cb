// The one table of a log's files: which bears the name, which is only still read, and what rotation needs beforehand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <datawal/segment.hpp>

#include "faulty_file_system.hpp"
#include "log/directory/kept_files.hpp"
#include "log/read/segment_registry.hpp"
#include "log/store_support.hpp"

namespace datawal::test {
namespace {

using log::SegmentFile;
using log::SegmentRegistry;
using testing::ElementsAre;
using testing::IsEmpty;

class Registry : public testing::Test {
 protected:
  SegmentFile& add(std::uint32_t id, const std::string& key) {
    const std::shared_ptr<safeatomic::File> file = make(id, key);
    return registry_.add({.id = id, .info = file->info().value(), .kept = std::make_shared<log::KeptFile>()});
  }

  // Puts another file in the place of a segment's, as a compaction does.
  std::shared_ptr<SegmentFile> rewrite(SegmentFile& old, const std::string& key) {
    EXPECT_TRUE(registry_.keep(old, open(old.id)));
    std::filesystem::remove(store_.segment(old.id));
    const std::shared_ptr<SegmentFile> now = registry_.add_rewritten(old, make(old.id, key)->info().value(),
                                                                     [](SegmentFile&) { return true; });
    registry_.unname(old, now.get());
    return now;
  }

  std::shared_ptr<safeatomic::File> make(std::uint32_t id, const std::string& key) {
    store_.put(id, reference_encode(1, id, key, "value"));
    return open(id);
  }
  [[nodiscard]] std::shared_ptr<safeatomic::File> open(std::uint32_t id) const {
    return std::move(registry_.directory()->open_file(segment::filename(id), {}).value());
  }
  [[nodiscard]] std::vector<std::uint32_t> sealed() const {
    std::vector<log::PinnedSegment> segments;
    registry_.add_sealed_to(segments);
    std::vector<std::uint32_t> ids;
    for (const log::PinnedSegment& segment : segments) ids.push_back(segment.id);
    return ids;
  }
  static std::uint64_t inode_of(const Result<std::shared_ptr<safeatomic::File>>& file) {
    return file.value()->info().value().inode;
  }

  const Store store_;
  safeatomic::test::FaultyFileSystem files_;
  SegmentRegistry registry_{[this] {
    std::filesystem::create_directories(store_.path());
    return std::shared_ptr(files_.open_directory(store_.path()).value());
  }()};
};

TEST_F(Registry, TheLastSegmentIsNotSealed) {
  EXPECT_EQ(registry_.last_id(), 0U);
  add(1, "one");
  EXPECT_THAT(sealed(), IsEmpty());
  add(2, "two");
  EXPECT_THAT(sealed(), ElementsAre(1));
  EXPECT_EQ(registry_.last_id(), 2U);
}

TEST_F(Registry, RotationSealsTheLastOneAtItsSize) {
  add(1, "one");
  (void)registry_.reserve();
  safeatomic::FileInfo grown = registry_.last_info();
  grown.size += 100;
  const std::shared_ptr<safeatomic::File> next = make(2, "two");
  registry_.rotate(grown, 2, next->info().value(), next);
  EXPECT_EQ(registry_.pinned(*registry_.find(1)).info.size, grown.size);
  EXPECT_EQ(registry_.last_id(), 2U);
  EXPECT_THAT(sealed(), ElementsAre(1));
}

TEST_F(Registry, OneFileOfASegmentBearsTheNameAndTheOtherIsReadAllTheSame) {
  SegmentFile& old = add(1, "one");
  add(2, "two");
  const std::uint64_t old_inode = registry_.pinned(*registry_.find(1)).info.inode;
  const std::shared_ptr<SegmentFile> now = rewrite(old, "another one");
  EXPECT_THAT(sealed(), ElementsAre(1)) << "once, though there are two files";
  EXPECT_NE(registry_.pinned(*registry_.find(1)).info.inode, old_inode);
  EXPECT_EQ(inode_of(registry_.open(old)), old_inode);
  EXPECT_EQ(inode_of(registry_.open(*now)), registry_.pinned(*registry_.find(1)).info.inode);
  EXPECT_EQ(registry_.find(1), now);
}

TEST_F(Registry, WhatIsBeingWrittenHasNoNameYet) {
  SegmentFile& old = add(1, "one");
  add(2, "two");
  const std::uint64_t old_inode = registry_.pinned(*registry_.find(1)).info.inode;
  const std::shared_ptr<SegmentFile> next = registry_.add_rewritten(old, make(3, "not there yet")->info().value(),
                                                                    [](SegmentFile&) { return true; });
  EXPECT_THAT(sealed(), ElementsAre(1));
  EXPECT_EQ(registry_.pinned(*registry_.find(1)).info.inode, old_inode);
  EXPECT_EQ(registry_.find(1).get(), &old);
  EXPECT_EQ(registry_.erase(*next), next) << "it was given up";
  EXPECT_EQ(registry_.find(1).get(), &old);
}

TEST_F(Registry, WhatCannotBePreparedIsNotAdded) {
  SegmentFile& old = add(1, "one");
  add(2, "two");
  const safeatomic::FileInfo info = make(3, "written for nothing")->info().value();
  EXPECT_EQ(registry_.add_rewritten(old, info, [](SegmentFile&) { return false; }), nullptr);
  EXPECT_THROW((void)registry_.add_rewritten(old, info, [](SegmentFile&) -> bool { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_EQ(registry_.files().size(), 2U);
}

TEST_F(Registry, AFileThatKeepsItsNameIsNotHeldOpen) {
  SegmentFile& one = add(1, "one");
  add(2, "two");
  const std::shared_ptr<safeatomic::File> file = open(1);
  EXPECT_TRUE(registry_.keep(one, file));
  registry_.keeps_its_name(one);
  EXPECT_EQ(file.use_count(), 1);
}

TEST_F(Registry, WhatBearsANameIsNotErased) {
  SegmentFile& one = add(1, "one");
  add(2, "two");
  EXPECT_EQ(registry_.erase(one), nullptr);
  registry_.unname(one, nullptr);
  EXPECT_THAT(sealed(), IsEmpty());
  EXPECT_NE(registry_.erase(one), nullptr);
  EXPECT_EQ(registry_.find(1), nullptr);
}

TEST_F(Registry, TheLastSegmentKeepsItsName) {
  SegmentFile& one = add(1, "one");
  EXPECT_FALSE(registry_.keep(one, open(1)));
  add(2, "two");
  EXPECT_TRUE(registry_.keep(one, open(1)));
  registry_.unname(one, nullptr);
  EXPECT_FALSE(registry_.keep(one, open(1))) << "it has none any more";
}

TEST_F(Registry, AReleasedFileIsReadAsLongAsSomebodyNeedsIt) {
  SegmentFile& old = add(1, "one");
  add(2, "two");
  const std::uint64_t old_inode = registry_.pinned(*registry_.find(1)).info.inode;
  rewrite(old, "another one");
  const std::shared_ptr<SegmentFile> erased = registry_.erase(old);
  registry_.release(*erased, true);
  EXPECT_EQ(inode_of(registry_.open(*erased)), old_inode);
  registry_.release(*erased, false);
  EXPECT_EQ(registry_.open(*erased).error().code, Errc::snapshot_expired);
}

TEST_F(Registry, AFileWhoseNameGoesWhileItIsOpenedIsReadThoughNoMoreMayBeKept) {
  SegmentFile& old = add(1, "one");
  add(2, "two");
  const std::shared_ptr<safeatomic::File> of_old = open(1);
  std::vector<std::shared_ptr<safeatomic::File>> all;
  while (std::shared_ptr<safeatomic::File> kept = log::keep_open(of_old)) all.push_back(std::move(kept));
  bool has_gone = false;
  files_.set_hook([&](const safeatomic::test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind != safeatomic::test::OpKind::open_file || std::exchange(has_gone, true)) return std::nullopt;
    EXPECT_TRUE(registry_.keep(old, of_old));
    std::filesystem::remove(store_.segment(1));
    store_.put(1, reference_encode(1, 1, "another one", "value"));
    return std::nullopt;
  });
  EXPECT_EQ(inode_of(registry_.open(old)), of_old->info().value().inode);
  EXPECT_TRUE(has_gone);
}

TEST_F(Registry, FilesAreInLogOrderTheRewrittenOneFirst) {
  SegmentFile& one = add(1, "one");
  add(2, "two");
  rewrite(one, "another one");
  std::vector<std::string> order;
  for (const auto& [key, file] : registry_.files()) {
    order.push_back(std::to_string(key.id) + "." + std::to_string(key.generation));
  }
  EXPECT_THAT(order, ElementsAre("1.1", "1.0", "2.0"));
}

}  // namespace
}  // namespace datawal::test
