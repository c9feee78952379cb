#pragma once
// Every run of whole frames in a part of a segment, whatever contains it.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <datawal/error.hpp>
#include <safeatomic/file_system.hpp>

#include "segment/runs.hpp"

namespace datawal::segment {

/// Runs; if there are too many, only the first ones are kept.
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

/// Runs that reach the end of the data, or end where a torn record that does begins, or where another such run begins (then with
/// txids out of order, but nothing in between). Each question looks at a small part of them.
class AnchoredRuns {
 public:
  AnchoredRuns() = default;
  explicit AnchoredRuns(std::vector<Run> by_begin);

  /// The first that begins at or after `offset` and whose first txid is above `txid`; null if there is none.
  [[nodiscard]] const Run* first_from(std::uint64_t offset, std::optional<std::uint64_t> txid) const noexcept;
  /// True if one that begins in (after, place), with such a txid, continues beyond `place`.
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

/// All runs that begin in a part of a segment, by their begin; frames may overlap, so one run may lie inside another. Does not
/// look into the frames of a run that has become long. Runs are listed a part at a time: some hundred thousand are in memory, later
/// ones are searched for again when needed. Ask in ascending order; then each part is searched about twice, however many runs
/// there are.
class RunList {
 public:
  /// Searches all of [begin, end).
  /// @param data_end  after the last nonzero byte
  [[nodiscard]] static Result<RunList> of(safeatomic::File& file, std::uint64_t begin, std::uint64_t end,
                                          std::uint64_t data_end, CrcWork& work);

  /// Promises that nothing before `begin` will be asked for any more.
  [[nodiscard]] Result<void> pass(std::uint64_t begin);

  /// The first run that begins at or after `offset`.
  [[nodiscard]] Result<std::optional<Run>> first_from(std::uint64_t offset);
  /// The run that begins there; of a run not in memory only the first record is looked at.
  [[nodiscard]] Result<std::optional<Run>> starting_at(std::uint64_t offset);

  [[nodiscard]] const AnchoredRuns& anchored() const noexcept { return anchored_; }
  /// After the last byte of data; a record's checksum may end in zeros.
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
