#pragma once
// Forked children that talk in lines, and end by their own id.

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

namespace datawal::test {

/// Long enough for a machine that does much else; a test that passes never waits for it.
inline constexpr std::chrono::seconds patience{120};

/// Both directions of a talk between two processes, a line at a time.
class Talk {
 public:
  explicit Talk(int socket) noexcept : socket_(socket) {}
  Talk(Talk&& other) noexcept : socket_(std::exchange(other.socket_, -1)), read_(std::move(other.read_)) {}
  Talk& operator=(Talk&&) = delete;
  ~Talk() { close(); }

  void close() noexcept {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  /// False if nobody is there any more.
  bool tell(std::string_view line) {
    std::string bytes(line);
    bytes += '\n';
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t sent = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR) return false;
      if (sent > 0) done += static_cast<std::size_t>(sent);
    }
    return true;
  }

  /// The next line; nullopt once the other side is gone and all it said was heard. Half a line is not heard.
  std::optional<std::string> hear() {
    while (!has_line()) {
      if (!listen(patience)) return std::nullopt;
    }
    const std::size_t end = read_.find('\n');
    std::string line = read_.substr(0, end);
    read_.erase(0, end + 1);
    return line;
  }

  /// Whether the other side is still there; what it said may not be heard yet.
  [[nodiscard]] bool is_open() const {
    pollfd state{.fd = socket_, .events = POLLRDHUP, .revents = 0};
    return ::poll(&state, 1, 0) == 0;
  }

  /// Whether hear() would return at once, with a line.
  bool has_news() {
    while (!has_line()) {
      pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 0) != 1 || !listen(patience)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool has_line() const { return read_.find('\n') != std::string::npos; }

  bool listen(std::chrono::milliseconds how_long) {
    pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
    const int count = ::poll(&ready, 1, static_cast<int>(how_long.count()));
    if (count < 0 && errno == EINTR) return true;
    if (count == 0) throw std::runtime_error("the other process says nothing");
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) return false;
    read_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  std::string read_;
};

/// A process of our own. GoogleTest's assertions work inside: they print there, and make its status 1.
class Child {
 public:
  using Body = std::function<void(Talk&)>;

  explicit Child(const Body& body) {
    std::array<int, 2> sockets{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()) != 0) throw std::runtime_error("no socket pair");
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no child");
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::close(sockets[0]);
      run(body, Talk(sockets[1]));
    }
    ::close(sockets[1]);
    talk_.emplace(sockets[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) static_cast<void>(kill());
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] Talk& talk() noexcept { return *talk_; }

  /// SIGKILL. On return it is gone, and with it all its descriptors.
  int kill() {
    ::kill(pid_, SIGKILL);
    return wait();
  }

  /// Waits for its end. 0: it ended by itself and no assertion failed in it.
  int wait() {
    int status = -1;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    return status;
  }

 private:
  [[noreturn]] static void run(const Body& body, Talk talk) {
    try {
      body(talk);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    std::fflush(nullptr);
    ::_exit(testing::Test::HasFailure() || testing::Test::IsSkipped() ? 1 : 0);
  }

  pid_t pid_ = -1;
  std::optional<Talk> talk_;
};

/// Runs `body` in a child of its own and fails if an assertion failed there: for what a test must not do to its own
/// process (limits, users, mounts).
inline void in_child(const std::function<void()>& body) {
  Child child([&](Talk&) { body(); });
  EXPECT_EQ(child.wait(), 0) << "see what the child printed above";
}

/// "" if `attempt`, run in a child, returns true; else what to say when a test is skipped.
inline std::string why_not(const std::string& what, const std::function<bool()>& attempt) {
  Child child([&](Talk& talk) { talk.tell(attempt() ? "yes" : std::string("no: ") + std::strerror(errno)); });
  const std::string answer = child.talk().hear().value_or("no: it died");
  static_cast<void>(child.wait());
  return answer == "yes" ? "" : what + " cannot be had here (" + answer.substr(4) + ")";
}

}  // namespace datawal::test
