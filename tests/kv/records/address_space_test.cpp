// Addresses: what each means, for how long, and that nothing else is ever read through one.

#include <atomic>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

#include <datawal/segment.hpp>

#include "kv/kv_support.hpp"
#include "kv/projection/log_order.hpp"
#include "kv/records/address_space.hpp"

namespace datawal::test {
namespace {

using kv::AddressSpace;
using kv::ExtentTable;
using kv::PinnedAddressSpace;
using kv::ReaderEpochs;
using kv::SegmentFile;

class Addresses : public testing::TestWithParam<ReadPath> {
 protected:
  // A segment of one record, whose key is `name`.
  void add(std::uint32_t id, const std::string& name) {
    store_.put(id, reference_encode(1, id, name, "value"));
    const std::unique_ptr<safeatomic::File> file = open(id);
    address_space_.added(registry().add(pinned(id, *file)), *file);
    must(address_space_.cover_last(address_space_.last().end.load()));
  }

  // Puts another file in the place of a segment's.
  std::shared_ptr<SegmentFile> rewrite(std::uint32_t id, const std::string& name) {
    const std::shared_ptr<SegmentFile> old = address_space_.find(id);
    EXPECT_TRUE(registry().keep(*old, open(id)));
    std::filesystem::remove(store_.segment(id));
    store_.put(id, reference_encode(1, id, name, "value"));
    const std::unique_ptr<safeatomic::File> file = open(id);
    const std::shared_ptr<SegmentFile> now = must(address_space_.add_rewritten(*old, file->info().value(), *file));
    registry().unname(*old, now.get());
    return now;
  }

  [[nodiscard]] std::string key_at(std::uint64_t address) const { return key_at(address_space_, address); }
  template <class Space>
  [[nodiscard]] static std::string key_at(const Space& space, std::uint64_t address) {
    std::string buffer;
    const Result<kv::LocatedRecord> located = space.read(address, buffer);
    return located ? std::string(located->record.key) : std::string(name_of(located.error().code));
  }

  [[nodiscard]] std::shared_ptr<SegmentFile> file_at(const log::SegmentFileKey& key) const {
    return kv::with_addresses(registry().files().at(key));
  }
  [[nodiscard]] log::SegmentRegistry& registry() const { return *address_space_.registry(); }
  [[nodiscard]] std::unique_ptr<safeatomic::File> open(std::uint32_t id) const {
    return std::move(directory_->open_file(segment::filename(id), {}).value());
  }
  static log::PinnedSegment pinned(std::uint32_t id, const safeatomic::File& file) {
    return {.id = id, .info = file.info().value(), .kept = std::make_shared<log::KeptFile>()};
  }

  const Store store_;
  const std::shared_ptr<safeatomic::Directory> directory_ = make();
  AddressSpace address_space_{std::make_shared<log::SegmentRegistry>(directory_), GetParam()};

 private:
  std::shared_ptr<safeatomic::Directory> make() const {
    std::filesystem::create_directories(store_.path());
    return std::move(safeatomic::posix_file_system().open_directory(store_.path()).value());
  }
};

TEST_P(Addresses, APositionKeepsItsMeaningAsLongAsAReaderMayHoldIt) {
  add(1, "old");
  add(2, "other");
  const std::uint64_t held = address_space_.find(1)->extents.address(0);
  const std::shared_ptr<SegmentFile> now = rewrite(1, "new");
  {
    std::atomic<bool> is_removed = false;
    std::jthread removing;  // ends when the reader has left
    ReaderEpochs::Guard reading;
    reading.enter(address_space_.readers());
    removing = std::jthread([&] {
      const AddressSpace::Removed removed = address_space_.remove(*file_at({.id = 1, .generation = 0}));
      is_removed = true;
      is_removed.notify_one();
    });
    is_removed.wait(false);
    EXPECT_EQ(address_space_.find(1), now) << "for whoever looks now";
    EXPECT_EQ(key_at(held), "old") << "for the reader";
  }
  EXPECT_EQ(key_at(held), "corruption") << "nobody is there to whom it means anything";
  EXPECT_EQ(key_at(now->extents.address(0)), "new");
}

TEST_P(Addresses, APositionKeepsItsMeaningAsLongAsItsInstantIsPinned) {
  add(1, "one");
  add(2, "two");
  add(3, "behind them");
  const std::uint64_t one = address_space_.find(1)->extents.address(0);
  const std::uint64_t two = address_space_.find(2)->extents.address(0);
  std::optional<PinnedAddressSpace> first(address_space_);
  rewrite(1, "another one");
  (void)address_space_.remove(*file_at({.id = 1, .generation = 0}));
  std::optional<PinnedAddressSpace> second(address_space_);
  rewrite(2, "another two");
  (void)address_space_.remove(*file_at({.id = 2, .generation = 0}));

  add(4, "three");
  EXPECT_EQ(key_at(*first, one), "one");
  EXPECT_EQ(key_at(*first, two), "two");
  first.reset();
  EXPECT_EQ(key_at(*second, two), "two");
  EXPECT_EQ(key_at(one), "corruption");
  add(5, "four");
  EXPECT_EQ(key_at(one), "four") << "it is given out again";
  EXPECT_EQ(key_at(*second, two), "two");
  second.reset();
  add(6, "five");
  EXPECT_EQ(key_at(two), "five");
}

TEST_P(Addresses, AnInstantKeepsNoFileThatCameAfterIt) {
  add(1, "one");
  add(2, "behind it");
  const std::uint64_t one = address_space_.find(1)->extents.address(0);
  const PinnedAddressSpace pinned(address_space_);
  rewrite(1, "two");
  (void)address_space_.remove(*file_at({.id = 1, .generation = 0}));
  for (std::uint32_t generation = 1; generation < 5; ++generation) {
    const std::weak_ptr<SegmentFile> later = address_space_.find(1);
    rewrite(1, "later");
    (void)address_space_.remove(*file_at({.id = 1, .generation = generation}));
    EXPECT_TRUE(later.expired());
  }
  EXPECT_EQ(key_at(pinned, one), "one");
}

TEST_P(Addresses, AnInstantStaysPinnedByACopy) {
  add(1, "one");
  add(2, "behind it");
  const std::uint64_t one = address_space_.find(1)->extents.address(0);
  std::optional<PinnedAddressSpace> first(address_space_);
  rewrite(1, "two");
  (void)address_space_.remove(*file_at({.id = 1, .generation = 0}));
  const PinnedAddressSpace copy(*first);
  first.reset();
  EXPECT_EQ(key_at(copy, one), "one");
}

TEST_P(Addresses, AFileWithLiveRecordsIsNotTakenOut) {
  add(1, "one");
  const std::uint64_t address = address_space_.address_in_last(0);
  const std::shared_ptr<SegmentFile> segment = address_space_.find(1);
  add(2, "behind it");
  address_space_.count(*segment, RecordType::Put, 36);
  address_space_.count_live(*segment, 36);
  (void)address_space_.remove(*segment);
  EXPECT_EQ(address_space_.find(1), segment);
  EXPECT_EQ(key_at(address), "one");
  address_space_.count_dead(*segment, 36);
  (void)address_space_.remove(*segment);
  EXPECT_EQ(address_space_.find(1), segment) << "its name is still there";
  registry().unname(*segment, nullptr);
  (void)address_space_.remove(*segment);
  EXPECT_EQ(address_space_.find(1), nullptr);
  EXPECT_EQ(address_space_.counts().bytes, 0U);
}

TEST_P(Addresses, APositionWhereNothingIsGivesAnError) {
  EXPECT_EQ(key_at(ExtentTable::nowhere), "corruption") << "there is not even a segment";
  add(1, "one");
  const std::uint64_t address = address_space_.address_in_last(0);
  const std::uint64_t end = address_space_.last().end.load();
  EXPECT_EQ(key_at(address), "one");
  EXPECT_EQ(key_at(address + 1), "corruption");
  EXPECT_EQ(key_at(address + end - 1), "corruption");
  EXPECT_EQ(key_at(address + end), "corruption");
  EXPECT_EQ(key_at(address - 1), "corruption");
  EXPECT_EQ(key_at(address + ExtentTable::extent_len), "corruption");
  EXPECT_EQ(key_at(ExtentTable::nowhere), "corruption");
  EXPECT_EQ(key_at((1ULL << 48) - 1), "corruption");
  EXPECT_EQ(key_at(~0ULL), "corruption");
  EXPECT_EQ(address_space_.address_in_last(ExtentTable::extent_len), ExtentTable::nowhere);
  for (const std::uint64_t nowhere : {ExtentTable::nowhere, address + end, std::uint64_t{~0ULL}})
    address_space_.prefetch(nowhere);
}

TEST_P(Addresses, MoreThan256TebibytesAreRefusedAndTakeNoMemory) {
  add(1, "one");
  EXPECT_TRUE(refused(address_space_.cover_last((1ULL << 48) + 1), Errc::invalid_argument));
  EXPECT_TRUE(refused(address_space_.cover_last(~0ULL), Errc::invalid_argument));
  EXPECT_TRUE(refused(address_space_.make_room(~0ULL >> 1), Errc::invalid_argument));
  EXPECT_EQ(key_at(address_space_.address_in_last(0)), "one");
}

TEST_P(Addresses, LogOrderIsThatOfSegmentsWhateverTheirExtents) {
  for (std::uint32_t id = 1; id <= 4; ++id) add(id, "segment " + std::to_string(id));
  for (const std::uint32_t id : {3U, 1U}) {
    rewrite(id, "rewritten " + std::to_string(id));
    (void)address_space_.remove(*file_at({.id = id, .generation = 0}));
  }
  add(5, "segment 5");
  rewrite(4, "rewritten 4");
  std::vector<std::uint64_t> addresses;
  address_space_.for_each_file([&](const SegmentFile& file) { addresses.push_back(file.extents.address(0)); });
  std::ranges::sort(addresses);
  kv::LogOrder(address_space_).sort(addresses);
  std::vector<std::string> keys;
  for (const std::uint64_t address : addresses) keys.push_back(key_at(address));
  EXPECT_EQ(keys, (std::vector<std::string>{"rewritten 1", "segment 2", "rewritten 3", "rewritten 4", "segment 4",
                                            "segment 5"}));
}

TEST_P(Addresses, NeededTombstonesAreLookedAtAgainOncePutsHaveGoneFromAnEarlierSegment) {
  for (std::uint32_t id = 1; id <= 5; ++id) add(id, "key");
  const auto needed = [this] {
    std::vector<std::uint64_t> all;
    address_space_.for_each_file(
        [&](const SegmentFile& file) { all.push_back(address_space_.needed_tombstone_bytes(file)); });
    return all;
  };
  const auto note = [this](std::uint32_t id) {
    address_space_.note_needed_tombstones(*address_space_.find(id), 10 * id);
  };
  for (std::uint32_t id = 1; id <= 5; ++id) note(id);
  address_space_.note_puts_gone(4);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 30, 40, 0));
  address_space_.note_puts_gone(2);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 0, 0, 0));
  note(3);
  address_space_.note_puts_gone(4);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 30, 0, 0));
  note(5);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 20, 30, 0, 50));
  address_space_.note_puts_gone(1);
  EXPECT_THAT(needed(), testing::ElementsAre(10, 0, 0, 0, 0));
}

INSTANTIATE_TEST_SUITE_P(Reading, Addresses, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
