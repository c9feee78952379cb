// Cursors that are asked to begin at places where no record begins.

#include <gmock/gmock.h>

#include <datawal/dir_lock.hpp>

#include "log/reader_support.hpp"

namespace datawal::test {
namespace {

class ReaderPlace : public testing::TestWithParam<bool> {
 protected:
  static constexpr std::uint64_t records = 12;

  // Two segments; every payload holds what looks like a record.
  ReaderPlace() {
    std::string bytes;
    for (std::uint64_t txid = 1; txid <= records; ++txid) {
      bytes += raw_frame(txid, "payload " + raw_frame(1000 + txid, "not a record"));
      if (txid == records / 2) store_.put(1, std::exchange(bytes, ""));
    }
    store_.put(2, bytes + (GetParam() ? std::string(500, '\0') : ""));
    if (GetParam()) writer_.emplace(must(DirLock::acquire(store_.path())));
  }

  [[nodiscard]] RecordLogReader open() const { return must(RecordLogReader::open(store_.path())); }

  void expect_all(RecordLogReader& reader, std::uint64_t place) const {
    EXPECT_EQ(read(reader).txids(), txids_up_to(records)) << place;
    EXPECT_EQ(read(reader).error, std::nullopt) << place;
    must(reader.checkpoint(store_.beside("copy")));
    EXPECT_EQ(read(store_.beside("copy")).txids(), txids_up_to(records)) << place;
    std::filesystem::remove_all(store_.beside("copy"));
    EXPECT_FALSE(must(reader.refresh())) << place;
    EXPECT_EQ(read(reader).txids(), txids_up_to(records)) << place;
  }

  Store store_;
  std::optional<DirLock> writer_;
};

TEST_P(ReaderPlace, OfARecordThatIsNotThereChangesNothing) {
  for (const std::uint32_t segment : {1U, 2U}) {
    for (std::uint64_t offset = 0; offset < store_.get(segment).size() + 40; ++offset) {
      RecordLogReader reader = open();
      const RecordRef ref{.segment = segment, .offset = offset, .len = 33, .txid = 777};
      ASSERT_TRUE(refused(reader.records_after(ref).next(), Errc::place_lost)) << offset;
      expect_all(reader, offset);
      if (HasFailure()) return;
    }
  }
}

TEST_P(ReaderPlace, InsideARecordChangesNothing) {
  for (const std::uint32_t segment : {1U, 2U}) {
    for (std::uint64_t offset = 0; offset < store_.get(segment).size() + 40; ++offset) {
      RecordLogReader reader = open();
      const Reading reading = read(reader.records_from(segment, offset));
      if (reading.error) {
        EXPECT_EQ(reading.error->code, Errc::place_lost) << reading.error->message();
      }
      expect_all(reader, offset);
      if (HasFailure()) return;
    }
  }
}

TEST_P(ReaderPlace, OfWhatLooksLikeARecordInAPayloadChangesNothing) {
  for (std::uint64_t txid = 1; txid <= records; ++txid) {
    const std::uint32_t segment = txid <= records / 2 ? 1 : 2;
    const std::string frame = raw_frame(1000 + txid, "not a record");
    RecordLogReader reader = open();
    const RecordRef ref{.segment = segment,
                        .offset = store_.get(segment).find(frame),
                        .len = static_cast<std::uint32_t>(frame.size()),
                        .txid = 1000 + txid};
    EXPECT_TRUE(refused(reader.records_after(ref).next(), Errc::place_lost));
    expect_all(reader, txid);
  }
}

INSTANTIATE_TEST_SUITE_P(Store, ReaderPlace, testing::Bool(),
                         [](const auto& of) { return of.param ? "Live" : "Closed"; });

}  // namespace
}  // namespace datawal::test
