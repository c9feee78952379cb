// The new file of a segment, part of which a second thread writes.

#include "kv/compaction/segment_output.hpp"

#include <cerrno>
#include <set>
#include <string>

#include "faulty_file_system.hpp"
#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

using kv::SegmentOutput;
using safeatomic::test::Fault;
using safeatomic::test::FaultyFileSystem;
using safeatomic::test::FsOp;
using safeatomic::test::OpKind;

constexpr std::size_t mib = 1 << 20;

// A frame that differs from the one before and the one behind.
std::string frame(std::size_t number, std::size_t length) {
  std::string bytes(length, static_cast<char>('a' + number % 26));
  bytes.replace(0, 8, std::to_string(10'000'000 + number));
  return bytes;
}

enum class Threads : std::uint8_t { one, two, by_turns };

class SegmentOutputConcurrency : public testing::TestWithParam<Threads> {
 protected:
  SegmentOutput output() {
    return {files_, *directory_, 0600, [turn = 0]() mutable {
              return GetParam() == Threads::two || (GetParam() == Threads::by_turns && ++turn % 3 != 0);
            }};
  }

  std::size_t names() const { return names_in(scratch_.path()).size(); }

  const safeatomic::test::ScratchDirectory scratch_;
  FaultyFileSystem files_;
  const std::unique_ptr<safeatomic::Directory> directory_ = std::move(*files_.open_directory(scratch_.path()));
};

TEST_P(SegmentOutputConcurrency, HoldsAllFramesInTheirOrderLargeOnesAmongThem) {
  SegmentOutput output = this->output();
  std::string all;
  for (std::size_t i = 0; all.size() < 12 * mib; ++i) {
    const std::string bytes = frame(i, i % 1000 == 999 ? 3 * mib : 1000 + i % 7);
    must(output.append(bytes));
    all += bytes;
    ASSERT_EQ(output.size(), all.size());
  }
  std::optional<safeatomic::TemporaryFile> file = must(output.finish());
  ASSERT_TRUE(file);
  EXPECT_EQ(read_file(file->file().path()), all);
}

TEST_P(SegmentOutputConcurrency, MakesNoFileForNothing) {
  EXPECT_FALSE(must(output().finish()));
  EXPECT_EQ(names(), 0U);
}

TEST_P(SegmentOutputConcurrency, TellsThatTheDiskIsFullAndWritesNothingBehindTheHole) {
  constexpr std::uint64_t room = 6 * mib;
  std::set<std::uint64_t> refused_at;
  files_.set_hook([&refused_at](const FsOp& op) -> std::optional<Fault> {
    if (op.kind != OpKind::write || op.offset + op.size <= room) return std::nullopt;
    refused_at.insert(op.offset);
    return Fault::error(ENOSPC);
  });
  {
    SegmentOutput output = this->output();
    const std::string bytes = frame(0, 1000);
    Result<void> appended;
    while (appended && output.size() < 20 * mib) appended = output.append(bytes);
    EXPECT_TRUE(refused(appended, Errc::no_space));
    EXPECT_TRUE(refused(output.finish(), Errc::no_space));
  }
  EXPECT_EQ(refused_at.size(), 1U);
  EXPECT_EQ(names(), 0U) << "the temporary is still there";
}

TEST_P(SegmentOutputConcurrency, TellsAtTheEndThatTheLastWriteFailed) {
  files_.set_hook([](const FsOp& op) -> std::optional<Fault> {
    return op.kind == OpKind::write && op.offset >= 5 * mib ? Fault::error(EIO) : std::optional<Fault>();
  });
  SegmentOutput output = this->output();
  for (int i = 0; i < 11; ++i) must(output.append(std::string(mib / 2, 'x')));
  EXPECT_TRUE(refused(output.finish(), Errc::io));
}

TEST_P(SegmentOutputConcurrency, CanBeGivenUpInTheMiddle) {
  {
    SegmentOutput output = this->output();
    for (int i = 0; i < 5000; ++i) must(output.append(frame(0, 1000)));
    EXPECT_EQ(names(), 1U);
  }
  EXPECT_EQ(names(), 0U);
}

std::string name_of_threads(const testing::TestParamInfo<Threads>& tested) {
  if (tested.param == Threads::by_turns) return "by_turns";
  return tested.param == Threads::one ? "one" : "two";
}

INSTANTIATE_TEST_SUITE_P(Threads, SegmentOutputConcurrency,
                         testing::Values(Threads::one, Threads::two, Threads::by_turns), name_of_threads);

}  // namespace
}  // namespace datawal::test
