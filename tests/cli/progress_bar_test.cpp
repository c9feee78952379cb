// The bar on a terminal of its own.

#include "cli/progress_bar.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datawal::cli {
namespace {

using std::chrono::milliseconds;

class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) throw std::runtime_error("no terminal");
    slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    ::setenv("TERM", "xterm", 1);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    ::close(slave_);
    ::close(master_);
  }

  [[nodiscard]] int fd() const noexcept { return slave_; }

  void set_columns(unsigned short columns) const {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (::ioctl(slave_, TIOCSWINSZ, &size) != 0) throw std::runtime_error("no terminal");
  }

  // What was drawn since the last call. It comes some time after it was written, so a mark is sent behind it.
  std::string seen() const {
    constexpr std::string_view mark = "<mark>";
    if (::write(slave_, mark.data(), mark.size()) != ssize_t{mark.size()}) throw std::runtime_error("no terminal");
    std::string text;
    std::array<char, 4096> buffer{};
    while (!text.ends_with(mark)) {
      const ssize_t got = ::read(master_, buffer.data(), buffer.size());
      if (got <= 0) throw std::runtime_error("no terminal");
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    text.resize(text.size() - mark.size());
    return text;
  }

 private:
  int master_;
  int slave_ = -1;
};

TEST(ProgressBar, ShowsHowFarItIsAndWipesItself) {
  const Terminal terminal;
  {
    ProgressBar bar("checking", terminal.fd(), milliseconds(0));
    bar.show({.bytes_done = 1 << 20, .bytes_total = 4 << 20});
    EXPECT_THAT(terminal.seen(),
                testing::StartsWith("\rchecking [######                  ]  25%  1.0 MiB of 4.0 MiB  "));
    bar.show({.bytes_done = 2 << 20, .bytes_total = 4 << 20});
    EXPECT_EQ(terminal.seen(), "") << "drawn again too soon";
  }
  EXPECT_EQ(terminal.seen(), "\r\033[K");
}

TEST(ProgressBar, StaysAwayFromShortWork) {
  const Terminal terminal;
  {
    ProgressBar("checking", terminal.fd(), milliseconds(3'600'000)).show({.bytes_done = 1, .bytes_total = 2});
  }
  EXPECT_EQ(terminal.seen(), "");
}

TEST(ProgressBar, StaysWithinItsFrameWhateverItIsTold) {
  const Terminal terminal;
  for (const Progress& progress : {Progress{0, 0}, Progress{9, 3}, Progress{~0ULL, ~0ULL}}) {
    ProgressBar bar("x", terminal.fd(), milliseconds(0));
    bar.show(progress);
    EXPECT_THAT(terminal.seen(), testing::HasSubstr("[########################] 100%"));
  }
}

// A line that wraps stays behind: the next one begins at the start of its last row.
TEST(ProgressBar, FitsOnOneLineOfANarrowTerminal) {
  const Terminal terminal;
  for (unsigned short columns = 1; columns <= 100; ++columns) {
    terminal.set_columns(columns);
    std::string drawn;
    {
      ProgressBar bar("compacting", terminal.fd(), milliseconds(0));
      bar.show({.bytes_done = 1000ULL << 30, .bytes_total = 1000ULL << 30});
      drawn = terminal.seen();
    }
    terminal.seen();
    constexpr std::string_view begin = "\r", end = "\033[K";
    if (columns < 5) {
      EXPECT_EQ(drawn, "") << columns;
      continue;
    }
    ASSERT_TRUE(drawn.starts_with(begin) && drawn.ends_with(end)) << columns;
    const std::string shown = drawn.substr(begin.size(), drawn.size() - begin.size() - end.size());
    EXPECT_LT(shown.size(), columns);
    EXPECT_THAT(shown, testing::HasSubstr("100%")) << columns;
    EXPECT_EQ(shown.find("[########################] 100%") != std::string::npos, columns >= 43) << columns;
  }
}

TEST(ProgressBar, IsNotDrawnWhereThereIsNoTerminal) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  {
    ProgressBar("checking", ends[1], milliseconds(0)).show({.bytes_done = 1, .bytes_total = 2});
  }
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), -1);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace datawal::cli
