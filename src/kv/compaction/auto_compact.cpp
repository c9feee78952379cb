#include "kv/compaction/auto_compact.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "log/directory/holds_file.hpp"

namespace datawal::kv {

namespace {

// How much a compaction reads and writes to give back what one appended byte may have made dead, twice: a segment of which the
// share `ratio` is dead is read whole, and the rest of it is written.
double bytes_to_keep_up(double ratio) noexcept {
  const double share = std::clamp(ratio, 0.05, 1.0);
  return 2 * (2 - share) / share;
}

}  // namespace

Result<std::unique_ptr<AutoCompaction>> AutoCompaction::start(const CompactionSite& site, Mutex& alone,
                                                              const AutoCompact& options, OnEnd on_end) {
  std::unique_ptr<AutoCompaction> compaction(new AutoCompaction(site, alone, options, std::move(on_end)));
  Result<std::unique_ptr<Worker>> worker = Worker::start([behind = compaction.get()] { behind->run(); });
  if (!worker) return propagate(worker);
  compaction->worker_ = std::move(*worker);
  compaction->look();  // the store may have been left full of garbage
  return compaction;
}

// What a hold keeps does not count: compaction could not free it, and would start again and again.
bool AutoCompaction::is_due() const {
  const Result<std::vector<Hold>> holds = log::read_holds(*site_.segments.directory());
  const std::uint64_t floor = holds ? log::floor_of(*holds) : std::numeric_limits<std::uint64_t>::max();
  const Locked guard(site_.changes);
  const AddressSpace& space = site_.projection.address_space();
  SegmentCounts sealed = site_.projection.counts();
  sealed -= space.last().counts;
  if (floor < std::numeric_limits<std::uint64_t>::max()) {
    space.for_each_file([&](const SegmentFile& file) {
      if (file.id != space.last_id() && file.chain.last_txid > floor) sealed -= file.counts;
    });
  }
  const std::uint64_t garbage = sealed.dead_put_bytes() + sealed.delete_bytes;
  return garbage > 0 && static_cast<double>(garbage) >= options_.garbage_ratio * static_cast<double>(sealed.bytes);
}

AutoCompactStats AutoCompaction::stats() const {
  const Locked guard(mutex_);
  return stats_;
}

void AutoCompaction::note(Result<CompactionStats> done) {
  const Locked guard(mutex_);
  ++stats_.runs;
  stats_.is_failing = !done;
  if (done) return;
  ++stats_.failures;
  stats_.last_error = std::move(done.error());
}

void AutoCompaction::run() {
  const CompactOptions options{.min_garbage_ratio = options_.garbage_ratio,
                               .max_bytes_per_second = options_.max_bytes_per_second,
                               .on_progress = [this](const Progress&) { return !worker_->is_stopped(); }};
  try {
    if (!is_due()) return;
    const Locked alone(alone_);
    Result<CompactionStats> done = compact(
        site_, options, options_.keeps_up_with_writers ? bytes_to_keep_up(options_.garbage_ratio) : 0);
    on_end_(done);
    note(std::move(done));
  } catch (const std::bad_alloc&) {
    // Retry when the next segment is full: there may be memory then. Noting that takes none.
    note(std::unexpected(Error{.code = Errc::io, .action = "compact in the background", .os_errno = ENOMEM}));
  }
}

}  // namespace datawal::kv
