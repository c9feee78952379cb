// The threads that a store starts, as the rest of a program sees them.

#include <csignal>

#include <atomic>
#include <chrono>
#include <thread>

#include <unistd.h>

#include "kv/kv_support.hpp"

namespace datawal::test {
namespace {

std::atomic<int> handled{0};

TEST(LibraryThreads, TakeNoSignals) {
  struct sigaction action{};
  action.sa_handler = [](int) { ++handled; };
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR2, &action, &before), 0);
  const Store store;
  DataWal kv = open_kv(store.path(), {.sync_policy = SyncPolicy::interval(std::chrono::milliseconds(1)),
                                      .auto_compact = {.is_enabled = true}});
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
  ASSERT_EQ(::kill(::getpid(), SIGUSR2), 0);
  // The thread that syncs has been at work after that.
  for (int i = 0; i < 3; ++i) {
    must(kv.put("a", "1"));
    while (kv.log().durable_txid() < kv.log().last_txid()) std::this_thread::yield();
  }
  ASSERT_EQ(handled, 0);
  int taken = 0;
  EXPECT_EQ(::sigwait(&set, &taken), 0);
  EXPECT_EQ(taken, SIGUSR2);
  ASSERT_EQ(::pthread_sigmask(SIG_UNBLOCK, &set, nullptr), 0);
  ASSERT_EQ(::sigaction(SIGUSR2, &before, nullptr), 0);
}

}  // namespace
}  // namespace datawal::test
