#pragma once
// Every run of whole frames in a part of a segment, whatever it is part of.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "segment/runs.hpp"

namespace datawal::segment {

/// Runs, of which only the first ones are kept where there are too many.
class FirstRuns {
 public:
  explicit FirstRuns(std::size_t max_runs) : max_runs_(max_runs) {}

  void add(const Run& run);
  void sort();

  [[nodiscard]] const std::vector<Run>& all() const noexcept { return runs_; }  ///< by their begin, once sorted
  /// All runs that begin below this are kept.
  [[nodiscard]] std::uint64_t upto() const noexcept { return upto_; }

 private:
  std::size_t max_runs_;
  std::vector<Run> runs_;
  std::uint64_t upto_ = std::numeric_limits<std::uint64_t>::max();
};

/// Runs that reach the end of the data, or end where a torn record begins that does, or where another such run begins: their txids
/// are out of order then, but nothing lies between them. Takes a small part of their number for each question.
class AnchoredRuns {
 public:
  AnchoredRuns() = default;
  explicit AnchoredRuns(std::vector<Run> by_begin);

  /// The first that begins at or behind `offset` and whose first txid is above `txid`; null if there is none.
  [[nodiscard]] const Run* first_from(std::uint64_t offset, std::optional<std::uint64_t> txid) const noexcept;
  /// Whether one of those that begin in (after, place), with such a txid, goes on behind `place`.
  [[nodiscard]] bool cross(std::uint64_t after, std::uint64_t place, std::optional<std::uint64_t> txid) const noexcept;
  [[nodiscard]] const Run* starting_at(std::uint64_t offset) const noexcept;

 private:
  struct Highest {
    std::uint64_t first_txid = 0;
    std::uint64_t end = 0;
  };
  [[nodiscard]] std::size_t index_from(std::uint64_t offset) const noexcept;

  std::vector<Run> runs_;
  std::vector<Highest> blocks_;  // of as many runs each
};

/// All runs that begin in a part of a segment, by their begin; frames may overlap, so that one run lies inside another. Does not
/// look into the frames of a run that has become long. They are listed a part at a time: some hundred thousand of them are in memory,
/// those behind are looked for again when they are needed. Questions are asked in ascending order; each part is searched about twice
/// then, however many runs there are.
class RunList {
 public:
  /// Searches all of [begin, end).
  /// @param data_end  behind the last byte that is not zero
  [[nodiscard]] static Result<RunList> of(safeatomic::File& file, std::uint64_t begin, std::uint64_t end,
                                          std::uint64_t data_end, CrcWork& work);

  /// Nothing before `begin` will be asked for any more.
  [[nodiscard]] Result<void> pass(std::uint64_t begin);

  /// The first run that begins at or behind `offset`.
  [[nodiscard]] Result<std::optional<Run>> first_from(std::uint64_t offset);
  /// The run that begins there; of one that is not in memory only its first record is looked at.
  [[nodiscard]] Result<std::optional<Run>> starting_at(std::uint64_t offset);

  [[nodiscard]] const AnchoredRuns& anchored() const noexcept { return anchored_; }
  /// Behind the last byte of data; a record's checksum may end in zeros.
  [[nodiscard]] std::uint64_t data_end() const noexcept { return data_end_; }

 private:
  RunList(safeatomic::File& file, std::uint64_t end, std::uint64_t data_end, CrcWork& work)
      : file_(&file), work_(&work), end_(end), data_end_(data_end) {}

  [[nodiscard]] Result<void> list(std::uint64_t begin, bool is_first);
  [[nodiscard]] bool knows_all() const noexcept { return known_.upto() >= end_; }
  [[nodiscard]] const Run* first_known_from(std::uint64_t offset) const noexcept;

  safeatomic::File* file_;
  CrcWork* work_;
  std::uint64_t end_;
  std::uint64_t data_end_;
  std::uint64_t begin_ = 0;  // of the part in memory
  FirstRuns known_{0};
  AnchoredRuns anchored_;
};

}  // namespace datawal::segment
