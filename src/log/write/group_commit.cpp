#include "log/write/group_commit.hpp"

#include <utility>

#include "base/futex.hpp"

namespace datawal::log {

bool GroupCommit::wait(Ticket ticket) noexcept {
  const std::uint32_t turn = std::to_underlying(ticket);
  const std::uint32_t ended = 2 * turn;
  const std::uint32_t offered = ended - 1;
  std::atomic<std::uint32_t>& word = word_of(turn);
  for (;;) {
    std::uint32_t seen = word.load(std::memory_order_acquire);
    if (static_cast<std::int32_t>(seen - ended) >= 0) return false;  // the numbers may wrap around
    if (seen == offered) {
      if (word.compare_exchange_strong(seen, offered - 1, std::memory_order_acquire)) return true;
    } else {
      futex::wait(word, seen);
    }
  }
}

GroupCommit::Wakes GroupCommit::end() noexcept {
  const Wakes wakes{.ended = next_ - 1, .has_attending = attending_ > 0, .is_given_on = gathered_ > 0};
  attending_ = 0;
  is_running_ = wakes.is_given_on;
  word_of(wakes.ended).store(2 * wakes.ended, std::memory_order_release);
  if (wakes.is_given_on) word_of(next_).store(2 * next_ - 1, std::memory_order_release);
  return wakes;
}

void GroupCommit::wake(const Wakes& wakes) noexcept {
  // The next one first: its sync takes the time. It may be done before this comes to the second line; then the threads woken
  // belong to a later turn of the same word: they look and sleep on.
  if (wakes.is_given_on) futex::wake_one(word_of(wakes.ended + 1));
  if (wakes.has_attending) futex::wake_all(word_of(wakes.ended));
}

}  // namespace datawal::log
