#include "segment/run_list.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "format/frame.hpp"
#include "segment/frame_search.hpp"
#include "segment/scanner.hpp"

namespace datawal::segment {

namespace {

constexpr std::size_t max_runs = 64 * 1024;       // in memory, twice as many while they are listed: 40 bytes each
constexpr std::size_t max_anchored = 256 * 1024;  // the same
// Runs that may continue at one place: frames inside one another. Honest ones are few.
constexpr std::size_t max_open = 64 * 1024;
// A run of this many frames is no longer looked into.
constexpr std::uint64_t long_run = 16;
constexpr std::size_t block = 512;  // of anchored runs
constexpr std::uint64_t frames_between_looks = 1024;

// True if the bytes at `offset` can be the beginning of a record that the end of the data cuts short.
Result<bool> is_torn_record(Window& window, std::uint64_t offset, std::uint64_t end) {
  Result<std::string_view> header = window.at(offset, format::header_len);
  if (!header) return propagate(header);
  const std::string_view rest = *header;
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

// Joins frames into runs as they are found, in ascending order.
class Lister {
 public:
  // `is_first`: find anchored runs too.
  Lister(safeatomic::File& file, std::uint64_t end, std::uint64_t data_end, bool is_first)
      : behind_runs_(file, end), end_(end), data_end_(data_end), is_first_(is_first) {}

  // A whole frame begins at `offset`.
  Result<void> met(std::uint64_t offset, const format::DecodedRecord& record) {
    if (Result<void> closed = close_before(offset); !closed) return closed;
    const std::uint64_t end = offset + record.len;
    highest_end_ = std::max(highest_end_, end);
    auto longest = open_.end();
    for (auto at = open_.begin(); at != open_.end() && at->first == offset; ++at) {
      const bool goes_on = at->second.run.last_txid < record.txid;
      if (goes_on && (longest == open_.end() || at->second.run.records > longest->second.run.records)) longest = at;
    }
    if (longest == open_.end()) return begin(offset, record);
    auto node = open_.extract(longest);
    Run& run = node.mapped().run;
    run.end = end;
    run.last_txid = record.txid;
    if (++run.records >= long_run) long_end_ = std::max(long_end_, end);
    node.key() = end;
    open_.insert(std::move(node));
    return {};
  }

  // Where to look next after `offset`.
  [[nodiscard]] std::uint64_t behind(std::uint64_t offset) const noexcept { return std::max(offset + 1, long_end_); }

  // True if nothing that may follow belongs to the runs kept, except those known to be anchored.
  [[nodiscard]] bool is_full(const AnchoredRuns& anchored) const {
    return std::ranges::none_of(open_, [&](const auto& entry) {
      const std::uint64_t begin = entry.second.run.begin;
      return begin < closed_.upto() && anchored.starting_at(begin) == nullptr;
    });
  }

  Result<void> finish() {
    while (!open_.empty()) {
      if (Result<void> closed = close_first(); !closed) return closed;
    }
    closed_.sort();
    anchored_.sort();
    return {};
  }

  [[nodiscard]] FirstRuns& runs() noexcept { return closed_; }
  [[nodiscard]] const FirstRuns& anchored() const noexcept { return anchored_; }
  [[nodiscard]] std::uint64_t highest_end() const noexcept { return highest_end_; }

 private:
  struct Open {
    Run run;
    std::vector<Run> before{};  // one ends where the next begins, and the last where `run` does
  };

  Result<void> begin(std::uint64_t offset, const format::DecodedRecord& record) {
    Open opened{.run = {.begin = offset,
                        .end = offset + record.len,
                        .first_txid = record.txid,
                        .last_txid = record.txid,
                        .records = 1}};
    for (auto at = open_.begin(); at != open_.end() && at->first == offset; at = open_.erase(at)) {
      Open& ended = at->second;
      if (opened.before.empty()) {
        opened.before = std::move(ended.before);
      } else {
        opened.before.insert(opened.before.end(), ended.before.begin(), ended.before.end());
      }
      if (waiting_ < max_anchored) {
        opened.before.push_back(ended.run);
        ++waiting_;
      } else {
        closed_.add(ended.run);
      }
    }
    open_.emplace(opened.run.end, std::move(opened));
    if (open_.size() <= max_open) return {};
    auto last = std::prev(open_.end());
    keep(last->second, false);
    open_.erase(last);
    return {};
  }

  Result<void> close_before(std::uint64_t offset) {
    while (!open_.empty() && open_.begin()->first < offset) {
      if (Result<void> closed = close_first(); !closed) return closed;
    }
    return {};
  }

  Result<void> close_first() {
    const Open& ended = open_.begin()->second;
    bool is_anchored = is_first_ && ended.run.end >= data_end_;
    if (is_first_ && !is_anchored) {
      Result<bool> torn = is_torn_record(behind_runs_, ended.run.end, end_);
      if (!torn) return propagate(torn);
      is_anchored = *torn;
    }
    keep(ended, is_anchored);
    open_.erase(open_.begin());
    return {};
  }

  void keep(const Open& ended, bool is_anchored) {
    const auto one = [&](const Run& run) {
      closed_.add(run);
      if (is_anchored) anchored_.add(run);
    };
    for (const Run& run : ended.before) one(run);
    one(ended.run);
    waiting_ -= ended.before.size();
  }

  Window behind_runs_;
  const std::uint64_t end_;
  const std::uint64_t data_end_;
  const bool is_first_;
  std::multimap<std::uint64_t, Open> open_;  // by their present end
  std::size_t waiting_ = 0;                  // runs in Open::before
  std::uint64_t long_end_ = 0;
  std::uint64_t highest_end_ = 0;
  FirstRuns closed_{max_runs};
  FirstRuns anchored_{max_anchored};
};

bool is_above(std::uint64_t txid, std::optional<std::uint64_t> other) noexcept { return !other || txid > *other; }

}  // namespace

void FirstRuns::add(const Run& run) {
  if (run.begin >= upto_) return;
  runs_.push_back(run);
  if (runs_.size() <= 2 * max_runs_) return;
  const auto first_dropped = runs_.begin() + static_cast<std::ptrdiff_t>(max_runs_);
  std::ranges::nth_element(runs_, first_dropped, {}, &Run::begin);
  upto_ = first_dropped->begin;
  runs_.erase(first_dropped, runs_.end());
}

void FirstRuns::sort() { std::ranges::sort(runs_, {}, &Run::begin); }

AnchoredRuns::AnchoredRuns(std::vector<Run> by_begin) : runs_(std::move(by_begin)) {
  blocks_.resize((runs_.size() + block - 1) / block);
  for (std::size_t n = 0; n < runs_.size(); ++n) {
    Highest& highest = blocks_[n / block];
    highest.first_txid = std::max(highest.first_txid, runs_[n].first_txid);
    highest.end = std::max(highest.end, runs_[n].end);
  }
}

std::size_t AnchoredRuns::index_from(std::uint64_t offset) const noexcept {
  return static_cast<std::size_t>(std::ranges::lower_bound(runs_, offset, {}, &Run::begin) - runs_.begin());
}

const Run* AnchoredRuns::first_from(std::uint64_t offset, std::optional<std::uint64_t> txid) const noexcept {
  for (std::size_t n = index_from(offset); n < runs_.size();) {
    if (n % block == 0 && !is_above(blocks_[n / block].first_txid, txid)) {
      n += block;
      continue;
    }
    if (is_above(runs_[n].first_txid, txid)) return &runs_[n];
    ++n;
  }
  return nullptr;
}

bool AnchoredRuns::cross(std::uint64_t after, std::uint64_t place, std::optional<std::uint64_t> txid) const noexcept {
  for (std::size_t n = index_from(after + 1); n < runs_.size() && runs_[n].begin < place;) {
    const Highest& highest = blocks_[n / block];
    if (n % block == 0 && (highest.end <= place || !is_above(highest.first_txid, txid))) {
      n += block;
      continue;
    }
    if (runs_[n].end > place && is_above(runs_[n].first_txid, txid)) return true;
    ++n;
  }
  return false;
}

const Run* AnchoredRuns::starting_at(std::uint64_t offset) const noexcept {
  const std::size_t n = index_from(offset);
  return n < runs_.size() && runs_[n].begin == offset ? &runs_[n] : nullptr;
}

Result<RunList> RunList::of(safeatomic::File& file, std::uint64_t begin, std::uint64_t end, std::uint64_t data_end,
                            CrcWork& work) {
  RunList runs(file, end, data_end, work);
  if (Result<void> listed = runs.list(begin, true); !listed) return propagate(listed);
  return runs;
}

// The first time to the end, since only there it shows what is anchored.
Result<void> RunList::list(std::uint64_t begin, bool is_first) {
  Lister lister(*file_, end_, data_end_, is_first);
  Window window(*file_, end_);
  FrameCheck check(begin, *work_);
  std::uint64_t at = begin;
  for (std::uint64_t frames = 1;; ++frames) {
    Result<std::optional<std::uint64_t>> hit = window.find_magic(at);
    if (!hit) return propagate(hit);
    if (!*hit) break;
    Result<std::optional<format::DecodedRecord>> record = check.frame_at(window, **hit, end_);
    if (!record) return propagate(record);
    const bool is_record = *record && (*record)->txid != 0;
    if (is_record) {
      if (Result<void> met = lister.met(**hit, **record); !met) return met;
    }
    at = is_record ? lister.behind(**hit) : **hit + 1;
    if (!is_first && frames % frames_between_looks == 0 && lister.runs().upto() <= at && lister.is_full(anchored_))
      break;
  }
  if (Result<void> finished = lister.finish(); !finished) return finished;
  begin_ = begin;
  known_ = std::move(lister.runs());
  if (is_first) {
    anchored_ = AnchoredRuns(lister.anchored().all());
    data_end_ = std::max(data_end_, lister.highest_end());
  }
  return {};
}

// A fifth of what was listed is far enough ahead.
Result<void> RunList::pass(std::uint64_t begin) {
  const bool is_near_its_end = !knows_all() && (begin >= known_.upto() || known_.upto() - begin < (begin - begin_) / 4);
  if (begin >= begin_ && !is_near_its_end) return {};
  return list(begin, false);
}

const Run* RunList::first_known_from(std::uint64_t offset) const noexcept {
  const std::vector<Run>& runs = known_.all();
  const auto run = std::ranges::lower_bound(runs, offset, {}, &Run::begin);
  return run == runs.end() ? nullptr : &*run;
}

Result<std::optional<Run>> RunList::first_from(std::uint64_t offset) {
  for (;;) {
    if (const Run* known = offset < known_.upto() ? first_known_from(offset) : nullptr; known != nullptr) return *known;
    if (knows_all()) return std::nullopt;
    if (Result<void> listed = list(std::max(offset, known_.upto()), false); !listed) return propagate(listed);
  }
}

Result<std::optional<Run>> RunList::starting_at(std::uint64_t offset) {
  if (offset < known_.upto()) {
    const Run* known = first_known_from(offset);
    if (known != nullptr && known->begin == offset) return *known;
    return std::nullopt;
  }
  if (const Run* known = anchored_.starting_at(offset); known != nullptr) return *known;
  Scanner scanner;
  scanner.start(*file_, offset, end_);
  Result<format::Stop> stop = scanner.next();
  if (!stop) return propagate(stop);
  if (*stop != format::Stop::none) return std::nullopt;
  const std::uint64_t txid = scanner.frame().txid;
  return Run{.begin = offset, .end = scanner.end(), .first_txid = txid, .last_txid = txid, .records = 1};
}

}  // namespace datawal::segment
