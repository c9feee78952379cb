#include "segment/run_list.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <safeatomic/io.hpp>

#include "format/frame.hpp"
#include "format/seam_error.hpp"
#include "segment/frame_search.hpp"

namespace datawal::segment {

namespace {

constexpr std::size_t max_runs = 16'384;
// Frames of a run that is long enough not to be looked into any more.
constexpr std::uint64_t long_run = 16;

std::uint64_t length_of(const Run& run) noexcept { return run.end - run.begin; }

class Lister {
 public:
  // A whole frame begins at `offset`.
  void met(std::uint64_t offset, const format::DecodedRecord& record) {
    close_before(offset);
    const std::uint64_t end = offset + record.len;
    Run* longest = nullptr;
    for (Run& run : open_) {
      const bool goes_on = run.end == offset && run.last_txid < record.txid;
      if (goes_on && (longest == nullptr || run.records > longest->records)) longest = &run;
    }
    if (longest == nullptr) {
      open_.push_back({.begin = offset, .end = end, .first_txid = record.txid, .last_txid = record.txid, .records = 1});
      return;
    }
    longest->end = end;
    longest->last_txid = record.txid;
    ++longest->records;
  }

  // Where to look next behind `offset`.
  [[nodiscard]] std::uint64_t behind(std::uint64_t offset) const noexcept {
    std::uint64_t next = offset + 1;
    for (const Run& run : open_) {
      if (run.records >= long_run) next = std::max(next, run.end);
    }
    return next;
  }

  [[nodiscard]] std::vector<Run> finish() {
    closed_.insert(closed_.end(), open_.begin(), open_.end());
    open_.clear();
    std::ranges::sort(closed_, {}, &Run::begin);
    return std::move(closed_);
  }

 private:
  void close_before(std::uint64_t offset) {
    std::erase_if(open_, [&](const Run& run) {
      if (run.end >= offset) return false;
      closed_.push_back(run);
      return true;
    });
    if (closed_.size() <= 2 * max_runs) return;
    std::ranges::nth_element(closed_, closed_.begin() + max_runs, std::ranges::greater(), length_of);
    closed_.resize(max_runs);
  }

  std::vector<Run> open_;  // that may go on
  std::vector<Run> closed_;
};

// Whether what stands at `offset` can be the beginning of a record that the end of the data cuts short.
Result<bool> is_torn_record(safeatomic::File& file, std::uint64_t offset, std::uint64_t end) {
  std::array<char, format::header_len> bytes{};
  const auto len = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), end - offset));
  const safeatomic::Result<std::size_t> got = safeatomic::read_all(file, offset, std::span(bytes).first(len));
  if (!got) return format::lift(got, "read segment");
  const std::string_view rest(bytes.data(), *got);
  switch (format::decode_next(rest).stop) {
    case format::Stop::torn_magic:
    case format::Stop::torn_header: return true;
    case format::Stop::header_cut: {
      const std::string_view magic = rest.substr(0, format::magic.size());
      return magic == format::magic.substr(0, magic.size()) || format::is_all_zeros(magic);
    }
    case format::Stop::body_cut: return format::frame_len(format::load_header(rest.data())) > end - offset;
    default: return false;
  }
}

// A run that ends where an anchored one begins is anchored itself: their txids are out of order, but nothing lies between them.
Result<std::vector<CandidateRun>> anchored(safeatomic::File& file, const std::vector<Run>& runs, std::uint64_t end,
                                           std::uint64_t data_end) {
  std::vector<CandidateRun> candidates(runs.size());
  for (std::size_t n = runs.size(); n-- > 0;) {
    const Run& run = runs[n];
    candidates[n].run = run;
    const auto next = std::ranges::lower_bound(candidates.begin() + static_cast<std::ptrdiff_t>(n) + 1,
                                               candidates.end(), run.end, {},
                                               [](const CandidateRun& other) { return other.run.begin; });
    if (next != candidates.end() && next->run.begin == run.end) {
      candidates[n].is_anchored = next->is_anchored;
    } else if (run.end >= data_end) {
      candidates[n].is_anchored = true;
    } else {
      Result<bool> torn = is_torn_record(file, run.end, end);
      if (!torn) return propagate(torn);
      candidates[n].is_anchored = *torn;
    }
  }
  return candidates;
}

}  // namespace

Result<std::vector<CandidateRun>> list_runs(safeatomic::File& file, std::uint64_t begin, std::uint64_t end,
                                            std::uint64_t data_end, CrcWork& work) {
  Lister lister;
  Window window(file, end);
  Judge judge(begin, work);
  std::uint64_t at = begin;
  for (;;) {
    Result<std::optional<std::uint64_t>> hit = window.find_magic(at);
    if (!hit) return propagate(hit);
    if (!*hit) break;
    Result<std::optional<format::DecodedRecord>> record = judge.frame_at(window, **hit, end);
    if (!record) return propagate(record);
    const bool is_record = *record && (*record)->txid != 0;
    if (is_record) lister.met(**hit, **record);
    at = is_record ? lister.behind(**hit) : **hit + 1;
  }
  return anchored(file, lister.finish(), end, data_end);
}

}  // namespace datawal::segment
