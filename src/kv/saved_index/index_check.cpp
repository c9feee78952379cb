// Looking at a persisted index from outside.

#include <datawal/saved_index.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "base/io_error.hpp"
#include "kv/projection/projection.hpp"
#include "kv/projection/replay.hpp"
#include "kv/saved_index/index_file.hpp"
#include "kv/saved_index/restore.hpp"
#include "log/directory/store_directory.hpp"
#include "log/read/log_scanner.hpp"
#include "log/read/snapshot.hpp"
#include "log/saved/belief.hpp"
#include "log/saved/drop_saved.hpp"

namespace datawal {

namespace {

struct Looked {
  std::shared_ptr<const log::Snapshot> snapshot;
  kv::IndexLook look;
};

Result<Looked> look_at(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<std::unique_ptr<safeatomic::Directory>> directory = log::open_store_directory(
      log::file_system_of(options.file_system), dir);
  if (!directory) return propagate(directory);
  Result<std::shared_ptr<const log::Snapshot>> snapshot = log::take_snapshot(std::move(*directory), nullptr);
  if (!snapshot) return propagate(snapshot);
  Looked looked{.snapshot = *snapshot, .look = kv::read_index(**snapshot)};
  if (!looked.look.index) return looked;
  if (std::optional<std::string> doubt = log::reason_for_doubt(*looked.look.index, **snapshot)) {
    looked.look.state = IndexState::stale;
    looked.look.reason = std::move(*doubt);
    looked.look.index.reset();
  }
  return looked;
}

IndexReport report_of(const kv::IndexLook& look) {
  IndexReport report{.state = look.state, .reason = look.reason, .bytes = look.bytes};
  if (!look.index) return report;
  report.keys = look.index->header.keys;
  report.records_covered = log::before_saved(*look.index).records;
  report.last_txid = look.index->header.last.txid;
  return report;
}

// The log's fold up to the record `last`.
Result<void> fold_up_to(const RecordRef& last, const std::shared_ptr<const log::Snapshot>& snapshot,
                        const ReaderOptions& options, kv::Projection& projection) {
  kv::Replay replay(projection, options.open_threads, snapshot->segments.back().id);
  const log::RecoveryVisitor visitor = replay.visitor();
  log::LogScanner scanner(snapshot, log::LastSegment::live);
  scanner.on_enter(replay.on_enter());
  std::array<RecordView, log::replay_batch> records;
  for (bool is_done = false; !is_done;) {
    const Result<std::size_t> count = scanner.next_batch(records);
    if (!count) return propagate(count);
    const std::span<const RecordView> some = std::span(records).first(*count);
    const auto behind = std::ranges::find_if(some, [&last](const RecordView& one) { return one.txid > last.txid; });
    is_done = *count == 0 || behind != some.end();
    visitor.on_records(some.first(static_cast<std::size_t>(behind - some.begin())));
  }
  return visitor.on_end();
}

using Entries = std::vector<std::tuple<std::size_t, std::uint32_t, std::uint64_t>>;

// By part, tag and address.
Entries entries_of(const kv::KeyDirectory& directory) {
  Entries entries;
  entries.reserve(directory.size());
  std::size_t part = 0;
  directory.for_each_chain(
      [&part](std::size_t now, std::uint32_t) { part = now; },
      [&](std::uint32_t, std::span<const kv::Page* const> chain) {
        for (const kv::Page* page : chain) {
          page->for_each([&](const kv::Entry& entry) { entries.emplace_back(part, entry.tag, entry.address); });
        }
      });
  std::ranges::sort(entries);
  return entries;
}

bool have_same_counts(const kv::Projection& a, const kv::Projection& b, std::size_t segments) {
  const log::SegmentMap& others = b.address_space().registry()->files();
  auto other = others.begin();
  std::size_t n = 0;
  for (const auto& [key, entry] : a.address_space().registry()->files()) {
    if (n++ == segments) return true;
    if (other == others.end()) return false;
    const kv::SegmentFile& here = kv::with_addresses(*entry);
    const kv::SegmentFile& there = kv::with_addresses(*(other++)->second);
    if (there.id != here.id || there.counts != here.counts || there.chain != here.chain) return false;
  }
  return true;
}

// nullopt: they say the same.
Result<std::optional<std::string>> compare(kv::SavedIndex index, const std::shared_ptr<const log::Snapshot>& snapshot,
                                           const ReaderOptions& options) {
  const RecordRef last = index.header.last;
  const std::size_t segments = index.segments.size();
  const std::uint64_t seed = index.header.hash_seed;
  kv::Projection folded(std::make_shared<log::SegmentRegistry>(snapshot->directory), ReadPath::pread, seed);
  if (Result<void> done = fold_up_to(last, snapshot, options, folded); !done) return propagate(done);
  kv::Projection saved(std::make_shared<log::SegmentRegistry>(snapshot->directory), ReadPath::pread, seed);
  if (std::optional<std::string> refused = kv::restore(std::move(index), *snapshot, saved, {})) {
    return refused;
  }
  if (Result<void> loaded = saved.load_all(); !loaded) return "a page of it is damaged: " + loaded.error().message();
  if (!have_same_counts(saved, folded, segments)) return "it counts other records than the log holds";
  if (entries_of(saved.directory()) != entries_of(folded.directory())) return "it knows other keys than the log holds";
  if (saved.size() != folded.size()) return "it counts other keys than the log holds";
  return std::nullopt;
}

}  // namespace

Result<IndexReport> inspect_index(const std::filesystem::path& dir, const ReaderOptions& options) {
  const Result<Looked> looked = look_at(dir, options);
  if (!looked) return propagate(looked);
  return report_of(looked->look);
}

Result<IndexReport> check_index(const std::filesystem::path& dir, const ReaderOptions& options) {
  Result<Looked> looked = look_at(dir, options);
  if (!looked) return propagate(looked);
  IndexReport report = report_of(looked->look);
  if (!looked->look.index) return report;
  Result<std::optional<std::string>> differs = compare(std::move(*looked->look.index), looked->snapshot, options);
  if (!differs) return propagate(differs);
  if (*differs) {
    report.state = IndexState::damaged;
    report.reason = std::move(**differs);
  }
  return report;
}

Result<bool> drop_index(const std::filesystem::path& dir, const OpenOptions& options) {
  return log::drop_saved(dir, options, log::index_name, "remove index");
}

}  // namespace datawal
