#pragma once
// What a page shows of a store besides its records: counted during a survey, in memory that does not grow with the store.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <datawal/survey.hpp>

namespace datawal::cli {

inline constexpr std::size_t record_states = 6;  ///< of RecordState
template <class T>
using ByState = std::array<T, record_states>;

/// So many stretches, prefixes and points of growth at most.
struct SummaryLimits {
  std::size_t columns = 2000;  ///< of the map, shared by the segments according to their size; at least one each
  std::size_t stretches = 10'000;
  std::size_t prefixes = 10'000;
  std::size_t prefixes_shown = 30;
  std::size_t points = 1024;
};

/// A part of a segment: bytes by the state of their records.
using Column = ByState<std::uint64_t>;

struct SegmentSummary {
  SurveyedSegment segment{};
  std::vector<Column> columns{};
};

/// Keys that begin alike.
struct PrefixSummary {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t live_records = 0;
  std::uint64_t live_bytes = 0;
};

/// The store when it had got so far.
struct GrowthPoint {
  std::uint64_t txid = 0;
  std::uint64_t bytes = 0;       ///< of all records up to it
  std::uint64_t live_bytes = 0;  ///< of these, what was live then, or raw
};

/// The first part of a key, up to and with the first of : / . | # or empty if there is none.
[[nodiscard]] std::string_view prefix_of(std::string_view key) noexcept;

class Summary {
 public:
  explicit Summary(const SummaryLimits& limits) : limits_(limits) {}

  /// Call them for what a survey tells. `total_bytes` of all segments is known to whoever listens to its progress.
  void set_total(std::uint64_t bytes) noexcept { total_bytes_ = bytes; }
  void add(const SurveyedSegment& segment);
  void add(const SurveyedRecord& seen);
  void supersede(const SupersededRecord& old);
  void add(const Stretch& stretch);
  void add(const MissingSegments& ids) { missing_.push_back(ids); }

  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return total_bytes_; }
  [[nodiscard]] const std::vector<SegmentSummary>& segments() const noexcept { return segments_; }
  /// By the power of two below their length.
  [[nodiscard]] const std::vector<ByState<std::uint64_t>>& sizes() const noexcept { return sizes_; }
  [[nodiscard]] const std::vector<Stretch>& stretches() const noexcept { return stretches_; }
  [[nodiscard]] std::uint64_t stretches_left_out() const noexcept { return stretches_left_out_; }
  [[nodiscard]] const std::vector<MissingSegments>& missing() const noexcept { return missing_; }
  [[nodiscard]] std::vector<GrowthPoint> growth() const;
  /// The largest first; what they leave out is in `rest`.
  [[nodiscard]] std::vector<std::pair<std::string, PrefixSummary>> prefixes(PrefixSummary& rest) const;

 private:
  /// What is superseded is told later than the record that does it, so its bytes are noted where that lies.
  struct Step {
    GrowthPoint so_far{};                            // without what is superseded
    std::pair<std::uint32_t, std::uint64_t> last{};  // segment and offset of its last record
    std::uint64_t superseded = 0;                    // bytes, by records of this step
  };

  void colour(std::uint32_t segment, std::uint64_t begin, std::uint64_t len, RecordState state, bool is_added);
  void note_growth(const RecordRef& ref);
  PrefixSummary& prefix(std::string_view key);

  const SummaryLimits limits_;
  std::uint64_t total_bytes_ = 0;
  std::vector<SegmentSummary> segments_;
  std::vector<ByState<std::uint64_t>> sizes_;
  std::vector<Stretch> stretches_;
  std::uint64_t stretches_left_out_ = 0;
  std::vector<MissingSegments> missing_;
  struct PrefixHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the name that std looks for
    std::size_t operator()(std::string_view prefix) const noexcept { return std::hash<std::string_view>{}(prefix); }
  };
  std::unordered_map<std::string, PrefixSummary, PrefixHash, std::equal_to<>> prefixes_;
  PrefixSummary other_prefixes_;
  std::vector<Step> growth_;
  Step now_;
  std::uint64_t records_ = 0;
  std::uint64_t stride_ = 1;  // a point every so many records
};

/// A visitor that counts into `summary`, which must outlive it.
[[nodiscard]] SurveyVisitor counting_into(Summary& summary);

}  // namespace datawal::cli
