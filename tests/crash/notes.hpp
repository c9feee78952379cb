#pragma once
// What a log was told and what it promised.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <datawal/record.hpp>

#include "crash/scenario.hpp"

namespace datawal::crash {

/// A record as it was given to the log.
struct Given {
  RecordType type = RecordType::Raw;
  std::string key;
  std::string payload;
  friend bool operator==(const Given&, const Given&) = default;
};
using GivenRef = std::shared_ptr<const Given>;

/// `size` bytes that are different for each `number`, and hold neither long runs of zeros nor anything that repeats.
[[nodiscard]] std::string payload_of(std::uint64_t number, std::size_t size);

/// Records in log order; the one in place i has the txid i + 1.
class Notes {
 public:
  /// A record is about to be given to the log.
  void attempt(Given given);
  /// The log has it.
  void took() noexcept { kept_ = records_.size(); }
  /// The last `count` were refused, and nothing of them stays; until the next change is synced, a loss of power may bring them
  /// back.
  void refused(std::size_t count);
  /// The next record was taken or a sync succeeded: so it was taken back for good.
  void forget_refused() noexcept { refused_.clear(); }
  /// All that was taken is acknowledged as durable.
  void synced() noexcept;

  /// From now on records may be missing that later ones have superseded: what is there is known by its txids.
  void compacted() noexcept { compacted_ = true; }

  /// The oldest records are about to be dropped: the log may begin with any of these txids, ascending.
  void dropping(const std::vector<std::uint64_t>& beginnings);
  /// It begins with this one of them, durably.
  void dropped(std::uint64_t beginning) { beginnings_.assign(1, beginning); }

  void lose_power() noexcept { power_lost_ = true; }
  /// The power failed, and of what was promised since `before` nothing counts.
  void lose_what_came_after(const Notes& before) noexcept;
  [[nodiscard]] bool power_lost() const noexcept { return power_lost_; }

  /// Compares what a recovery found, and takes it for what is there and durable from now on.
  void found(const std::vector<Record>& records, World& world);

  /// The fold of what is there now.
  [[nodiscard]] std::map<std::string, std::string> fold() const;

  /// Of all records that were ever there.
  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
  /// Of those that are there; while a drop is on its way, at least.
  [[nodiscard]] std::size_t count() const noexcept { return records_.size() + 1 - beginnings_.back(); }
  [[nodiscard]] std::uint64_t next_number() const noexcept { return number_; }
  [[nodiscard]] std::uint64_t hash() const noexcept;

 private:
  void check(const std::vector<Record>& records, World& world) const;
  /// How long the prefix is that these records are all of, or what a compaction or a drop has left.
  [[nodiscard]] std::size_t prefix_of(const std::vector<Record>& records) const noexcept;
  [[nodiscard]] std::size_t place_of(const std::vector<Record>& records, std::size_t i) const noexcept;
  void check_raw(const std::vector<Record>& records, World& world) const;
  [[nodiscard]] bool is_given(std::size_t place, const Record& record, std::size_t count) const;

  std::vector<GivenRef> records_;
  std::size_t kept_ = 0;                         // the log said that it has them
  std::size_t durable_ = 0;                      // and that they are durable
  std::size_t recovered_ = 0;                    // of these, counted by a recovery
  std::vector<GivenRef> refused_;                // in the places behind the last record
  std::uint64_t number_ = 0;                     // of attempts
  std::vector<std::uint64_t> beginnings_ = {1};  // txids of which one is that of the first record
  bool power_lost_ = false;
  bool compacted_ = false;
};

/// The bytes that a recovery is about to cut off the highest segment, which it must keep.
class TornTails {
 public:
  /// Looks at the store before it is opened.
  /// @param is_on_disk  false if the bytes may be in the cache alone: then a loss of power may take them
  void expect(const safeatomic::sim::SimFileSystem& machine, const std::string& directory, bool is_on_disk);
  /// Looks at it behind a successful opening.
  void check(const std::string& directory, World& world);
  void lose_power() {
    std::erase_if(tails_, [](const Tail& tail) { return !tail.is_durable; });
  }

 private:
  struct Tail {
    std::string prefix;  // of the name of its quarantine file
    std::string bytes;
    bool is_durable = false;
  };
  std::vector<Tail> tails_;
};

}  // namespace datawal::crash
