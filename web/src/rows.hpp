#pragma once
// Every record of the store in twenty bytes, in the order of the log.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <datawal/survey.hpp>

namespace datawal::page {

/// Columns of so many rows. They never move, so that growing costs no copy.
struct RowBlock {
  static constexpr std::size_t rows = std::size_t{1} << 16;
  std::array<double, rows> offset;
  std::array<std::uint64_t, rows> txid;
  std::array<std::uint32_t, rows> packed;  ///< length of the frame: 27 bits; type: 2; state: 3
};

class Rows {
 public:
  struct Row {
    std::uint32_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t txid = 0;
    std::uint32_t len = 0;
    RecordType type = RecordType::Raw;
    RecordState state = RecordState::raw;
  };

  void clear();
  void add(const SurveyedRecord& seen);
  /// Takes effect when settle() is called, at the latest.
  void supersede(const SupersededRecord& old);
  /// Marks what was superseded: many at once, in the order of the rows, so that looking for them stays in the cache.
  void settle();

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Row operator[](std::size_t n) const noexcept;
  [[nodiscard]] const RowBlock& block(std::size_t n) const noexcept { return *blocks_[n]; }

  /// Of each segment that has records: its id, and its first row.
  struct First {
    std::uint32_t segment = 0;
    std::size_t row = 0;
  };
  [[nodiscard]] const std::vector<First>& segments() const noexcept { return firsts_; }

 private:
  [[nodiscard]] double offset_of(std::size_t n) const noexcept {
    return blocks_[n / RowBlock::rows]->offset[n % RowBlock::rows];
  }

  struct Place {
    std::uint32_t segment = 0;
    std::uint64_t offset = 0;
    auto operator<=>(const Place&) const = default;
  };
  static constexpr std::size_t settled_at_once = std::size_t{1} << 13;
  [[nodiscard]] std::size_t row_at(double offset, std::size_t low, std::size_t high) const noexcept;

  std::vector<Place> superseded_;  // not marked yet
  std::vector<std::unique_ptr<RowBlock>> blocks_;
  std::vector<First> firsts_;
  std::size_t size_ = 0;
};

}  // namespace datawal::page
