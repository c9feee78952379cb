// A state whose bytes are not what was written, or were written by somebody who lies: all is read instead, and no record is another one.

#include <array>
#include <cstdint>
#include <cstring>

#include <datawal/format.hpp>
#include <datawal/saved_state.hpp>

#include "log/directory/store_directory.hpp"
#include "log/saved/belief.hpp"
#include "log/saved/state_support.hpp"

namespace datawal::test {
namespace {

class StateDamage : public testing::Test {
 protected:
  StateDamage() {
    fill_log(store_.path(), 300);
    save_state_of(store_.path());
    bytes_ = read_file(store_ / state_file);
    auto directory = must(log::open_store_directory(safeatomic::posix_file_system(), store_.path()));
    snapshot_ = must(log::take_snapshot(std::move(directory), nullptr));
  }

  [[nodiscard]] log::StateLook look_at(const std::string& bytes) const {
    write_file(store_ / state_file, bytes);
    return log::look_at_state(*snapshot_);
  }
  [[nodiscard]] static std::string flipped(std::string bytes, std::size_t bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << (bit % 8));
    return bytes;
  }
  // As somebody who knows the format would write it.
  template <class Change>
  [[nodiscard]] std::string forged(Change change) const {
    std::string bytes = bytes_;
    log::SavedHeader header;
    std::array<char, log::saved_header_len> head{};
    std::memcpy(head.data(), bytes.data(), head.size());
    EXPECT_EQ(log::decode_saved_header(head, 0, header), log::HeaderVerdict::sound);
    const std::uint32_t segments = header.segments;
    for (std::uint32_t n = 0; n < segments; ++n) {
      std::array<char, log::saved_segment_len> raw{};
      char* const at = bytes.data() + head.size() + n * raw.size();
      std::memcpy(raw.data(), at, raw.size());
      log::SavedSegment segment = log::decode_saved_segment(raw);
      change(header, segment);
      raw = log::encode_saved_segment(segment);
      std::memcpy(at, raw.data(), raw.size());
    }
    header.metadata_crc = format::crc32c(std::string_view(bytes).substr(head.size()));
    head = log::encode_saved_header(header);
    std::memcpy(bytes.data(), head.data(), head.size());
    return bytes;
  }

  const Store store_;
  std::string bytes_;
  std::shared_ptr<const log::Snapshot> snapshot_{};
};

TEST_F(StateDamage, EveryBitCounts) {
  ASSERT_EQ(look_at(bytes_).state, IndexState::used);
  for (std::size_t bit = 0; bit < bytes_.size() * 8; ++bit) {
    const log::StateLook look = look_at(flipped(bytes_, bit));
    ASSERT_NE(look.state, IndexState::used) << "bit " << bit;
    ASSERT_FALSE(look.reason.empty());
  }
}

TEST_F(StateDamage, MeansReadingAll) {
  for (std::size_t bit = 0; bit < bytes_.size() * 8; bit += 3001) {
    SCOPED_TRACE(bit);
    write_file(store_ / state_file, flipped(bytes_, bit));
    const RecordLog log = open_log(store_.path(), stated());
    EXPECT_NE(log.recovery_report().index_state, IndexState::used);
    EXPECT_EQ(log.recovery_report().records_read, 300U);
  }
}

TEST_F(StateDamage, EveryLengthButItsOwnCounts) {
  for (std::size_t size = 0; size < bytes_.size(); size += size < 300 ? 1 : 509) {
    EXPECT_NE(look_at(bytes_.substr(0, size)).state, IndexState::used) << size;
  }
  EXPECT_NE(look_at(bytes_ + std::string(4096, '\0')).state, IndexState::used);
  EXPECT_NE(look_at(bytes_ + '\0').state, IndexState::used);
}

TEST_F(StateDamage, TakesNoMemoryByNumbersThatLie) {
  for (const std::uint32_t segments : {0U, 1U, 200U, 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
    const log::StateLook look = look_at(
        forged([&](log::SavedHeader& header, log::SavedSegment&) { header.segments = segments; }));
    EXPECT_NE(look.state, IndexState::used) << segments;
  }
  for (const std::uint64_t begin : {0ULL, 4097ULL, 8192ULL, 1ULL << 63, ~0ULL << 12}) {
    const log::StateLook look = look_at(
        forged([&](log::SavedHeader& header, log::SavedSegment&) { header.pages_begin = begin; }));
    EXPECT_EQ(look.state, IndexState::damaged) << begin;
  }
}

TEST_F(StateDamage, OfASegmentThatIsNotItselfIsSeen) {
  static constexpr struct {
    const char* name;
    void (*change)(log::SavedHeader&, log::SavedSegment&);
  } rows[] = {
      {"a record too long", [](log::SavedHeader& header, log::SavedSegment&) { header.last.len = 0xFFFF'FFFF; }},
      {"a record too short", [](log::SavedHeader& header, log::SavedSegment&) { header.last.len = 27; }},
      {"P further on", [](log::SavedHeader& header, log::SavedSegment&) { header.last.offset += 1; }},
      {"another segment's P", [](log::SavedHeader& header, log::SavedSegment&) { header.last.segment -= 1; }},
      {"more records than fit", [](log::SavedHeader&, log::SavedSegment& one) { one.counts.raw_records = one.size; }},
      {"more bytes than there are", [](log::SavedHeader&, log::SavedSegment& one) { one.counts.raw_bytes = ~0ULL; }},
      {"a size beyond all", [](log::SavedHeader&, log::SavedSegment& one) { one.size = ~0ULL; }},
      {"txids backwards", [](log::SavedHeader&, log::SavedSegment& one) { one.chain.first_txid = 1; }},
      {"last record beyond the limit", [](log::SavedHeader&, log::SavedSegment& one) { one.chain.last_len = ~0U; }},
      {"ids that repeat", [](log::SavedHeader&, log::SavedSegment& one) { one.id = 1; }},
  };
  for (const auto& row : rows) {
    EXPECT_NE(look_at(forged(row.change)).state, IndexState::used) << row.name;
  }
}

// Whoever can write there can forge a record too. What a forged state can do is to make numbers wrong: no record is hidden by it.
TEST_F(StateDamage, AForgedOneHidesNoRecord) {
  const std::vector<Listed> all = listing_of(open_log(store_.path()));
  write_file(store_ / state_file, forged([](log::SavedHeader&, log::SavedSegment& one) {
               one.counts.raw_records = 0;
               one.chain.gaps = 1;
             }));
  RecordLog log = open_log(store_.path(), stated());
  EXPECT_EQ(log.recovery_report().index_state, IndexState::used);
  EXPECT_EQ(listing_of(log), all);
  EXPECT_EQ(must(check_state(store_.path())).state, IndexState::damaged) << "who reads all sees it";
  must(log.append("more"));
  must(log.close());
  EXPECT_EQ(listing_of(open_log(store_.path())).size(), all.size() + 1);
}

TEST_F(StateDamage, OfTheTimeOfWritingIsNoReasonForAnything) {
  for (const std::uint64_t time :
       {std::uint64_t{0}, std::uint64_t{1} << 63, (std::uint64_t{1} << 63) - 1, ~std::uint64_t{0}}) {
    const std::string bytes = forged(
        [time](log::SavedHeader& header, log::SavedSegment&) { header.written_ns = time; });
    EXPECT_EQ(look_at(bytes).state, IndexState::used) << time;
  }
}

// A record's bytes within another one's payload are no end of the log, whoever says so: what lies behind would be cut as a torn tail.
TEST_F(StateDamage, AForgedPlaceWithinAPayloadCutsNothing) {
  store_.clear();
  const std::string inner = raw_frame(3, "no record of the log");
  {
    RecordLog log = open_log(store_.path(), stated());
    must(log.append("one"));
    must(log.append(inner + std::string(100, 'x')));
    must(log.save_state());
    must(log.close());
  }
  bytes_ = read_file(store_ / state_file);
  const std::uint64_t begin = raw_frame(1, "one").size() + 24;
  write_file(store_ / state_file, forged([&](log::SavedHeader& header, log::SavedSegment& one) {
               header.last = ref_of(1, begin, 3, inner);
               header.last_txid = 3;
               one.size = one.counts.bytes = one.counts.raw_bytes = begin + inner.size();
               one.chain.last_txid = 3;
               one.chain.last_len = header.last.len;
               one.chain.last_crc = header.last.crc;
             }));
  store_.put_watermark(1, begin - 24, 1);  // above it a stop is a tear
  RecordLog log = open_log(store_.path(), stated());
  EXPECT_EQ(log.recovery_report().index_state, IndexState::stale);
  EXPECT_FALSE(log.recovery_report().tail_truncated);
  EXPECT_EQ(listing_of(log).size(), 2U);
}

}  // namespace
}  // namespace datawal::test
