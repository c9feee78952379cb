#pragma once
// A network that can be cut: everything that goes to a port passes through here.

#include <poll.h>

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "ship/server.hpp"

namespace datawal::ship::test {

/// Listens on a port of its own on loopback, and hands on what comes to another one, and what comes back.
class Proxy {
 public:
  explicit Proxy(int target) : target_(target), listener_(listen_on(port_)), thread_([this] { serve(); }) {}
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy() {
    is_over_ = true;
    thread_.join();
    ::close(listener_);
  }

  /// From here on nothing arrives, in both directions, and nobody is told: as with a cable that is pulled.
  void cut() { is_cut_ = true; }
  /// What was sent meanwhile arrives now, late.
  void mend() { is_cut_ = false; }
  /// All connections end.
  void reset() { is_reset_ = true; }

  [[nodiscard]] std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }

 private:
  struct Pair {
    int near = -1;
    int far = -1;
  };

  static int listen_on(int port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    (void)::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = loopback(port);
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(descriptor, 64) != 0)
      throw std::runtime_error("proxy");
    return descriptor;
  }

  void serve() {
    while (!is_over_) {
      if (is_reset_.exchange(false)) drop_all();
      if (is_cut_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      std::vector<pollfd> wanted = {{.fd = listener_, .events = POLLIN, .revents = 0}};
      for (const Pair& pair : pairs_) {
        wanted.push_back({.fd = pair.near, .events = POLLIN, .revents = 0});
        wanted.push_back({.fd = pair.far, .events = POLLIN, .revents = 0});
      }
      if (::poll(wanted.data(), wanted.size(), 10) <= 0) continue;
      std::size_t n = 1;
      for (auto pair = pairs_.begin(); pair != pairs_.end(); n += 2) {
        const bool is_alive = (wanted[n].revents == 0 || hand_on(pair->near, pair->far)) &&
                              (wanted[n + 1].revents == 0 || hand_on(pair->far, pair->near));
        pair = is_alive ? std::next(pair) : drop(pair);
      }
      if (wanted[0].revents != 0) accept_one();
    }
    drop_all();
  }

  void accept_one() {
    const int near = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (near < 0) return;
    const int far = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(target_);
    if (::connect(far, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(near);
      ::close(far);
      return;
    }
    pairs_.push_back({.near = near, .far = far});
  }

  // One read, all of it written; a server that stands still holds this up, which is what it does to a network.
  bool hand_on(int from, int to) {
    char bytes[65536];
    const ssize_t got = ::recv(from, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    for (ssize_t done = 0; done < got;) {
      const ssize_t sent = ::send(to, bytes + done, static_cast<std::size_t>(got - done), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent < 0) {
        if (is_over_ || is_reset_) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      }
      done += sent;
    }
    return true;
  }

  std::list<Pair>::iterator drop(std::list<Pair>::iterator pair) {
    ::close(pair->near);
    ::close(pair->far);
    return pairs_.erase(pair);
  }
  void drop_all() {
    while (!pairs_.empty()) drop(pairs_.begin());
  }

  const int target_;
  const int port_ = free_port();
  const int listener_;
  std::atomic<bool> is_over_{false};
  std::atomic<bool> is_cut_{false};
  std::atomic<bool> is_reset_{false};
  std::list<Pair> pairs_;  // of the thread
  std::thread thread_;
};

}  // namespace datawal::ship::test
