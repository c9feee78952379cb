#include "kv/saved_index/index_check.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/io_error.hpp"
#include "kv/saved_index/restore.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/log_scanner.hpp"
#include "log/saved/belief.hpp"
#include "log/saved/drop_saved.hpp"

namespace datawal {

namespace kv {

namespace {

IndexLook look_at(const log::Snapshot& snapshot) {
  IndexLook look = read_index(snapshot);
  if (!look.index) return look;
  if (std::optional<std::string> doubt = log::reason_for_doubt(*look.index, snapshot)) {
    look.state = IndexState::stale;
    look.reason = std::move(*doubt);
    look.index.reset();
  }
  return look;
}

using Entries = std::vector<std::pair<std::uint32_t, std::uint64_t>>;

// Of one part of the directory, by tag and address.
Entries entries_of(const KeyDirectory& directory, std::size_t part) {
  Entries entries;
  std::size_t now = 0;
  directory.for_each_chain(
      [&now](std::size_t begun, std::uint32_t) { now = begun; },
      [&](std::uint32_t, std::span<const Page* const> chain) {
        if (now != part) return;
        for (const Page* page : chain) {
          page->for_each([&](const Entry& entry) { entries.emplace_back(entry.tag, entry.address); });
        }
      });
  std::ranges::sort(entries);
  return entries;
}

bool have_same_entries(const KeyDirectory& a, const KeyDirectory& b, const std::function<bool()>& goes_on) {
  for (std::size_t part = 0; part < part_count && goes_on(); ++part) {
    if (entries_of(a, part) != entries_of(b, part)) return false;
  }
  return true;
}

bool have_same_counts(const Projection& a, const Projection& b, std::size_t segments) {
  const log::SegmentMap& others = b.address_space().registry()->files();
  auto other = others.begin();
  std::size_t n = 0;
  for (const auto& [key, entry] : a.address_space().registry()->files()) {
    if (n++ == segments) return true;
    if (other == others.end()) return false;
    const SegmentFile& here = with_addresses(*entry);
    const SegmentFile& there = with_addresses(*(other++)->second);
    if (there.id != here.id || there.counts != here.counts || there.chain != here.chain) return false;
  }
  return true;
}

}  // namespace

IndexCheck::Fold::Fold(const log::Snapshot& snapshot, std::uint64_t seed, unsigned threads)
    : projection(std::make_shared<log::SegmentRegistry>(snapshot.directory), ReadPath::pread, seed),
      replay(projection, threads, snapshot.segments.back().id),
      visitor(replay.visitor()),
      on_enter(replay.on_enter()) {}

IndexCheck::IndexCheck(std::shared_ptr<const log::Snapshot> snapshot)
    : snapshot_(std::move(snapshot)), look_(look_at(*snapshot_)) {}

void IndexCheck::begin(unsigned threads) {
  if (look_.index) fold_.emplace(*snapshot_, look_.index->header.hash_seed, threads);
}

Result<void> IndexCheck::enter(const log::PinnedSegment& segment, safeatomic::File& file) {
  if (is_done()) return {};
  return fold_->on_enter(segment, file);
}

void IndexCheck::take(std::span<const RecordView> records) {
  if (is_done()) return;
  const std::uint64_t last = look_.index->header.last.txid;
  const auto behind = std::ranges::find_if(records, [last](const RecordView& one) { return one.txid > last; });
  const std::span<const RecordView> some = records.first(static_cast<std::size_t>(behind - records.begin()));
  fold_->visitor.on_records(some);
  has_all_ = behind != records.end() || (!some.empty() && some.back().txid == last);
}

IndexReport IndexCheck::report() const {
  IndexReport report{.state = look_.state, .reason = look_.reason, .bytes = look_.bytes};
  if (!look_.index) return report;
  report.keys = look_.index->header.keys;
  report.records_covered = log::before_saved(*look_.index).records;
  report.last_txid = look_.index->header.last.txid;
  return report;
}

// What was not kept open may have been compacted away since: that says nothing of the index.
Result<void> IndexCheck::can_open_all() const {
  for (const log::PinnedSegment& segment : snapshot_->segments) {
    const Result<std::shared_ptr<safeatomic::File>> file = log::open_pinned(*snapshot_, segment);
    if (!file) return propagate(file);
  }
  return {};
}

Result<IndexReport> IndexCheck::compared(const std::function<bool()>& goes_on) {
  IndexReport report = this->report();
  if (!fold_ || !has_all_) return report;
  Result<std::optional<std::string>> differs = difference(goes_on);
  if (!differs) return propagate(differs);
  if (*differs) {
    report.state = IndexState::damaged;
    report.reason = std::move(**differs);
  }
  return report;
}

// nullopt: they say the same.
Result<std::optional<std::string>> IndexCheck::difference(const std::function<bool()>& goes_on) {
  if (Result<void> done = fold_->visitor.on_end(); !done) return propagate(done);
  const Projection& folded = fold_->projection;
  const std::size_t segments = look_.index->segments.size();
  Projection saved(std::make_shared<log::SegmentRegistry>(snapshot_->directory), ReadPath::pread,
                   look_.index->header.hash_seed);
  if (std::optional<std::string> refused = restore(std::move(*look_.index), *snapshot_, saved, {})) {
    if (Result<void> opened = can_open_all(); !opened) return propagate(opened);
    return refused;
  }
  const Result<void> loaded = saved.directory().load_all(goes_on);
  if (!loaded) return "a page of it is damaged: " + loaded.error().message();
  if (!goes_on()) return std::nullopt;
  if (!have_same_counts(saved, folded, segments)) return "it counts other records than the log holds";
  if (!have_same_entries(saved.directory(), folded.directory(), goes_on))
    return "it knows other keys than the log holds";
  if (saved.size() != folded.size()) return "it counts other keys than the log holds";
  return std::nullopt;
}

}  // namespace kv

Result<IndexReport> inspect_index(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::snapshot_of(dir, options.file_system);
  if (!snapshot) return propagate(snapshot);
  return kv::IndexCheck(std::move(*snapshot)).report();
}

Result<IndexReport> check_index(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<std::shared_ptr<const log::Snapshot>> snapshot = log::snapshot_of(dir, options.file_system);
  if (!snapshot) return propagate(snapshot);
  kv::IndexCheck check(*snapshot);
  check.begin(options.open_threads);
  log::LogScanner scanner(*snapshot, log::LastSegment::live);
  scanner.on_enter(
      [&check](const log::PinnedSegment& segment, safeatomic::File& file) { return check.enter(segment, file); });
  std::array<RecordView, log::replay_batch> records;
  while (!check.is_done()) {
    const Result<std::size_t> count = scanner.next_batch(records);
    if (!count) return propagate(count);
    if (*count == 0) check.end();
    check.take(std::span(records).first(*count));
  }
  return check.compared([] { return true; });
}

Result<bool> drop_index(const std::filesystem::path& dir, const OpenOptions& options) {
  return log::drop_saved(dir, options, log::index_name, "remove index");
}

}  // namespace datawal
