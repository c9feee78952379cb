#pragma once
// The built program as a child process, with pipes at all three ends.

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/child.hpp"

namespace datawal::test {

/// How a run of the program ended.
struct Ended {
  int status = 0;  ///< exit status; 1000 + N after signal N
  std::string out{};
  std::string err{};

  friend bool operator==(const Ended&, const Ended&) = default;
  friend void PrintTo(const Ended& ended, std::ostream* stream) {
    constexpr std::size_t enough = 4000;
    *stream << "status " << ended.status << "\n--- standard output\n"
            << ended.out.substr(0, enough) << "--- standard error\n"
            << ended.err.substr(0, enough) << "---";
  }
};

/// One run. It ends with the object: by SIGKILL if finish() was not called.
class Running {
 public:
  struct Setting {
    std::filesystem::path directory = ".";  ///< where it runs
    std::string output{};                   ///< a file to open as standard output in the place of a pipe
    int input = -1;                         ///< a descriptor to be standard input in the place of a pipe
  };

  Running(std::vector<std::string> arguments, const Setting& setting) {
    const Pipe input = make_pipe(), output = make_pipe(), error = make_pipe();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, setting.directory.c_str());
    posix_spawn_file_actions_adddup2(&actions, setting.input >= 0 ? setting.input : input.read, STDIN_FILENO);
    if (setting.output.empty()) {
      posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO);
    } else {
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, setting.output.c_str(), O_WRONLY, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, error.write, STDERR_FILENO);

    arguments.insert(arguments.begin(), DATAWAL_PROGRAM);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const int failed = posix_spawn(&pid_, DATAWAL_PROGRAM, &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    for (const int fd : {input.read, output.write, error.write}) ::close(fd);
    input_ = input.write;
    output_.fd = output.read;
    error_.fd = error.read;
    if (failed != 0) throw std::runtime_error(std::string("cannot start ") + DATAWAL_PROGRAM);
    ::fcntl(input_, F_SETFL, O_NONBLOCK);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    for (const int fd : {input_, output_.fd, error_.fd}) {
      if (fd >= 0) ::close(fd);
    }
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Hands `bytes` to its standard input, taking what it says meanwhile. What it does not take because it has ended is lost.
  void send(std::string_view bytes) {
    const auto deadline = Clock::now() + patience;
    while (!bytes.empty() && input_ >= 0) exchange(&bytes, deadline);
  }

  void close_input() {
    if (input_ >= 0) ::close(std::exchange(input_, -1));
  }

  /// Nobody reads its standard output any more.
  void close_output() {
    if (output_.fd >= 0) ::close(std::exchange(output_.fd, -1));
  }

  /// The next line of its standard output, without the newline.
  std::string read_line() { return read_line_of(output_); }
  std::string read_error_line() { return read_line_of(error_); }

  /// What it has said on standard output so far, beyond the lines that were read.
  [[nodiscard]] const std::string& unread() const noexcept { return output_.text; }

  void signal(int number) const { ::kill(pid_, number); }

  /// Waits until it can print no more because nobody takes it.
  void wait_until_it_stalls() const {
    const auto deadline = Clock::now() + patience;
    int before = 0;
    for (int waiting = 0; before == 0 || waiting != before;) {
      if (Clock::now() > deadline) throw std::runtime_error("it does not stall");
      before = waiting;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      ::ioctl(output_.fd, FIONREAD, &waiting);
    }
  }

  /// Waits until it has ended, without taking what it says.
  /// @return false if it goes on
  [[nodiscard]] bool ends_unread() const {
    const auto deadline = Clock::now() + patience;
    while (Clock::now() < deadline) {
      siginfo_t info{};
      if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_)
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  /// Closes its input, reads to the end of its output and waits.
  Ended finish() {
    close_input();
    return wait();
  }

  /// The same with its input left open: it must end by itself.
  Ended wait() {
    const auto deadline = Clock::now() + patience;
    while (output_.fd >= 0 || error_.fd >= 0) exchange(nullptr, deadline);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    return {code, std::exchange(output_.text, {}), std::exchange(error_.text, {})};
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Pipe {
    int read = -1, write = -1;
  };
  struct Stream {
    int fd = -1;
    std::string text{};  // not handed out yet
  };

  static Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    return {ends[0], ends[1]};
  }

  std::string read_line_of(Stream& stream) {
    const auto deadline = Clock::now() + patience;
    std::size_t end = 0;
    while ((end = stream.text.find('\n')) == std::string::npos) {
      if (stream.fd < 0) throw std::runtime_error("it ended in the middle of: " + stream.text);
      exchange(nullptr, deadline);
    }
    std::string line = stream.text.substr(0, end);
    stream.text.erase(0, end + 1);
    return line;
  }

  // Waits until something can be taken or, with `bytes`, given.
  void exchange(std::string_view* bytes, Clock::time_point deadline) {
    std::array<pollfd, 3> fds{pollfd{.fd = output_.fd, .events = POLLIN, .revents = 0},
                              pollfd{.fd = error_.fd, .events = POLLIN, .revents = 0},
                              pollfd{.fd = bytes != nullptr ? input_ : -1, .events = POLLOUT, .revents = 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = left.count() > 0 ? ::poll(fds.data(), fds.size(), static_cast<int>(left.count())) : 0;
    if (ready == 0) throw std::runtime_error("the program neither ends nor says anything: " + error_.text);
    if (ready < 0) return;
    if (fds[0].revents != 0) take(output_);
    if (fds[1].revents != 0) take(error_);
    if (fds[2].revents != 0) give(*bytes);
  }

  static void take(Stream& stream) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::read(stream.fd, buffer.data(), buffer.size());
    if (got > 0) stream.text.append(buffer.data(), static_cast<std::size_t>(got));
    if (got == 0) ::close(std::exchange(stream.fd, -1));
  }

  void give(std::string_view& bytes) {
    const ssize_t given = ::write(input_, bytes.data(), bytes.size());
    if (given > 0) bytes.remove_prefix(static_cast<std::size_t>(given));
    if (given < 0 && errno != EAGAIN && errno != EINTR) close_input();
  }

  pid_t pid_ = -1;
  int input_ = -1;
  Stream output_{};
  Stream error_{};
};

}  // namespace datawal::test
