#include "kv/projection.hpp"

#include <algorithm>
#include <utility>

namespace datawal::kv {

namespace {

constexpr std::size_t replay_batch = 32;  // records; more does not hide more, measured

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

// For whoever holds the lock, and readers that no compaction can disturb.
template <class Confirmed>
Result<bool> Projection::locate(std::string_view key, std::uint64_t hash, std::string& buffer,
                                Confirmed&& confirmed) const {
  return locate(key, hash, buffer, std::forward<Confirmed>(confirmed), KeyDirectory::Unprotected{});
}

Result<std::optional<std::string>> Projection::get(std::string_view key) const {
  std::optional<std::string> value;
  std::string buffer;
  ReaderSlots::Stay stay;
  Result<bool> found = locate(
      key, key_hash(key, seed_), buffer,
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
      key, key_hash(key, seed_), buffer, [&](const LocatedRecord& located, std::uint64_t) { ref = located.ref; },
      [&] { stay.enter(space_.readers()); });
  if (!found) return propagate(found);
  return ref;
}

Result<Projection::Change> Projection::prepare(std::string_view key) const {
  Change change{.hash = key_hash(key, seed_)};
  std::string buffer;
  Result<bool> found = locate(key, change.hash, buffer, [&](const LocatedRecord& located, std::uint64_t position) {
    change.live = position;
    change.live_len = located.ref.len;
    change.live_segment = located.segment;
  });
  if (!found) return propagate(found);
  return change;
}

void Projection::apply(const Change& prepared, RecordType type, const RecordRef& ref) {
  count(space_.last().counts, type, ref.len);
  change(prepared, type, space_.position_in_last(ref.offset), ref.len);
}

void Projection::change(const Change& change, RecordType type, std::uint64_t position, std::uint32_t len) {
  if (change.live) change.live_segment->counts.live_bytes -= change.live_len;
  if (type == RecordType::Put) {
    space_.last().counts.live_bytes += len;
    if (change.live) {
      (void)directory_.replace(change.hash, *change.live, position);
    } else {
      directory_.insert(change.hash, position);
    }
  } else if (change.live) {
    (void)directory_.erase(change.hash, *change.live);
  }
}

RecoveryVisitor Projection::visitor(std::uint32_t unmapped_id) {
  return {.on_segment =
              [this, unmapped_id](const PinnedSegment& segment, safeatomic::File& file) {
                fold_pending();
                return space_.add(segment, file, {}, segment.id != unmapped_id);
              },
          .on_record = [this](const RecordView& record) { fold(record); }};
}

void Projection::fold(const RecordView& record) {
  count(space_.last().counts, record.type, record.ref.len);
  if (record.type == RecordType::Raw) return;
  const std::uint64_t hash = key_hash(record.key, seed_);
  directory_.prefetch(hash);
  pending_.push_back({.hash = hash,
                      .position = space_.position_in_last(record.ref.offset),
                      .len = record.ref.len,
                      .key_begin = static_cast<std::uint32_t>(pending_keys_.size()),
                      .key_len = static_cast<std::uint32_t>(record.key.size()),
                      .type = record.type});
  pending_keys_.append(record.key);
  if (pending_.size() == replay_batch) fold_pending();
}

void Projection::fold_pending() {
  for (const Pending& pending : pending_) {
    const std::string_view key = std::string_view(pending_keys_).substr(pending.key_begin, pending.key_len);
    Change prepared{.hash = pending.hash};
    Result<bool> found = locate(key, pending.hash, replay_buffer_,
                                [&](const LocatedRecord& located, std::uint64_t position) {
                                  prepared.live = position;
                                  prepared.live_len = located.ref.len;
                                  prepared.live_segment = located.segment;
                                });
    if (!found && !replay_error_) replay_error_ = std::move(found.error());
    change(prepared, pending.type, pending.position, pending.len);
  }
  pending_.clear();
  pending_keys_.clear();
}

Result<void> Projection::finish_replay() {
  fold_pending();
  pending_ = {};
  pending_keys_ = {};
  replay_buffer_ = {};
  (void)space_.take_removed();  // no reader is there yet
  if (replay_error_) return std::unexpected(std::move(*std::exchange(replay_error_, std::nullopt)));
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
