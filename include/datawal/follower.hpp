#pragma once
// Follows a log that another handle or process writes, across restarts of either side.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>

namespace datawal {

/// Options of Follower::open.
struct FollowerOptions {
  /// Show only what a loss of power cannot take back. What was shown then stays true; it is shown about one sync after it was
  /// appended. Without this, a record may be taken back by a loss of power or a failed call, and its txid given to another one: the
  /// follower reports that, see LostRecords, before the new content is known to be durable. For that it reads again what it showed
  /// that is not known to be durable: once when it is, and up to 1 MiB of it whenever there is more.
  bool only_durable = true;
  /// Continue after this record, which an earlier follower of this store was shown. nullopt: from the first record on.
  std::optional<RecordRef> after{};
  /// Where save() notes the position. If the file exists, it takes precedence over `after`. Empty: none. A regular file, not within
  /// the store.
  std::filesystem::path cursor_file{};
  /// The longest time between two looks of wait(): a record that is appended through a mapping wakes nobody. Less than a millisecond
  /// counts as one.
  std::chrono::milliseconds poll_interval{100};
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

/// Records that a follower will never be shown, or was shown and that are no longer true.
struct LostRecords {
  /// Why.
  enum class Cause : std::uint8_t {
    trimmed,  ///< segments were dropped before they were read: these txids are gone
    compacted,  ///< a compaction removed what was superseded, or a repair what was damaged, or, where a key's record follows,
                ///< segments were dropped: these txids are gone
    replaced,  ///< they were shown and then taken back (a loss of power, a failed call, a restored copy), or a compaction left
    ///< nothing to tell by; the present content follows
  };
  std::uint64_t first_txid = 0;  ///< the range, both ends included; never empty
  std::uint64_t last_txid = 0;   ///< its end
  Cause cause = Cause::trimmed;  ///< why

  friend bool operator==(const LostRecords&, const LostRecords&) = default;
};

/// How far a follower is behind the newest record that it would be shown.
struct FollowerLag {
  std::uint64_t txids = 0;    ///< from its position to that record's
  std::uint64_t records = 0;  ///< that are there; fewer than `txids` where some were removed
  std::uint64_t bytes = 0;    ///< of their frames
};

/// Shows each record of a log once and in order, whatever its writer does meanwhile: rotate, end, die and come back, cut a torn
/// tail, compact, drop segments. Each txid is shown or reported lost, except those already missing when a follower of the whole log
/// was opened: call save() right after that, before anything is trimmed. Takes no lock and changes nothing in the store. Movable;
/// one thread at a time.
///
///     auto follower = Follower::open("outbox", {.cursor_file = "sent.cursor"});
///     for (;;) {
///       auto next = follower->next();
///       if (!next && next.error().code == Errc::place_lost) { report(follower->lost()); continue; }
///       if (!next) return next.error();
///       if (*next) {
///         send((*next)->payload);
///         if (auto saved = follower->save(); !saved) return saved.error();
///       } else if (auto woken = follower->wait(1s); !woken) {
///         return woken.error();
///       }
///     }
class Follower {
 public:
  /// @return not_found if there is no such directory; invalid_argument if the cursor file lies in it, is not a regular file, or holds
  ///   anything that save() did not write; errors as RecordLogReader::open
  [[nodiscard]] static Result<Follower> open(const std::filesystem::path& dir, const FollowerOptions& options = {});

  /// The next record; nullopt if there is none yet. The view is valid until the next call of any member.
  /// @return
  ///   place_lost   once for each loss, described by lost(); again after a restart unless save() was called in between. The next
  ///                call continues after the loss. Where records were replaced it continues with the first that may differ, so some
  ///                come twice
  ///   corruption, unsupported_version  after every record before it; the same again until it is repaired
  ///   snapshot_expired  the store changes faster than it can be read
  ///   io           the operating system failed
  [[nodiscard]] Result<std::optional<RecordView>> next();

  /// What the last place_lost reported.
  [[nodiscard]] const LostRecords& lost() const noexcept;

  /// Sleeps until there may be more, until a signal handler ran, or for `timeout` at most (milliseconds::max(): forever). If another
  /// directory now has the store's name (a restored copy), follows that one from then on.
  /// @return true if next() is worth calling
  [[nodiscard]] Result<bool> wait(std::chrono::milliseconds timeout);

  /// The record shown last, or after which it continued; nullopt at the beginning.
  [[nodiscard]] const std::optional<RecordRef>& position() const noexcept;

  /// Writes the position, and the losses reported, to the cursor file, replacing it atomically: after a loss of power it holds
  /// this position or the one before; a process that is killed meanwhile may leave a temporary file beside it. Durable on return.
  /// Costs two syncs: save after a batch.
  /// @return invalid_argument without a cursor file; errors as safeatomic::write_atomic
  [[nodiscard]] Result<void> save();

  /// How far this is behind now, with what comes again because it was replaced. Reads everything it is behind by. Errors as next(),
  /// except place_lost.
  [[nodiscard]] Result<FollowerLag> lag() const;

  Follower(Follower&&) noexcept;
  Follower& operator=(Follower&&) noexcept;
  ~Follower();

 private:
  struct Impl;
  explicit Follower(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datawal
