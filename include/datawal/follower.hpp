#pragma once
// Following a log that somebody else writes, across restarts of either side.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include <datawal/error.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>

namespace datawal {

/// For Follower::open.
struct FollowerOptions {
  /// Show only what a loss of power cannot take back. What was shown is then never untrue later, and comes about one sync after it
  /// was appended. Without it a record may be taken back, by the power or by a call that failed, and its txid given to another one:
  /// that is told, see LostRecords, before what stands there is known to be durable. For that, what was shown and is not known to be
  /// durable is read again: once when it is, and up to 1 MiB of it whenever there is more.
  bool only_durable = true;
  /// Go on behind this record, which a follower of this store was shown earlier. nullopt: from the first record on.
  std::optional<RecordRef> after{};
  /// Where save() notes how far it has come. If it is there, it counts, and `after` does not. Empty: none. A regular file, not within the
  /// store.
  std::filesystem::path cursor_file{};
  /// How often wait() looks, at least: a record that is appended through a mapping wakes nobody. Taken for a millisecond if it is less.
  std::chrono::milliseconds poll_interval{100};
  safeatomic::FileSystem* file_system = nullptr;  ///< null: the operating system's; not owned
};

/// What a follower will never be shown, or was shown and is not true any more.
struct LostRecords {
  /// Why.
  enum class Cause : std::uint8_t {
    trimmed,  ///< segments were dropped before they were read: these txids are gone
    compacted,  ///< a compaction removed what was superseded, or a repair what was damaged, or, where a key's record follows,
                ///< segments were dropped: these txids are gone
    replaced,  ///< they were shown, and were taken back (a loss of power, a failed call, a restored copy), or a compaction has left
    ///< nothing that would tell; what stands there now follows
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
/// tail, compact, drop segments. Each txid is shown or told to be lost, but for those that were missing already when a follower of
/// the whole log was opened: save() right after that, before anything is trimmed. Takes no lock and changes nothing in the store. Movable; one thread at a time.
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
  /// @return not_found if there is no such directory; invalid_argument if the cursor file lies in it, is no regular file, or holds
  ///   anything else than save() wrote; errors as RecordLogReader::open
  [[nodiscard]] static Result<Follower> open(const std::filesystem::path& dir, const FollowerOptions& options = {});

  /// The next record, nullopt where there is none yet. The view is valid until the next call of anything here.
  /// @return
  ///   place_lost   once for each loss, with what was lost in lost(); again after a restart unless save() was called in between. The
  ///                next call goes on behind it. Where records were replaced it goes on with the first that may be another one, so
  ///                that some come twice
  ///   corruption, unsupported_version  after every record before it; the same again until it is repaired
  ///   snapshot_expired  the store changes faster than it can be read
  ///   io           as it says
  [[nodiscard]] Result<std::optional<RecordView>> next();

  /// What the last place_lost was about.
  [[nodiscard]] const LostRecords& lost() const noexcept;

  /// Sleeps until there may be more, `timeout` at most (milliseconds::max(): for ever), or a signal handler ran. Where another directory
  /// has got the store's name, a restored copy, that one is followed from then on.
  /// @return whether next() is worth calling
  [[nodiscard]] Result<bool> wait(std::chrono::milliseconds timeout);

  /// The record that was shown last, or was gone on behind; nullopt at the beginning.
  [[nodiscard]] const std::optional<RecordRef>& position() const noexcept;

  /// Notes the position, and what was told to be lost, in the cursor file, which is replaced atomically: after a loss of power it holds
  /// this position or the one before; a process that is killed meanwhile may leave a temporary file beside it. Durable on return.
  /// Costs two syncs: save after a batch.
  /// @return invalid_argument without a cursor file; errors as safeatomic::write_atomic
  [[nodiscard]] Result<void> save();

  /// How far this is behind now. Costs a read of what it is behind. Errors as next(), but for place_lost.
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
