#pragma once
// What the units of a stream come to: one chain from the genesis.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ship/outcome.hpp"
#include "ship/unit.hpp"

namespace datawal::ship {

/// Where a stream ends.
struct Head {
  std::string store{};
  std::string owner{};
  std::uint64_t epoch = 0;
  std::uint64_t last = 0;              ///< txid of its newest whole record; without one, the floor
  std::optional<std::uint32_t> crc{};  ///< of that record
  std::uint64_t part_txid = 0;         ///< of the record of which only a part is there; 0: none
  std::uint32_t part = 0;              ///< the last one of it
  std::uint32_t parts = 0;
  std::string chain{};
};

/// The head that a unit makes, if what stands before it is right.
[[nodiscard]] Head head_of(const Unit& unit);

/// Whole frames of one segment.
struct Frames {
  std::uint32_t segment = 0;
  std::string_view bytes{};
};

/// Reads units in the order of the stream and believes none.
class History {
 public:
  using Visitor = std::function<Outcome<void>(const Frames&)>;

  explicit History(Visitor visit = {}) : visit_(std::move(visit)) {}
  /// One that goes on from there.
  explicit History(Head head) : head_(std::move(head)) {}

  /// @return false if the unit stands behind something else than the head: it is void. exit_stream_damaged if it is not what it says:
  ///   then it was not taken, and another one may stand in its place
  [[nodiscard]] Outcome<bool> take(const Unit& unit, std::string_view body);

  /// As take(), without a look at the body of a part: what is before it is not there.
  [[nodiscard]] Outcome<bool> look_at(const Unit& unit, std::string_view body);

  [[nodiscard]] const std::optional<Head>& head() const noexcept { return head_; }
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }
  [[nodiscard]] std::uint64_t floor() const noexcept { return floor_; }

 private:
  [[nodiscard]] Outcome<void> check_place(const Unit& unit) const;
  [[nodiscard]] Outcome<void> take_frames(const Unit& unit, std::string_view frames);
  [[nodiscard]] Outcome<void> take_part(const Unit& unit, std::string_view body);

  Visitor visit_;
  std::optional<Head> head_;
  std::uint32_t segment_ = 0;  // of the unit before; they never go back
  std::uint64_t floor_ = 0;
  std::uint64_t records_ = 0;
  std::string partial_;  // the parts of a frame so far
};

}  // namespace datawal::ship
