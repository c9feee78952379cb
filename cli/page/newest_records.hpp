#pragma once
// The places of the newest records of a survey, with what became of them.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include <datawal/survey.hpp>

namespace datawal::cli {

class NewestRecords {
 public:
  struct Record {
    RecordRef ref{};
    RecordType type = RecordType::Raw;
    RecordState state = RecordState::raw;
  };

  explicit NewestRecords(std::size_t limit) : limit_(limit) {}

  void add(const SurveyedRecord& seen) {
    if (records_.size() == limit_) records_.pop_front();
    records_.push_back({.ref = seen.record.ref, .type = seen.record.type, .state = seen.state});
  }
  void supersede(const SupersededRecord& old) {
    // Most that are superseded are long gone from here.
    if (records_.empty() || place(old) < place(records_.front().ref)) return;
    std::size_t low = 0;
    std::size_t high = records_.size();
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (place(records_[middle].ref) <= place(old) ? low : high) = middle;
    }
    records_[low].state = RecordState::dead;
  }

  /// In the order of the log.
  [[nodiscard]] const std::deque<Record>& all() const noexcept { return records_; }

 private:
  template <class T>
  [[nodiscard]] static std::pair<std::uint32_t, std::uint64_t> place(const T& one) noexcept {
    return {one.segment, one.offset};
  }

  std::size_t limit_;
  std::deque<Record> records_;
};

}  // namespace datawal::cli
