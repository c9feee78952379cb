#pragma once
// A real server on loopback, with a data folder of its own; ended by its pid.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/files.hpp"

namespace datawal::ship::test {

/// A program that was started.
class Process {
 public:
  Process() = default;
  explicit Process(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    const int null = ::open("/dev/null", O_RDWR);
    for (const int standard : {0, 1}) ::dup2(null, standard);
    ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept {
    if (this != &other) end(SIGKILL);
    pid_ = std::exchange(other.pid_, -1);
    return *this;
  }
  ~Process() { end(SIGKILL); }

  void send(int signal) const {
    if (pid_ > 0) ::kill(pid_, signal);
  }
  /// Sends the signal and waits. @return its exit status; -1 if a signal ended it
  int end(int signal) {
    send(signal);
    return wait();
  }
  int wait() {
    if (pid_ <= 0) return -1;
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
};

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

inline int free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(descriptor, any, size) != 0 || ::getsockname(descriptor, any, &size) != 0)
    throw std::runtime_error("port");
  ::close(descriptor);
  return ntohs(address.sin_port);
}

inline bool answers(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool is_there = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return is_there;
}

class Server {
 public:
  /// @param more  further lines of its configuration
  explicit Server(std::filesystem::path folder, const std::string& more = {}, const std::string& name = "one")
      : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    configure(more, name);
    start();
  }

  /// For the next start.
  void configure(const std::string& more, const std::string& name = "one", const std::string& room = "2GB") const {
    datawal::test::write_file(folder_ / "conf", "server_name: " + name +
                                                    "\nlisten: 127.0.0.1:" + std::to_string(port_) +
                                                    "\njetstream { store_dir: \"" + (folder_ / "js").string() +
                                                    "\", max_mem: 16MB, max_file: " + room + " }\n" + more);
  }

  void start() {
    process_ = Process({"nats-server", "-c", (folder_ / "conf").string(), "-l", (folder_ / "log").string()});
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!answers(port_)) {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error("the server does not start");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void kill() { process_.end(SIGKILL); }
  void pause() const { process_.send(SIGSTOP); }
  void go_on() const { process_.send(SIGCONT); }

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string url(const std::string& who = {}) const {
    return "nats://" + who + "127.0.0.1:" + std::to_string(port_);
  }

 private:
  std::filesystem::path folder_;
  int port_ = free_port();
  Process process_;
};

}  // namespace datawal::ship::test
