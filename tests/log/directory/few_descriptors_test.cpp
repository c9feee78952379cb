// Readers where descriptors are few: they keep fewer files open, and need but a few.

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>

#include <gmock/gmock.h>

#include "faulty_file_system.hpp"
#include "log/directory/kept_files.hpp"
#include "log/reader_support.hpp"
#include "support/child.hpp"

namespace datawal::test {
namespace {

class FewDescriptors : public testing::Test {
 protected:
  static constexpr std::uint32_t count = 400;

  FewDescriptors() {
    for (std::uint32_t id = 1; id <= count; ++id) store_.put(id, raw_frame(id, "record"));
  }

  [[nodiscard]] RecordLogReader open(safeatomic::FileSystem* files = nullptr) const {
    return must(RecordLogReader::open(store_.path(), {.file_system = files}));
  }

  // For this process and from here on.
  static void allow(rlim_t descriptors) {
    const rlimit limit{.rlim_cur = descriptors, .rlim_max = descriptors};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  // Takes all that this process may open, but `left`.
  static void take_all_but(int left) {
    std::vector<int> taken;
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(fd);
    for (; left > 0; --left, taken.pop_back()) ::close(taken.back());
  }

  static void expect_all(const RecordLogReader& reader) {
    const Reading reading = read(reader);
    EXPECT_EQ(reading.txids(), txids_up_to(count));
    EXPECT_EQ(reading.error, std::nullopt);
  }

  Store store_;
};

TEST_F(FewDescriptors, AreEnoughForManyReaders) {
  in_child([&] {
    allow(40);
    std::vector<RecordLogReader> readers;
    for (int n = 0; n < 8; ++n) {
      readers.push_back(open());
      expect_all(readers.back());
    }
    for (RecordLogReader& reader : readers) {
      EXPECT_FALSE(must(reader.refresh()));
      expect_all(reader);
    }
    expect_all(open());
  });
}

TEST_F(FewDescriptors, AreEnoughForALogThatReadsItsRecords) {
  in_child([&] {
    allow(40);
    const RecordLog log = store_.open();
    for (const Record& record : must(log.scan())) EXPECT_TRUE(ok(log.read(record.ref)));
    expect_all(open());
    must(log.checkpoint(store_.beside("copy")));
    EXPECT_EQ(read(store_.beside("copy")).txids(), txids_up_to(count));
  });
}

TEST_F(FewDescriptors, ThatTheProgramTakesForItselfMeanwhileAreNotMissed) {
  in_child([&] {
    allow(200);
    RecordLogReader reader = open();
    take_all_but(4);
    EXPECT_FALSE(must(reader.refresh()));
    expect_all(reader);
    const RecordLogReader second = open();
    expect_all(second);
  });
}

TEST_F(FewDescriptors, AreLeftForTheNextReader) {
  in_child([&] {
    allow(400);
    const RecordLogReader first = open();
    EXPECT_LE(log::kept_file_count(), 50U);
    const RecordLogReader second = open();
    EXPECT_GT(log::kept_file_count(), 50U) << "nothing was left";
    EXPECT_LE(log::kept_file_count(), 100U);
  });
  EXPECT_EQ(log::kept_file_count(), 0U);
}

TEST_F(FewDescriptors, OfTheSystemAreDoneWithout) {
  safeatomic::test::FaultyFileSystem files;
  files.set_hook([](const safeatomic::test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind != safeatomic::test::OpKind::open_file || !op.path.ends_with(".dwal")) return std::nullopt;
    return safeatomic::test::Fault::error(ENFILE);
  });
  RecordLogReader reader = open(&files);
  files.set_hook(nullptr);
  expect_all(reader);
  store_.put(count, raw_frame(count, "record") + raw_frame(count + 1, "record"));
  EXPECT_TRUE(must(reader.refresh()));
  EXPECT_EQ(read(reader).txids(), txids_up_to(count + 1));
}

TEST_F(FewDescriptors, DoNotHideTheWatermark) {
  safeatomic::test::FaultyFileSystem files;
  files.set_hook([](const safeatomic::test::FsOp& op) -> std::optional<safeatomic::test::Fault> {
    if (op.kind != safeatomic::test::OpKind::open_file || !op.path.ends_with(".watermark")) return std::nullopt;
    return safeatomic::test::Fault::error(EMFILE);
  });
  EXPECT_TRUE(refused(RecordLogReader::open(store_.path(), {.file_system = &files}), Errc::io));
  EXPECT_TRUE(refused(RecordLog::open(store_.path(), {.file_system = &files}), Errc::io));
}

}  // namespace
}  // namespace datawal::test
