// A writer dies, and what it had not synced reached the disk in part: the synced records stay, and so does what is appended
// afterwards, over any number of further openings.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <datawal/record_log.hpp>

#include "log/crashed_writer.hpp"
#include "log/store_support.hpp"

namespace datawal {
namespace {

using testing::ElementsAre;

std::vector<std::string> payloads_of(const RecordLog& log) {
  std::vector<std::string> payloads;
  for (const Record& record : test::must(log.scan())) payloads.push_back(record.payload);
  return payloads;
}

class RecoveryOfATear : public testing::Test {
 protected:
  // Leaves the files of a writer that synced "one" and "two" and died behind its unsynced "three".
  RecoveryOfATear() {
    test::write_and_die(store_.path(), [](RecordLog& log) {
      test::must(log.append("one"));
      test::must(log.append("two"));
      test::must(log.fsync());
      test::must(log.append("three, not synced"));
    });
    whole_ = test::records_in(store_.get(1));
    watermark_ = test::read_file(store_ / ".watermark");
    synced_end_ = whole_.size() - test::raw_frame(3, "three, not synced").size();
  }

  // The crash once more, with these bytes in the segment; it stays the same file.
  void crash_with(const std::string& bytes, bool with_watermark = true) {
    for (const std::string& name : store_.names()) {
      if (name != "00000001.dwal") std::filesystem::remove(store_ / name);
    }
    store_.put(1, bytes);
    if (with_watermark) test::write_file(store_ / ".watermark", watermark_);
  }

  void expect_goes_on_and_on(const std::vector<std::string>& survived) {
    std::vector<std::string> wanted = survived;
    for (const char* payload : {"after the first crash", "and after the second"}) {
      {
        RecordLog log = store_.open();
        EXPECT_EQ(payloads_of(log), wanted);
        const RecordRef ref = test::must(log.append(payload));
        EXPECT_EQ(ref.txid, wanted.size() + 1);
        ASSERT_TRUE(test::ok(log.fsync()));
        wanted.emplace_back(payload);
        EXPECT_EQ(payloads_of(log), wanted);
      }
      RecordLog again = store_.open();
      EXPECT_EQ(payloads_of(again), wanted);
      EXPECT_FALSE(again.recovery_report().tail_truncated);
    }
  }

  test::Store store_;
  std::string whole_;
  std::string watermark_;
  std::size_t synced_end_ = 0;
};

TEST_F(RecoveryOfATear, AtAnyByteKeepsTheSyncedAndTheLaterRecords) {
  for (const bool with_watermark : {true, false}) {
    for (std::size_t len = synced_end_; len < whole_.size(); ++len) {
      SCOPED_TRACE("cut at byte " + std::to_string(len) + (with_watermark ? "" : ", no watermark"));
      crash_with(whole_.substr(0, len), with_watermark);
      expect_goes_on_and_on({"one", "two"});
    }
  }
}

TEST_F(RecoveryOfATear, WithZerosFromAnyByteOnKeepsTheSyncedAndTheLaterRecords) {
  for (std::size_t len = synced_end_; len < whole_.size(); ++len) {
    if (whole_[len] == '\0') continue;
    SCOPED_TRACE("zeros from byte " + std::to_string(len));
    std::string bytes = whole_.substr(0, len);
    bytes.resize(whole_.size(), '\0');
    crash_with(bytes);
    expect_goes_on_and_on({"one", "two"});
  }
}

TEST_F(RecoveryOfATear, WithZerosUpToAnyByteKeepsTheSyncedAndTheLaterRecords) {
  for (std::size_t len = synced_end_ + 1; len <= whole_.size(); ++len) {
    SCOPED_TRACE("zeros up to byte " + std::to_string(len));
    std::string bytes = whole_;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(synced_end_),
              bytes.begin() + static_cast<std::ptrdiff_t>(len), '\0');
    crash_with(bytes);
    expect_goes_on_and_on({"one", "two"});
  }
}

TEST_F(RecoveryOfATear, WithAnyByteWrongKeepsTheSyncedAndTheLaterRecords) {
  for (std::size_t at = synced_end_; at < whole_.size(); ++at) {
    SCOPED_TRACE("byte " + std::to_string(at));
    const bool is_version = at == synced_end_ + 4 || at == synced_end_ + 5;
    if (is_version) continue;  // that would be a newer format
    std::string bytes = whole_;
    bytes[at] = static_cast<char>(~bytes[at]);
    crash_with(bytes);
    expect_goes_on_and_on({"one", "two"});
  }
}

TEST_F(RecoveryOfATear, ThatIsNoneKeepsWhatWasNotSynced) {
  for (const bool with_watermark : {true, false}) {
    crash_with(whole_, with_watermark);
    expect_goes_on_and_on({"one", "two", "three, not synced"});
  }
}

TEST_F(RecoveryOfATear, IsQuarantinedUnderTheNextFreeName) {
  const std::string name = "00000001.dwal.torn-" + std::to_string(synced_end_);
  std::vector<std::string> cuts;
  for (std::uint64_t n = 0; n < 4; ++n) {
    const std::string torn = whole_.substr(synced_end_, 26 + n);
    store_.put(1, whole_.substr(0, synced_end_) + torn);
    RecordLog log = store_.open();
    const std::string wanted = n == 0 ? name : name + "-" + std::to_string(n + 1);
    EXPECT_EQ(log.recovery_report().quarantine_path, store_ / wanted);
    EXPECT_EQ(log.recovery_report().quarantined_previously, n);
    EXPECT_EQ(test::read_file(store_ / wanted), torn);
    cuts.push_back(wanted);
  }
  for (std::size_t n = 0; n < cuts.size(); ++n) {
    EXPECT_EQ(test::read_file(store_ / cuts[n]), whole_.substr(synced_end_, 26 + n)) << "overwritten by a later one";
  }
}

TEST_F(RecoveryOfATear, QuarantinesWhateverHoldsTheName) {
  const std::string name = "00000001.dwal.torn-" + std::to_string(synced_end_);
  crash_with(whole_.substr(0, synced_end_ + 27));
  std::filesystem::create_symlink("elsewhere", store_ / name);
  std::filesystem::create_directory(store_ / (name + "-2"));
  const RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().quarantine_path, store_ / (name + "-3"));
  EXPECT_EQ(test::read_file(store_ / (name + "-3")), whole_.substr(synced_end_, 27));
  EXPECT_TRUE(std::filesystem::is_symlink(store_ / name));
  EXPECT_FALSE(std::filesystem::exists(store_ / "elsewhere"));
}

TEST_F(RecoveryOfATear, IsDroppedWhereTheOptionSaysSo) {
  crash_with(whole_.substr(0, whole_.size() - 1));
  RecordLog log = store_.open({.quarantine_torn_tail = false});
  EXPECT_TRUE(log.recovery_report().tail_truncated);
  EXPECT_EQ(log.recovery_report().tail_bytes_discarded, whole_.size() - 1 - synced_end_);
  EXPECT_TRUE(log.recovery_report().quarantine_path.empty());
  EXPECT_EQ(payloads_of(log), std::vector<std::string>({"one", "two"}));
  EXPECT_THAT(store_.names(), ElementsAre(".watermark", "00000001.dwal"));
  EXPECT_EQ(store_.get(1), whole_.substr(0, synced_end_));
}

TEST_F(RecoveryOfATear, FollowedByRotateSealsTheValidPrefix) {
  for (const bool append_first : {false, true}) {
    crash_with(whole_.substr(0, synced_end_ + 20));
    std::filesystem::remove(store_.segment(2));
    std::vector<std::string> wanted{"one", "two"};
    {
      RecordLog log = store_.open();
      if (append_first) {
        test::must(log.append("before rotating"));
        wanted.emplace_back("before rotating");
      }
      ASSERT_TRUE(test::ok(log.rotate()));
      EXPECT_EQ(test::must(log.append("behind rotating")).segment, 2U);
      wanted.emplace_back("behind rotating");
    }
    EXPECT_EQ(test::reference_walk(1, store_.get(1)).stop, format::Stop::end_of_input) << "torn bytes were sealed";
    RecordLog log = store_.open();
    EXPECT_EQ(payloads_of(log), wanted);
  }
}

TEST_F(RecoveryOfATear, DoesNotReturnWholeRecordsBehindIt) {
  // Pages land in any order: the fourth record did, the third did not.
  const std::string third = test::raw_frame(3, "three, not synced");
  const std::string fourth = test::raw_frame(4, "four");
  crash_with(whole_.substr(0, synced_end_) + std::string(third.size(), '\0') + fourth + fourth);
  RecordLog log = store_.open();
  EXPECT_EQ(log.recovery_report().records_beyond_tear, 2U);
  EXPECT_EQ(payloads_of(log), std::vector<std::string>({"one", "two"}));
  EXPECT_EQ(test::must(log.append("three again")).txid, 3U);
  ASSERT_TRUE(test::ok(log.close()));
  EXPECT_EQ(payloads_of(store_.open()), std::vector<std::string>({"one", "two", "three again"}));
}

TEST(RecoveryOfATearInSyncedRecords, IsRefusedUntilTheWatermarkIsGone) {
  test::Store store;
  test::write_and_die(store.path(), [](RecordLog& log) {
    for (const char* payload : {"rec-1", "rec-2", "rec-3"}) test::must(log.append(payload, {.sync = true}));
  });
  const std::string whole = test::records_in(store.get(1));
  ASSERT_EQ(whole.size(), 99U);
  std::filesystem::resize_file(store.segment(1), 94);
  const test::Image before = store.image();
  const Result<RecordLog> refused = RecordLog::open(store.path());
  ASSERT_TRUE(test::refused(refused, Errc::corruption));
  EXPECT_EQ(refused.error().offset, 66U);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("99 bytes"));
  EXPECT_TRUE(store.image() == before);

  store.remove_watermark();
  {
    RecordLog log = store.open();
    EXPECT_EQ(payloads_of(log), std::vector<std::string>({"rec-1", "rec-2"}));
    test::must(log.append("rec-4", {.sync = true}));
    test::must(log.append("rec-5", {.sync = true}));
  }
  EXPECT_EQ(test::read_file(store / "00000001.dwal.torn-66"), whole.substr(66, 28));
  for (int opening = 0; opening < 2; ++opening) {
    EXPECT_EQ(payloads_of(store.open()), std::vector<std::string>({"rec-1", "rec-2", "rec-4", "rec-5"}));
  }
}

}  // namespace
}  // namespace datawal
