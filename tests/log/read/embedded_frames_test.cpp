// Values and keys that hold frames, even whole segments: whatever one byte of the store becomes, and wherever it is cut, salvage
// yields no record that the store never held, and loses none but the one that was hit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <map>

#include <datawal/record_log.hpp>
#include <datawal/repair.hpp>
#include <datawal/segment.hpp>
#include <datawal/verify.hpp>

#include "log/store_support.hpp"

namespace datawal {
namespace {

std::string put_frame(std::uint64_t txid, std::string_view key, std::string_view value) {
  return test::reference_encode(1, txid, key, value);
}

struct Written {
  std::uint64_t txid = 0;
  std::string key{}, value{};

  [[nodiscard]] std::string frame() const { return put_frame(txid, key, value); }
  friend auto operator<=>(const Written&, const Written&) = default;
  friend void PrintTo(const Written& record, std::ostream* out) {
    *out << "#" << record.txid << " (" << record.key.size() << " and " << record.value.size() << " bytes)";
  }
};

// One segment after the other.
using History = std::vector<std::vector<Written>>;

std::string bytes_of(const std::vector<Written>& records) {
  std::string bytes;
  for (const Written& record : records) bytes += record.frame();
  return bytes;
}

class EmbeddedFrames : public testing::Test {
 protected:
  void write(const History& history) {
    store_.clear();
    for (std::uint32_t id = 1; id <= history.size(); ++id) store_.put(id, bytes_of(history[id - 1]));
  }

  [[nodiscard]] std::vector<Written> salvaged() {
    std::filesystem::remove_all(out_);
    report_ = test::must(salvage(store_.path(), out_));
    std::vector<Written> records;
    for (const auto& [name, content] : test::image_of(out_)) {
      const test::ReferenceWalk walk = test::reference_walk(1, content);
      EXPECT_EQ(walk.stop, format::Stop::end_of_input);
      for (const test::Listed& found : walk.records) records.push_back({found.txid, found.key, found.payload});
    }
    return records;
  }

  // What is there of `history` without the records of segment `id` that `is_hit(begin, end)`.
  template <class IsHit>
  static std::vector<Written> rest_of(const History& history, std::uint32_t id, IsHit is_hit) {
    std::vector<Written> rest;
    for (std::uint32_t at = 1; at <= history.size(); ++at) {
      std::size_t begin = 0;
      for (const Written& record : history[at - 1]) {
        const std::size_t end = begin + record.frame().size();
        if (at != id || !is_hit(begin, end)) rest.push_back(record);
        begin = end;
      }
    }
    return rest;
  }

  void expect_nothing_invented_and_nothing_lost(const History& history) {
    for (std::uint32_t id = 1; id <= history.size(); ++id) {
      write(history);
      const std::string whole = bytes_of(history[id - 1]);
      for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const int mask : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
          std::string bytes = whole;
          bytes[at] = static_cast<char>(bytes[at] ^ mask);
          store_.put(id, bytes);
          const auto is_hit = [at](std::size_t begin, std::size_t end) { return begin <= at && at < end; };
          ASSERT_EQ(salvaged(), rest_of(history, id, is_hit)) << "segment " << id << ", byte " << at << " ^ " << mask;
        }
        store_.put(id, whole.substr(0, at));
        const auto is_cut = [at](std::size_t, std::size_t end) { return at < end; };
        ASSERT_EQ(salvaged(), rest_of(history, id, is_cut)) << "segment " << id << ", cut to " << at;
      }
    }
  }

  // As a sector that did not land, or is full of something else.
  void expect_headers_can_be_destroyed(const History& history) {
    for (std::uint32_t id = 1; id <= history.size(); ++id) {
      write(history);
      const std::string whole = bytes_of(history[id - 1]);
      std::size_t begin = 0;
      for (const Written& record : history[id - 1]) {
        for (const char filling : {'\0', '?', '\xff'}) {
          std::string bytes = whole;
          std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), 24, filling);
          store_.put(id, bytes);
          const auto is_hit = [begin](std::size_t from, std::size_t) { return from == begin; };
          ASSERT_EQ(salvaged(), rest_of(history, id, is_hit))
              << "segment " << id << ", record at " << begin << " with " << int{filling};
        }
        begin += record.frame().size();
      }
    }
  }

  test::Store store_;
  std::filesystem::path out_ = store_.beside("salvaged");
  SalvageReport report_;
};

History around(const Written& middle) {
  const std::uint64_t txid = middle.txid;
  return {{{txid - 2, "admin", "alice"}, {txid - 1, "a", "1"}, middle, {txid + 1, "b", "22"}, {txid + 2, "c", ""}},
          {{txid + 3, "d", "4444"}}};
}

TEST_F(EmbeddedFrames, OfAnyTxidInAValue) {
  for (const std::uint64_t txid : {1UL, 4UL, 5UL, 6UL, 7UL, 9UL, 100UL, UINT64_MAX}) {
    SCOPED_TRACE(txid);
    const std::string inner = put_frame(txid, "admin", "mallory");
    expect_nothing_invented_and_nothing_lost(around({5, "x", inner}));
  }
}

TEST_F(EmbeddedFrames, InAValueBetweenOtherBytes) {
  const std::string inner = put_frame(6, "admin", "mallory");
  const History history = around(
      {5, "x", "DWAL" + std::string(30, '.') + inner + std::string(40, '.') + inner + "DWA"});
  expect_nothing_invented_and_nothing_lost(history);
}

TEST_F(EmbeddedFrames, InAKey) {
  expect_nothing_invented_and_nothing_lost(around({5, put_frame(6, "admin", "mallory"), "value"}));
}

TEST_F(EmbeddedFrames, InAValueThatIsAWholeSegment) {
  std::string inner;
  for (std::uint64_t txid = 1; txid <= 6; ++txid) inner += put_frame(txid, "admin", "mallory" + std::to_string(txid));
  expect_nothing_invented_and_nothing_lost({{{1, "backup", inner}, {2, "admin", "alice"}, {3, "z", "3"}}});
  expect_headers_can_be_destroyed({{{1, "backup", inner}, {2, "admin", "alice"}, {3, "z", "3"}}});
  expect_nothing_invented_and_nothing_lost({{{1, "admin", "alice"}, {2, "backup", inner}}, {{3, "z", "3"}}});
  expect_headers_can_be_destroyed({{{1, "admin", "alice"}, {2, "backup", inner}}, {{3, "z", "3"}}});
}

// A length with a flipped bit may name the place of any of them.
TEST_F(EmbeddedFrames, WhereADamagedLengthPoints) {
  const Written next{3, "admin", "mallory"};
  std::string value(160, '.');
  for (std::size_t from_start : {32UL, 64UL, 128UL}) {
    const std::size_t at = from_start - 25;  // of a record whose key takes one byte
    value.replace(at, next.frame().size(), next.frame());
  }
  for (std::size_t size = 120; size <= 160; size += 8) {
    expect_nothing_invented_and_nothing_lost(
        {{{1, "admin", "alice"}, {2, "x", value.substr(0, size)}, {3, "b", "2"}, {4, "c", "3"}}});
  }
}

TEST_F(EmbeddedFrames, InRecordsOfOneSize) {
  History history(1);
  for (std::uint64_t txid = 1; txid <= 8; ++txid) {
    history[0].push_back({txid, "k", put_frame(txid + 1, "x", std::string(6, 'v'))});
  }
  ASSERT_EQ(history[0][0].frame().size(), 64U);
  expect_nothing_invented_and_nothing_lost(history);
}

TEST_F(EmbeddedFrames, InARecordWithoutAHeaderBetweenOthers) {
  for (const std::uint64_t txid : {1UL, 4UL, 5UL, 6UL, UINT64_MAX}) {
    SCOPED_TRACE(txid);
    expect_headers_can_be_destroyed(around({5, "x", "some text before it" + put_frame(txid, "admin", "mallory")}));
  }
}

TEST_F(EmbeddedFrames, AreCountedApart) {
  const std::string inner = put_frame(UINT64_MAX, "admin", "mallory");
  store_.put(1, put_frame(1, "admin", "alice") + put_frame(2, "x", inner).substr(0, 24 + 1 + inner.size()));
  EXPECT_EQ(salvaged(), (std::vector<Written>{{1, "admin", "alice"}}));
  EXPECT_EQ(report_.records_apart, 1U);
}

TEST_F(EmbeddedFrames, AreNoRecordsBehindATear) {
  const std::string inner = put_frame(UINT64_MAX, "admin", "mallory");
  store_.put(1, put_frame(1, "admin", "alice") + put_frame(2, "x", inner).substr(0, 24 + 1 + inner.size()));
  EXPECT_EQ(test::must(verify(store_.path())).recovery.records_beyond_tear, 0U);
  EXPECT_EQ(store_.open().recovery_report().records_beyond_tear, 0U);
}

TEST_F(EmbeddedFrames, DoNotMoveTheTxidsOfARepairedStore) {
  const std::string inner = put_frame(UINT64_MAX, "admin", "mallory");
  store_.put(1, put_frame(1, "admin", "alice") + put_frame(2, "x", inner).substr(0, 24 + 1 + inner.size()));
  const RepairReport report = test::must(repair(store_.path()));
  EXPECT_EQ(report.records_quarantined, 0U);
  EXPECT_EQ(report.records_apart, 1U);
  EXPECT_EQ(report.highest_txid_apart, UINT64_MAX);
  RecordLog log = store_.open();
  EXPECT_EQ(test::must(log.append("next")).txid, 2U);
}

// Two damaged records, and what is whole between them: neither of them announces anything.
TEST_F(EmbeddedFrames, DoNotHideWhatIsWholeBetweenTwoDamagedRecords) {
  History history(1);
  for (std::uint64_t txid = 1; txid <= 9; ++txid) {
    history[0].push_back({txid, "k", std::string(40, 'v')});
  }
  const std::size_t len = history[0][0].frame().size();
  for (std::size_t first = 0; first < 9; ++first) {
    for (std::size_t second = first + 1; second < 9; ++second) {
      for (const char filling : {'\0', '?'}) {
        std::string bytes = bytes_of(history[0]);
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(first * len), 24, filling);
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(second * len), 24, filling);
        store_.put(1, bytes);
        const auto is_hit = [&](std::size_t begin, std::size_t) {
          return begin == first * len || begin == second * len;
        };
        ASSERT_EQ(salvaged(), rest_of(history, 1, is_hit)) << first << " and " << second << ", " << int{filling};
      }
    }
  }
}

}  // namespace
}  // namespace datawal
