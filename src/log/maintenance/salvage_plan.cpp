#include "log/maintenance/salvage_plan.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "format/frame.hpp"
#include "segment/resync.hpp"
#include "segment/scanner.hpp"

namespace datawal::log {

namespace {

constexpr std::size_t max_open = 32;

// The strands with the lowest txids, so that all txids below the end of the part are complete. None has one below the first.
class Lowest {
 public:
  Lowest(std::uint64_t first_txid, std::size_t max_strands) : first_txid_(first_txid), max_strands_(max_strands) {}

  void add(const Strand& strand) {
    if (end_ && strand.run.first_txid >= *end_) return;
    strands_.push_back(strand);
    if (strands_.size() <= 2 * max_strands_) return;
    // Among equal ones those earlier in the log stay: their record of that txid counts.
    std::ranges::sort(strands_, {},
                      [](const Strand& one) { return std::tuple(one.run.first_txid, one.segment, one.run.begin); });
    end_ = strands_[max_strands_].run.first_txid;
    if (*end_ == first_txid_) end_ = first_txid_ < max_txid ? std::optional(first_txid_ + 1) : std::nullopt;
    strands_.resize(max_strands_);
    std::ranges::sort(strands_, {}, [](const Strand& one) { return std::tuple(one.segment, one.run.begin); });
  }

  StrandPart take() { return {.strands = std::move(strands_), .end = end_}; }

 private:
  static constexpr std::uint64_t max_txid = std::numeric_limits<std::uint64_t>::max();

  const std::uint64_t first_txid_;
  const std::size_t max_strands_;
  std::vector<Strand> strands_;
  std::optional<std::uint64_t> end_;
};

// Drops the records below `first_txid` from the run. False if that leaves none.
Result<bool> begin_at(std::uint64_t first_txid, segment::Run& run, safeatomic::File& file, segment::Scanner& scanner) {
  if (run.first_txid >= first_txid) return true;
  if (run.last_txid < first_txid) return false;
  for (scanner.start(file, run.begin, run.end);;) {
    Result<format::Stop> stop = scanner.next();
    if (!stop) return propagate(stop);
    if (*stop != format::Stop::none) return false;  // damaged since it was found
    if (scanner.frame().txid < first_txid) continue;
    run.begin = scanner.frame_offset();
    run.first_txid = scanner.frame().txid;
    return true;
  }
}

}  // namespace

Result<StrandPart> find_strands(const Snapshot& snapshot, std::uint64_t first_txid, SalvageReport* report,
                                std::size_t max_strands) {
  Lowest lowest(first_txid, max_strands);
  segment::Scanner scanner;
  std::optional<std::uint64_t> previous;
  for (const PinnedSegment& segment : snapshot.segments) {
    Result<std::shared_ptr<safeatomic::File>> file = open_pinned(snapshot, segment);
    if (!file) return propagate(file);
    Result<std::uint64_t> data_end = segment::end_of_data(**file, 0, segment.info.size);
    if (!data_end) return propagate(data_end);
    std::uint64_t in_records = 0;
    std::uint64_t last_end = 0;  // a record's checksum may end in zeros
    segment::CrcWork work;
    Result<segment::Apart> apart = segment::find_runs(**file, {.end = segment.info.size, .previous_txid = previous},
                                                      work, [&](const segment::Run& run) -> Result<void> {
                                                        in_records += run.end - run.begin;
                                                        last_end = run.end;
                                                        previous = run.last_txid;
                                                        Strand strand{.run = run, .segment = segment.id};
                                                        Result<bool> left = begin_at(first_txid, strand.run, **file,
                                                                                     scanner);
                                                        if (!left) return propagate(left);
                                                        if (*left) lowest.add(strand);
                                                        return {};
                                                      });
    if (!apart) return propagate(apart);
    if (report == nullptr) continue;
    report->records_apart += apart->records;
    report->bytes_skipped += std::max(*data_end, last_end) - in_records;
  }
  return lowest.take();
}

struct StrandMerge::Reading {
  Strand strand;
  std::uint64_t offset = 0;                // of its next record
  std::uint64_t txid = 0;                  // of that
  std::shared_ptr<safeatomic::File> file;  // null: not open now
  segment::Scanner scanner;

  [[nodiscard]] auto place() const noexcept { return std::tuple(txid, strand.segment, offset); }
};

// Order of a heap: the lowest txid on top.
struct StrandMerge::Later {
  bool operator()(const std::unique_ptr<Reading>& a, const std::unique_ptr<Reading>& b) const noexcept {
    return a->place() > b->place();
  }
};

StrandMerge::StrandMerge(const Snapshot& snapshot, std::vector<Strand> strands)
    : snapshot_(snapshot), strands_(std::move(strands)) {
  std::ranges::sort(strands_, {}, [](const Strand& strand) {
    return std::tuple(strand.run.first_txid, strand.segment, strand.run.begin);
  });
}

StrandMerge::~StrandMerge() = default;

Result<bool> StrandMerge::next(Record& record) {
  if (current_) {
    Reading& reading = *current_;
    if (Result<void> advanced = advance(reading); !advanced) return propagate(advanced);
    if (reading.offset < reading.strand.run.end) {
      heap_.push_back(std::move(current_));
      std::ranges::push_heap(heap_, Later{});
    } else if (reading.file) {
      --open_count_;
    }
    current_.reset();
  }
  if (Result<void> begun = begin_strands(); !begun) return propagate(begun);
  if (heap_.empty()) return false;
  std::ranges::pop_heap(heap_, Later{});
  current_ = std::move(heap_.back());
  heap_.pop_back();
  Reading& reading = *current_;
  if (Result<void> ready = make_ready(reading); !ready) return propagate(ready);
  const format::DecodedRecord& frame = reading.scanner.frame();
  record = {.frame = frame, .crc = format::stored_crc(frame.key.data() - format::header_len, frame.len)};
  return true;
}

// The strands that may hold the next record.
Result<void> StrandMerge::begin_strands() {
  while (begun_ < strands_.size()) {
    const Strand& strand = strands_[begun_];
    if (!heap_.empty() && heap_.front()->txid < strand.run.first_txid) break;
    heap_.push_back(std::make_unique<Reading>(Reading{
        .strand = strand, .offset = strand.run.begin, .txid = strand.run.first_txid, .file = nullptr, .scanner = {}}));
    std::ranges::push_heap(heap_, Later{});
    ++begun_;
  }
  return {};
}

// Moves to the strand's next record. A record that was whole when found but no longer is counts as damaged: the store is written to.
Result<void> StrandMerge::advance(Reading& reading) {
  Result<format::Stop> stop = reading.scanner.next();
  if (!stop) return propagate(stop);
  if (*stop != format::Stop::none) {
    reading.offset = reading.strand.run.end;
    return {};
  }
  reading.offset = reading.scanner.frame_offset();
  reading.txid = reading.scanner.frame().txid;
  return {};
}

// Its scanner is at its record.
Result<void> StrandMerge::make_ready(Reading& reading) {
  if (reading.file) return {};
  if (open_count_ == max_open) make_room();
  Result<std::shared_ptr<safeatomic::File>> file = open_pinned(snapshot_, *snapshot_.find(reading.strand.segment));
  if (!file) return propagate(file);
  reading.file = std::move(*file);
  ++open_count_;
  reading.scanner.start(*reading.file, reading.offset, reading.strand.run.end);
  return advance(reading);
}

// Closes the one that will be needed last.
void StrandMerge::make_room() {
  Reading* last = nullptr;
  for (const std::unique_ptr<Reading>& reading : heap_) {
    if (reading->file && (last == nullptr || reading->place() > last->place())) last = reading.get();
  }
  if (last == nullptr) return;
  last->file.reset();
  last->scanner = {};
  --open_count_;
}

}  // namespace datawal::log
