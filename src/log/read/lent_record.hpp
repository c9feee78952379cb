#pragma once
// Exposes views that are kept too long, in builds that look for mistakes.

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <datawal/record.hpp>

namespace datawal::log {

#ifdef NDEBUG

/// Lends views as they are.
class LentRecord {
 public:
  [[nodiscard]] RecordView lend(const RecordView& record) noexcept { return record; }
};

#else

/// Lends each record in memory of its own, which the next call overwrites and the one after that frees.
class LentRecord {
 public:
  [[nodiscard]] RecordView lend(const RecordView& record) {
    previous_ = std::exchange(now_, std::vector<char>(record.key.begin(), record.key.end()));
    now_.insert(now_.end(), record.payload.begin(), record.payload.end());
    std::ranges::fill(previous_, overwritten);
    const std::string_view all(now_.data(), now_.size());
    RecordView lent = record;
    lent.key = all.substr(0, record.key.size());
    lent.payload = all.substr(record.key.size());
    return lent;
  }

 private:
  static constexpr char overwritten = '\xDB';

  std::vector<char> previous_;  // not a string, which moves short contents
  std::vector<char> now_;
};

#endif

}  // namespace datawal::log
