// Positions: what each means, for how long, and that nothing else is ever read through one.

#include <atomic>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include <datawal/segment.hpp>

#include "kv/kv_support.hpp"
#include "kv/projection/log_order.hpp"
#include "kv/records/record_space.hpp"

namespace datawal::test {
namespace {

using kv::ExtentTable;
using kv::PinnedSpace;
using kv::ReaderSlots;
using kv::RecordSpace;
using kv::SpaceSegment;

class Positions : public testing::TestWithParam<ReadPath> {
 protected:
  // A segment of one record, whose key is `name`.
  void add(std::uint32_t id, const std::string& name) {
    store_.put(id, reference_encode(1, id, name, "value"));
    const std::unique_ptr<safeatomic::File> file = open(id);
    must(space_.add(pinned(id, *file), *file));
    must(space_.cover_last(space_.last().end.load()));
  }

  // Puts another file in the place of a segment's.
  std::shared_ptr<SpaceSegment> rewrite(std::uint32_t id, const std::string& name) {
    const std::shared_ptr<SpaceSegment> old = space_.find(id);
    space_.hold(*old, open(id));
    std::filesystem::remove(store_.segment(id));
    store_.put(id, reference_encode(1, id, name, "value"));
    const std::unique_ptr<safeatomic::File> file = open(id);
    return must(space_.add_rewritten(*old, pinned(id, *file), *file));
  }

  [[nodiscard]] std::string key_at(std::uint64_t position) const { return key_at(space_, position); }
  template <class Space>
  [[nodiscard]] static std::string key_at(const Space& space, std::uint64_t position) {
    std::string buffer;
    const Result<kv::LocatedRecord> located = space.read(position, buffer);
    return located ? std::string(located->record.key) : std::string(name_of(located.error().code));
  }

  [[nodiscard]] std::unique_ptr<safeatomic::File> open(std::uint32_t id) const {
    return std::move(directory_->open_file(segment::filename(id), {}).value());
  }
  static PinnedSegment pinned(std::uint32_t id, const safeatomic::File& file) {
    return {.id = id, .info = file.info().value()};
  }

  const Store store_;
  const std::shared_ptr<safeatomic::Directory> directory_ = make();
  RecordSpace space_{directory_, GetParam()};

 private:
  std::shared_ptr<safeatomic::Directory> make() const {
    std::filesystem::create_directories(store_.path());
    return std::move(safeatomic::posix_file_system().open_directory(store_.path()).value());
  }
};

TEST_P(Positions, APositionKeepsItsMeaningAsLongAsAReaderMayHoldIt) {
  add(1, "old");
  add(2, "other");
  const std::uint64_t held = space_.find(1)->extents.position(0);
  const std::shared_ptr<SpaceSegment> now = rewrite(1, "new");
  {
    std::atomic<bool> is_removed = false;
    std::jthread removing;  // ends when the reader has left
    ReaderSlots::Stay stay;
    stay.enter(space_.readers());
    removing = std::jthread([&] {
      const RecordSpace::Removed removed = space_.remove(*space_.segments().at({.id = 1, .generation = 0}));
      is_removed = true;
      is_removed.notify_one();
    });
    is_removed.wait(false);
    EXPECT_EQ(space_.find(1), now) << "for whoever looks now";
    EXPECT_EQ(key_at(held), "old") << "for the reader";
  }
  EXPECT_EQ(key_at(held), "corruption") << "nobody is there to whom it means anything";
  EXPECT_EQ(key_at(now->extents.position(0)), "new");
}

TEST_P(Positions, APositionKeepsItsMeaningAsLongAsItsInstantIsPinned) {
  add(1, "one");
  add(2, "two");
  const std::uint64_t one = space_.find(1)->extents.position(0);
  const std::uint64_t two = space_.find(2)->extents.position(0);
  std::optional<PinnedSpace> first(space_);
  rewrite(1, "another one");
  (void)space_.remove(*space_.segments().at({.id = 1, .generation = 0}));
  std::optional<PinnedSpace> second(space_);
  rewrite(2, "another two");
  (void)space_.remove(*space_.segments().at({.id = 2, .generation = 0}));

  add(3, "three");
  EXPECT_EQ(key_at(*first, one), "one");
  EXPECT_EQ(key_at(*first, two), "two");
  first.reset();
  EXPECT_EQ(key_at(*second, two), "two");
  EXPECT_EQ(key_at(one), "corruption");
  add(4, "four");
  EXPECT_EQ(key_at(one), "four") << "it is given out again";
  EXPECT_EQ(key_at(*second, two), "two");
  second.reset();
  add(5, "five");
  EXPECT_EQ(key_at(two), "five");
}

TEST_P(Positions, AnInstantKeepsNoFileThatCameAfterIt) {
  add(1, "one");
  const std::uint64_t one = space_.find(1)->extents.position(0);
  const PinnedSpace pinned(space_);
  rewrite(1, "two");
  (void)space_.remove(*space_.segments().at({.id = 1, .generation = 0}));
  for (std::uint32_t generation = 1; generation < 5; ++generation) {
    const std::weak_ptr<SpaceSegment> later = space_.find(1);
    rewrite(1, "later");
    (void)space_.remove(*space_.segments().at({.id = 1, .generation = generation}));
    EXPECT_TRUE(later.expired());
  }
  EXPECT_EQ(key_at(pinned, one), "one");
}

TEST_P(Positions, AnInstantStaysPinnedByACopy) {
  add(1, "one");
  const std::uint64_t one = space_.find(1)->extents.position(0);
  std::optional<PinnedSpace> first(space_);
  rewrite(1, "two");
  (void)space_.remove(*space_.segments().at({.id = 1, .generation = 0}));
  const PinnedSpace copy(*first);
  first.reset();
  EXPECT_EQ(key_at(copy, one), "one");
}

TEST_P(Positions, AFileWithLiveRecordsIsNotTakenOut) {
  add(1, "one");
  const std::uint64_t position = space_.position_in_last(0);
  const std::shared_ptr<SpaceSegment> segment = space_.find(1);
  space_.count(*segment, RecordType::Put, 36);
  space_.count_live(*segment, 36);
  (void)space_.remove(*segment);
  EXPECT_EQ(space_.find(1), segment);
  EXPECT_EQ(key_at(position), "one");
  space_.count_dead(*segment, 36);
  (void)space_.remove(*segment);
  EXPECT_EQ(space_.find(1), nullptr);
  EXPECT_EQ(space_.counts().bytes, 0U);
}

TEST_P(Positions, APositionWhereNothingIsGivesAnError) {
  EXPECT_EQ(key_at(ExtentTable::nowhere), "corruption") << "there is not even a segment";
  add(1, "one");
  const std::uint64_t position = space_.position_in_last(0);
  const std::uint64_t end = space_.last().end.load();
  EXPECT_EQ(key_at(position), "one");
  EXPECT_EQ(key_at(position + 1), "corruption");
  EXPECT_EQ(key_at(position + end - 1), "corruption");
  EXPECT_EQ(key_at(position + end), "corruption");
  EXPECT_EQ(key_at(position - 1), "corruption");
  EXPECT_EQ(key_at(position + ExtentTable::extent_len), "corruption");
  EXPECT_EQ(key_at(ExtentTable::nowhere), "corruption");
  EXPECT_EQ(key_at((1ULL << 48) - 1), "corruption");
  EXPECT_EQ(key_at(~0ULL), "corruption");
  EXPECT_EQ(space_.position_in_last(ExtentTable::extent_len), ExtentTable::nowhere);
  for (const std::uint64_t nowhere : {ExtentTable::nowhere, position + end, std::uint64_t{~0ULL}})
    space_.prefetch(nowhere);
}

TEST_P(Positions, MoreThan256TebibytesAreRefusedAndTakeNoMemory) {
  add(1, "one");
  EXPECT_TRUE(refused(space_.cover_last((1ULL << 48) + 1), Errc::invalid_argument));
  EXPECT_TRUE(refused(space_.cover_last(~0ULL), Errc::invalid_argument));
  EXPECT_TRUE(refused(space_.make_room(~0ULL >> 1), Errc::invalid_argument));
  EXPECT_EQ(key_at(space_.position_in_last(0)), "one");
}

TEST_P(Positions, LogOrderIsThatOfSegmentsWhateverTheirExtents) {
  for (std::uint32_t id = 1; id <= 4; ++id) add(id, "segment " + std::to_string(id));
  for (const std::uint32_t id : {3U, 1U}) {
    rewrite(id, "rewritten " + std::to_string(id));
    (void)space_.remove(*space_.segments().at({.id = id, .generation = 0}));
  }
  add(5, "segment 5");
  rewrite(4, "rewritten 4");
  std::vector<std::uint64_t> positions;
  for (const auto& [key, segment] : space_.segments()) positions.push_back(segment->extents.position(0));
  std::ranges::sort(positions);
  kv::LogOrder(space_.segments()).sort(positions);
  std::vector<std::string> keys;
  for (const std::uint64_t position : positions) keys.push_back(key_at(position));
  EXPECT_EQ(keys, (std::vector<std::string>{"rewritten 1", "segment 2", "rewritten 3", "rewritten 4", "segment 4",
                                            "segment 5"}));
}

TEST_P(Positions, NeededTombstonesAreLookedAtAgainOncePutsHaveGoneFromAnEarlierSegment) {
  for (std::uint32_t id = 1; id <= 5; ++id) add(id, "key");
  const auto needed = [this] {
    std::vector<std::uint64_t> all;
    for (const auto& [key, segment] : space_.segments()) all.push_back(space_.needed_tombstone_bytes(*segment));
    return all;
  };
  const auto note = [this](std::uint32_t id) { space_.note_needed_tombstones(*space_.find(id), 10 * id); };
  for (std::uint32_t id = 1; id <= 5; ++id) note(id);
  space_.note_puts_gone(4);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 30, 40, 0));
  space_.note_puts_gone(2);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 0, 0, 0));
  note(3);
  space_.note_puts_gone(4);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 30, 0, 0));
  note(5);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 30, 0, 50));
  space_.note_puts_gone(1);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 0, 0, 0, 0));
}

INSTANTIATE_TEST_SUITE_P(Reading, Positions, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
