// get() into memory of the caller's.

#include <cstddef>
#include <span>
#include <string>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

class GetInto : public testing::TestWithParam<ReadPath> {
 protected:
  GetInto() : kv_(open_kv(store_.path(), {.max_segment_bytes = 200, .read_path = GetParam()})) {}

  Store store_;
  DataWal kv_;
  std::string room_ = std::string(8, '.');
};

TEST_P(GetInto, CopiesAValueThatFitsAndLeavesTheRestOfTheRoomAlone) {
  must(kv_.put("a", "value"));
  EXPECT_EQ(must(kv_.get("a", room_)), 5U);
  EXPECT_EQ(room_, "value...");
}

TEST_P(GetInto, CopiesWhatFitsOfALongerValueAndSaysHowLongAllOfItIs) {
  const std::string value(100'000, 'v');
  must(kv_.put("a", value));
  EXPECT_EQ(must(kv_.get("a", std::span(room_).first(3))), value.size());
  EXPECT_EQ(room_, "vvv.....");
  EXPECT_EQ(must(kv_.get("a", {})), value.size()) << "no room at all";
}

TEST_P(GetInto, TellsAnEmptyValueFromNone) {
  must(kv_.put("", ""));
  EXPECT_EQ(must(kv_.get("", room_)), 0U);
  EXPECT_EQ(must(kv_.get("absent", room_)), std::nullopt);
  EXPECT_EQ(room_, "........");
}

TEST_P(GetInto, LeavesTheRoomAloneWhereTheRecordIsDamaged) {
  must(kv_.put("a", "value"));
  must(kv_.fsync());
  const RecordRef ref = must(kv_.ref_of("a")).value();
  damage(store_.segment(ref.segment), ref.offset + ref.len - 5);
  EXPECT_TRUE(refused(kv_.get("a", room_), Errc::corruption));
  EXPECT_EQ(room_, "........");
}

TEST_P(GetInto, IsThereForReadersToo) {
  must(kv_.put("a", "value"));
  const DataWalReader reader = open_kv_reader(store_.path(), {.read_path = GetParam()});
  EXPECT_EQ(must(reader.get("a", room_)), 5U);
  EXPECT_EQ(room_, "value...");
  EXPECT_EQ(must(reader.get("absent", room_)), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(ReadPaths, GetInto, testing::ValuesIn(both_read_paths),
                         [](const auto& of) { return std::string(name_of(of.param)); });

}  // namespace
}  // namespace datawal::test
