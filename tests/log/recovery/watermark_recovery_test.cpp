// What opening makes of the watermark that it finds.

#include <sys/stat.h>

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>
#include <datawal/verify.hpp>

#include "log/store_support.hpp"

namespace datawal {
namespace {

using testing::HasSubstr;

const std::string one = test::raw_frame(1, "one");
const std::string two = test::raw_frame(2, "two");
const std::string three = test::raw_frame(3, "three");

// In an active segment this is a tear above a watermark, and damage where there is none.
const std::string text = "some text that somebody appended with an editor\n";

class WatermarkRecovery : public testing::Test {
 protected:
  // Nothing below it is lost, and it excuses what is above.
  void expect_kept() {
    EXPECT_EQ(state(), WatermarkState::kept);
    const Result<RecordLog> log = RecordLog::open(store_.path());
    ASSERT_TRUE(test::ok(log));
    EXPECT_TRUE(log->recovery_report().tail_truncated);
  }

  // As if it were not there: the text behind the records is damage.
  void expect_no_say(WatermarkState wanted) {
    EXPECT_EQ(state(), wanted);
    EXPECT_TRUE(test::refused(RecordLog::open(store_.path()), Errc::corruption));
  }

  // As if it were not there, seen from the other side: a tear below it is no damage.
  void expect_no_promise(WatermarkState wanted) {
    EXPECT_EQ(state(), wanted);
    const Result<RecordLog> log = RecordLog::open(store_.path());
    ASSERT_TRUE(test::ok(log));
  }

  void expect_refused(std::uint32_t segment, std::uint64_t offset) {
    EXPECT_EQ(state(), WatermarkState::broken);
    const test::Image before = store_.image();
    const Result<RecordLog> log = RecordLog::open(store_.path());
    ASSERT_TRUE(test::refused(log, Errc::corruption));
    EXPECT_EQ(log.error().segment, segment);
    EXPECT_EQ(log.error().offset, offset);
    EXPECT_TRUE(store_.image() == before);
  }

  [[nodiscard]] WatermarkState state() const { return test::must(verify(store_.path())).watermark; }

  test::Store store_;
};

TEST_F(WatermarkRecovery, AtTheEndOfARecordWithItsTxidIsBelieved) {
  for (const auto& [offset, txid] : {std::pair<std::uint64_t, std::uint64_t>{0, 0}, {31, 1}, {62, 2}}) {
    store_.clear();
    store_.put(1, one + two + text);
    store_.put_watermark(1, offset, txid);
    expect_kept();
  }
}

TEST_F(WatermarkRecovery, AtNoRecordsEndIsIgnoredIfNothingBelowItIsMissing) {
  for (const std::uint64_t offset : {1U, 30U, 32U, 61U}) {
    store_.clear();
    store_.put(1, one + two + text);
    store_.put_watermark(1, offset, 1);
    expect_no_say(WatermarkState::ignored);
  }
}

TEST_F(WatermarkRecovery, WithAnotherTxidThanTheRecordIsIgnored) {
  store_.put(1, one + two + text);
  store_.put_watermark(1, 31, 2);
  expect_no_say(WatermarkState::ignored);
}

TEST_F(WatermarkRecovery, ThatIsIgnoredIsReplacedByARightOne) {
  store_.put(1, one + two);
  store_.put_watermark(1, 40, 1);
  const RecordLog log = store_.open();
  EXPECT_EQ(test::read_file(store_ / ".watermark"), test::watermark_bytes(1, test::inode_of(store_.segment(1)), 62, 2));
}

TEST_F(WatermarkRecovery, RefusesTruncationAtExactlyARecordsEnd) {
  store_.put(1, one + two);
  store_.put_watermark(1, 31 + 31 + 33, 3);
  expect_refused(1, 62);
  store_.put(1, one);
  expect_refused(1, 31);
  store_.put(1, "");
  expect_refused(1, 0);
}

TEST_F(WatermarkRecovery, RefusesTruncationFilledUpWithZeros) {
  store_.put(1, one + two + std::string(4096, '\0'));
  store_.put_watermark(1, 31 + 31 + 33, 3);
  expect_refused(1, 62);
}

TEST_F(WatermarkRecovery, OfAnOlderSegmentSaysNothingAboutTheLast) {
  store_.put(1, one);
  store_.put(2, two + text);
  store_.put_watermark(1, 31, 1);
  expect_no_say(WatermarkState::elsewhere);

  store_.put(2, two.substr(0, 20));
  store_.put_watermark(1, 31, 1);
  expect_no_promise(WatermarkState::elsewhere);
}

TEST_F(WatermarkRecovery, OfAnOlderSegmentDoesNotMindThatThisOneIsGone) {
  store_.put(1, one);
  store_.put_watermark(1, 31, 1);
  store_.put(2, two);
  std::filesystem::remove(store_.segment(1));
  expect_no_promise(WatermarkState::elsewhere);
}

TEST_F(WatermarkRecovery, OfAnotherFileSaysNothingSinceTheStoreIsACopy) {
  store_.put(1, one + two);
  store_.put_watermark(1, 62, 2);
  const std::string watermark = test::read_file(store_ / ".watermark");
  std::filesystem::rename(store_.segment(1), store_.beside("original"));
  for (const auto& [content, opens] : {std::pair{one, true}, {one + two.substr(0, 9), true}, {one + text, false}}) {
    store_.put(1, content);
    test::write_file(store_ / ".watermark", watermark);
    if (opens) {
      expect_no_promise(WatermarkState::elsewhere);
    } else {
      expect_no_say(WatermarkState::elsewhere);
    }
    store_.clear();
  }
}

TEST_F(WatermarkRecovery, RefusesAStoreWhoseLastSegmentIsMissing) {
  store_.put(1, one);
  store_.put(2, two);
  store_.put_watermark(2, 31, 2);
  std::filesystem::remove(store_.segment(2));
  EXPECT_EQ(state(), WatermarkState::broken);
  const test::Image before = store_.image();
  const Result<RecordLog> log = RecordLog::open(store_.path());
  ASSERT_TRUE(test::refused(log, Errc::corruption));
  EXPECT_EQ(log.error().segment, 2U);
  EXPECT_THAT(log.error().message(), HasSubstr("missing"));
  EXPECT_THAT(log.error().message(), HasSubstr((store_ / ".watermark").string())) << "what to remove after a restore";
  EXPECT_TRUE(store_.image() == before);

  store_.remove_watermark();
  EXPECT_TRUE(test::ok(RecordLog::open(store_.path())));
}

TEST_F(WatermarkRecovery, RefusesAStoreWhoseLastSegmentIsMissingEvenIfNothingWasInIt) {
  store_.put(1, one);
  store_.put(2, "");
  store_.put_watermark(2, 0, 1);
  std::filesystem::remove(store_.segment(2));
  EXPECT_TRUE(test::refused(RecordLog::open(store_.path()), Errc::corruption));
}

TEST_F(WatermarkRecovery, RefusesAStoreWhoseSegmentsAreAllMissing) {
  for (const std::uint64_t offset : {0U, 31U}) {
    store_.put(1, one);
    store_.put_watermark(1, offset, offset == 0 ? 0 : 1);
    std::filesystem::remove(store_.segment(1));
    const test::Image before = store_.image();
    const Result<RecordLog> log = RecordLog::open(store_.path());
    ASSERT_TRUE(test::refused(log, Errc::corruption));
    EXPECT_THAT(log.error().message(), HasSubstr("missing"));
    EXPECT_TRUE(store_.image() == before) << "no empty segment may take the place of the lost ones";
  }
}

TEST_F(WatermarkRecovery, OfMissingSegmentsDoesNotHideWhereAnEarlierOneIsDamaged) {
  std::string newer = two;
  newer[4] = 2;  // the version
  for (const auto& [damaged, code] : {std::pair{text, Errc::corruption}, {newer, Errc::unsupported_version}}) {
    store_.put(1, one + damaged);
    store_.put(2, two);
    store_.put(3, "");
    store_.put_watermark(3, 0, 2);
    std::filesystem::remove(store_.segment(3));
    const Result<RecordLog> log = RecordLog::open(store_.path());
    ASSERT_TRUE(test::refused(log, code));
    EXPECT_EQ(log.error().segment, 1U);
    EXPECT_EQ(log.error().offset, one.size());
  }
}

TEST_F(WatermarkRecovery, OfMissingSegmentsDoesNotHideWhereARecordOfANewerFormatIs) {
  std::string newer = two;
  newer[4] = 2;  // the version
  store_.put(1, one + newer);
  store_.put(2, "");
  store_.put_watermark(2, 0, 2);
  std::filesystem::remove(store_.segment(2));
  const Result<RecordLog> log = RecordLog::open(store_.path());
  ASSERT_TRUE(test::refused(log, Errc::unsupported_version));
  EXPECT_EQ(log.error().segment, 1U);
  EXPECT_EQ(log.error().offset, one.size());
}

TEST_F(WatermarkRecovery, AtTheStartOfAnEmptySegmentRemembersTheTxid) {
  store_.put(1, one);
  store_.put(3, "");
  store_.put_watermark(3, 0, 41);
  {
    RecordLog log = store_.open();
    EXPECT_EQ(log.last_txid(), 41U);
    EXPECT_EQ(log.recovery_report().last_txid_seen, 1U);
  }
  RecordLog log = store_.open();
  EXPECT_EQ(test::must(log.append("next")).txid, 42U);
}

// What is there and is no watermark: how it comes about.
struct Unreal {
  const char* name;
  std::function<void(const test::Store&, const std::string& right)> make;
};

const std::vector<Unreal>& unreal() {
  const auto changed = [](std::size_t at, int bits, bool right_crc) {
    return [=](const test::Store& store, std::string bytes) {
      bytes[at] = static_cast<char>(bytes[at] ^ bits);
      if (right_crc) {
        bytes.resize(60);
        test::put_little_endian(bytes, test::reference_crc(bytes), 4);
      }
      test::write_file(store / ".watermark", bytes);
    };
  };
  static const std::vector<Unreal> all = {
      {"absent", [](const test::Store&, const std::string&) {}},
      {"empty", [](const test::Store& s, const std::string&) { test::write_file(s / ".watermark", ""); }},
      {"one byte short",
       [](const test::Store& s, const std::string& right) { test::write_file(s / ".watermark", right.substr(0, 63)); }},
      {"one byte long",
       [](const test::Store& s, const std::string& right) { test::write_file(s / ".watermark", right + "x"); }},
      {"all zeros",
       [](const test::Store& s, const std::string&) { test::write_file(s / ".watermark", std::string(64, '\0')); }},
      {"one bit of the offset wrong", changed(24, 0x01, false)},
      {"one bit of the checksum wrong", changed(63, 0x40, false)},
      {"another magic", changed(0, 0x20, true)},
      {"version 2", changed(4, 0x03, true)},
      {"something reserved", changed(50, 0x01, true)},
      {"segment 0", changed(8, 0x01, true)},
      {"with a second name",
       [](const test::Store& s, const std::string& right) {
         test::write_file(s.beside("second"), right);
         std::filesystem::create_hard_link(s.beside("second"), s / ".watermark");
       }},
      {"a link to one",
       [](const test::Store& s, const std::string& right) {
         test::write_file(s.beside("second"), right);
         std::filesystem::create_symlink(s.beside("second"), s / ".watermark");
       }},
      {"a link to nothing",
       [](const test::Store& s, const std::string&) { std::filesystem::create_symlink("nowhere", s / ".watermark"); }},
      {"a FIFO",
       [](const test::Store& s, const std::string&) { ASSERT_EQ(::mkfifo((s / ".watermark").c_str(), 0600), 0); }},
      {"a directory",
       [](const test::Store& s, const std::string&) { std::filesystem::create_directory(s / ".watermark"); }},
  };
  return all;
}

TEST_F(WatermarkRecovery, ThatIsNoneSaysNothingAndIsNeverWrittenThrough) {
  for (const Unreal& row : unreal()) {
    SCOPED_TRACE(row.name);
    std::filesystem::remove(store_.beside("second"));
    store_.clear();
    store_.put(1, one + two.substr(0, 20));
    const std::string right = test::watermark_bytes(1, test::inode_of(store_.segment(1)), 62, 2);
    row.make(store_, right);
    expect_no_promise(WatermarkState::absent);
    RecordLog log = store_.open();
    EXPECT_EQ(test::must(log.append("two again", {.sync = true})).txid, 2U);
    ASSERT_TRUE(test::ok(log.close()));
    if (std::filesystem::exists(store_.beside("second"))) {
      EXPECT_EQ(test::read_file(store_.beside("second")), right);
    }
    EXPECT_FALSE(std::filesystem::exists(store_ / "nowhere"));
    if (std::string_view(row.name) == "a directory") continue;  // that stays as it is, and there is no watermark
    EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(store_ / ".watermark")));
    EXPECT_EQ(
        test::read_file(store_ / ".watermark"),
        test::watermark_bytes(1, test::inode_of(store_.segment(1)), std::filesystem::file_size(store_.segment(1)), 2));
  }
}

TEST_F(WatermarkRecovery, ThatIsNoneDoesNotExcuseDamage) {
  for (const Unreal& row : unreal()) {
    SCOPED_TRACE(row.name);
    std::filesystem::remove(store_.beside("second"));
    store_.clear();
    store_.put(1, one + two + text);
    row.make(store_, test::watermark_bytes(1, test::inode_of(store_.segment(1)), 62, 2));
    expect_no_say(WatermarkState::absent);
  }
}

}  // namespace
}  // namespace datawal
