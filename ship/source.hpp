#pragma once
// The log that is shipped: its durable records as drafts of units.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <datawal/follower.hpp>
#include <datawal/record.hpp>

#include "ship/history.hpp"
#include "ship/outcome.hpp"

namespace datawal::ship {

/// Frames for a unit that nobody has published yet.
struct Draft {
  std::uint32_t segment = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< newest whole record with it
  std::uint64_t count = 0;
  std::uint32_t part = 0;
  std::uint32_t parts = 0;
  std::optional<std::uint32_t> crc{};  ///< of `last`
  std::optional<RecordRef> ref{};      ///< its place, if it is in this draft
  std::string body{};
};

/// The txid of the first record, durable or not; nullopt if there is none.
[[nodiscard]] Outcome<std::optional<std::uint64_t>> first_txid(const std::filesystem::path& dir);

/// Goes on where a stream ends. One thread.
class Source {
 public:
  /// @param after  the record of the store at which the stream ends, see compare_end()
  /// @param held   where the hold of the store has stood: what was removed above it had gone before the store was held, so that the
  ///   stream has nothing that belongs to it
  [[nodiscard]] static Outcome<Source> open(const std::filesystem::path& dir, const Head& head,
                                            const std::optional<RecordRef>& after, std::uint64_t held,
                                            std::uint64_t unit_bytes);

  /// The next whole frames of one segment, up to the bytes of a unit, or a part of a longer one; nullopt if nothing else is durable.
  [[nodiscard]] Outcome<std::optional<Draft>> next();

  /// Waits until there may be more.
  [[nodiscard]] Outcome<void> wait(std::chrono::milliseconds timeout);

 private:
  // A record that did not fit into the draft before.
  struct Frame {
    RecordRef ref{};
    std::string bytes{};
  };

  Source(Follower follower, Head head, std::uint64_t held, std::uint64_t unit_bytes)
      : follower_(std::make_unique<Follower>(std::move(follower))),
        head_(std::move(head)),
        held_(held),
        unit_bytes_(unit_bytes) {}
  [[nodiscard]] Outcome<std::optional<RecordView>> read();
  [[nodiscard]] Outcome<Draft> next_part();
  [[nodiscard]] Outcome<void> fill(std::optional<Draft>& draft);
  void add(std::optional<Draft>& draft, const RecordRef& ref) const;

  std::unique_ptr<Follower> follower_;
  Head head_;  // what the drafts so far come to
  std::uint64_t held_ = 0;
  std::uint64_t unit_bytes_ = 0;
  std::optional<Frame> peeked_;
};

}  // namespace datawal::ship
