#include "kv/projection.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace datawal::kv {

namespace {

// Where many records replace others, so many ahead have their predecessors fetched.
constexpr std::size_t looked_up_ahead = 12;
constexpr std::uint64_t worth_looking_up = 16;  // one in so many

}  // namespace

Projection::Projection(std::shared_ptr<safeatomic::Directory> directory, ReadPath read_path)
    : seed_(process_hash_seed()), space_(std::move(directory), read_path) {}

// Calls `confirmed(located, position)` for the live Put of `key`; false if there is none. A candidate that cannot be
// read may be the one, so that it is an error and not an absence.
template <class Confirmed, class Protect>
Result<bool> Projection::locate(std::string_view key, std::uint64_t hash, std::string& buffer, Confirmed&& confirmed,
                                Protect&& protect) const {
  std::optional<Error> error;
  const auto confirm = [&](std::uint64_t position) {
    Result<LocatedRecord> located = space_.read(position, buffer);
    if (!located) {
      error = std::move(located.error());
      return true;
    }
    if (located->record.key != key || located->record.type != RecordType::Put) return false;
    confirmed(*located, position);
    return true;
  };
  const bool found = directory_.lookup(hash, confirm, std::forward<Protect>(protect));
  if (error) return std::unexpected(std::move(*error));
  return found;
}

// For whoever excludes all changes.
template <class Confirmed>
Result<bool> Projection::locate(std::string_view key, std::uint64_t hash, std::string& buffer,
                                Confirmed&& confirmed) const {
  if (!directory_.may_hold(hash)) return false;
  return locate(key, hash, buffer, std::forward<Confirmed>(confirmed), KeyDirectory::Unprotected{});
}

Result<std::optional<std::string>> Projection::get(std::string_view key) const {
  std::optional<std::string> value;
  std::string buffer;
  ReaderSlots::Stay stay;
  Result<bool> found = locate(
      key, hash_of(key), buffer,
      [&](const LocatedRecord& located, std::uint64_t) { value.emplace(located.record.payload); },
      [&] { stay.enter(space_.readers()); });
  if (!found) return propagate(found);
  return value;
}

Result<std::optional<RecordRef>> Projection::find(std::string_view key) const {
  std::optional<RecordRef> ref;
  std::string buffer;
  ReaderSlots::Stay stay;
  Result<bool> found = locate(
      key, hash_of(key), buffer, [&](const LocatedRecord& located, std::uint64_t) { ref = located.ref; },
      [&] { stay.enter(space_.readers()); });
  if (!found) return propagate(found);
  return ref;
}

Result<Projection::Change> Projection::prepare(std::string_view key, std::uint64_t hash) const {
  Change change{.hash = hash};
  std::string buffer;
  Result<bool> found = locate(key, change.hash, buffer, [&](const LocatedRecord& located, std::uint64_t position) {
    change.live = position;
    change.live_len = located.ref.len;
    change.live_segment = located.segment;
  });
  if (!found) return propagate(found);
  return change;
}

void Projection::replaces(Change& change, RecordType type, const RecordRef& ref) noexcept {
  change.live.reset();
  if (type != RecordType::Put) return;
  change.live = space_.position_in_last(ref.offset);
  change.live_len = ref.len;
  change.live_segment = &space_.last();
}

void Projection::apply(const Change& prepared, RecordType type, const RecordRef& ref) {
  SpaceSegment& segment = space_.last();
  count(segment.counts, type, ref.len);
  change(segment, prepared, type, space_.position_in_last(ref.offset), ref.len);
}

void Projection::change(SpaceSegment& segment, const Change& change, RecordType type, std::uint64_t position,
                        std::uint32_t len) {
  if (change.live) change.live_segment->counts.live_bytes -= change.live_len;
  if (type == RecordType::Put) {
    segment.counts.live_bytes += len;
    if (change.live) {
      (void)directory_.replace(change.hash, *change.live, position);
    } else {
      directory_.insert(change.hash, position);
    }
  } else if (change.live) {
    (void)directory_.erase(change.hash, *change.live);
  }
}

void Projection::fold(const FoldBatch& batch) {
  const std::span<const FoldBatch::Item> items = batch.items();
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < std::min(fetched_ahead, items.size()); ++i) directory_.prefetch_for_change(items[i].hash);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + fetched_ahead < items.size()) directory_.prefetch_for_change(items[i + fetched_ahead].hash);
    if (expects_live_ && i + looked_up_ahead < items.size()) prefetch_live(items[i + looked_up_ahead].hash);
    if (fold(*batch.segment(), items[i], batch.key(items[i]))) ++replaced;
  }
  if (batch.segment() != nullptr) batch.segment()->counts += batch.counts();
  expects_live_ = replaced * worth_looking_up > items.size();
}

// Whether it replaces or erases a record.
bool Projection::fold(SpaceSegment& segment, const FoldBatch::Item& item, std::string_view key) {
  Change prepared{.hash = item.hash};
  Result<bool> found = locate(key, item.hash, fold_buffer_, [&](const LocatedRecord& located, std::uint64_t position) {
    prepared.live = position;
    prepared.live_len = located.ref.len;
    prepared.live_segment = located.segment;
  });
  if (!found && !fold_error_) fold_error_ = std::move(found.error());
  change(segment, prepared, item.type, item.position, item.len);
  return prepared.live.has_value();
}

// Starts fetching the record that a change of this hash will replace.
void Projection::prefetch_live(std::uint64_t hash) const noexcept {
  const Candidates candidates = directory_.find(hash);
  for (const std::uint64_t position : candidates.positions()) space_.prefetch(position);
}

Result<void> Projection::finish_fold() {
  fold_buffer_ = {};
  (void)space_.take_removed();  // no reader is there yet
  if (fold_error_) return std::unexpected(std::move(*std::exchange(fold_error_, std::nullopt)));
  return {};
}

SegmentCounts Projection::counts() const noexcept {
  SegmentCounts counts;
  const std::shared_ptr<SpaceTable>& table = space_.table();
  for (std::size_t i = 0; table && i < table->size(); ++i) counts += table->at(i).counts;
  return counts;
}

std::vector<std::uint64_t> Projection::live_positions() const {
  std::vector<std::uint64_t> positions;
  positions.reserve(directory_.size());
  directory_.for_each([&](std::uint64_t position) { positions.push_back(position); });
  if (!positions.empty()) space_.table()->sort_in_log_order(positions);
  return positions;
}

}  // namespace datawal::kv
