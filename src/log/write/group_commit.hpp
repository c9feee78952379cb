#pragma once
// Group commit: who syncs next, and who waits for whom. One sync at a time, shared by all who came before it began.
//
// Turns are numbered. While one runs, others gather for the next one and sleep on its word; when it ends, all that waited
// for it are woken, and one of those that gathered gets the next turn at once. Two words serve all turns, one the even and one the
// odd ones: their values only grow, so a late riser cannot mistake one turn for another.
//
// Syncs must never overlap: Linux reports a failed write-back once per descriptor, so one of two simultaneous syncs could
// swallow the other's failure.

#include <array>
#include <atomic>
#include <cstdint>

namespace datawal::log {

/// Functions marked "lock" are called with the owner's lock held, the others without. After waking, check again for what you waited
/// for: a turn that ended is a reason to look, not an answer.
class GroupCommit {
 public:
  /// The number of a turn to wait for.
  enum class Ticket : std::uint32_t {};

  /// Lock. Takes the turn if nobody has it. Its holder calls end().
  [[nodiscard]] bool try_begin() noexcept {
    if (is_running_) return false;
    is_running_ = true;
    ++next_;
    return true;
  }

  /// Lock, somebody has the turn: for waiting for the next one, and perhaps getting it.
  [[nodiscard]] Ticket gather() noexcept {
    ++gathered_;
    return Ticket{next_};
  }

  /// Lock, somebody has the turn: for waiting for its end.
  [[nodiscard]] Ticket attend() noexcept {
    ++attending_;
    return Ticket{next_ - 1};
  }

  /// Sleeps until that turn has ended, or is the caller's.
  /// @return true if it is the caller's; the caller then takes the lock and calls begin_given() before anything else
  [[nodiscard]] bool wait(Ticket ticket) noexcept;

  /// Lock. Begins the turn given to the caller: whoever gathers from now on waits for the one after it.
  void begin_given() noexcept {
    attending_ = gathered_ - 1;
    gathered_ = 0;
    ++next_;
  }

  /// Lock. Ends the turn; the caller then calls wake() with what this returns.
  struct Wakes {
    std::uint32_t ended = 0;
    bool has_attending = false;
    bool is_given_on = false;
  };
  [[nodiscard]] Wakes end() noexcept;

  /// With or without the lock.
  void wake(const Wakes& wakes) noexcept;

 private:
  // The word of turn n: 2n - 1 offers the turn to one of the waiting, 2n - 2 says that it was taken, 2n that it has ended.
  [[nodiscard]] std::atomic<std::uint32_t>& word_of(std::uint32_t turn) noexcept { return words_[turn % 2]; }

  std::array<std::atomic<std::uint32_t>, 2> words_{};
  std::uint32_t next_ = 1;       // the turn that is gathered for
  std::uint32_t gathered_ = 0;   // how many wait for it
  std::uint32_t attending_ = 0;  // how many wait for the end of the one that runs
  bool is_running_ = false;
};

}  // namespace datawal::log
