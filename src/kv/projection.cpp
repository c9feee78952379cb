#include "kv/projection.hpp"

#include <algorithm>
#include <utility>

#include "kv/projection_parts.hpp"

namespace datawal::kv {

Projection::Projection(std::shared_ptr<safeatomic::Directory> directory, ReadPath read_path)
    : seed_(process_hash_seed()), space_(std::move(directory), read_path) {}

Result<std::optional<std::string>> Projection::get(std::string_view key) const {
  std::optional<std::string> value;
  std::string buffer;
  ReaderSlots::Stay stay;
  Result<bool> found = locate(
      key, hash_of(key), [&](std::uint64_t position) { return space_.read(position, buffer); },
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
      key, hash_of(key), [&](std::uint64_t position) { return space_.read(position, buffer); },
      [&](const LocatedRecord& located, std::uint64_t) { ref = located.ref; }, [&] { stay.enter(space_.readers()); });
  if (!found) return propagate(found);
  return ref;
}

Result<Projection::Change> Projection::prepare(std::string_view key, std::uint64_t hash, LongRecords* longs) const {
  Change change{.hash = hash};
  if (!directory_.may_hold(hash)) return change;
  std::string buffer;
  Result<bool> found = locate(
      key, change.hash,
      [&](std::uint64_t position) {
        Result<LocatedRecord> located = space_.read_or_head(position, buffer);
        if (located && !located->is_checked) [[unlikely]]
          change.is_unchecked |= !is_known(position, longs);
        return located;
      },
      [&](const LocatedRecord& located, std::uint64_t position) {
        change.live = position;
        change.live_len = located.ref.len;
        change.live_segment = located.segment;
      },
      KeyDirectory::Unprotected{});
  if (!found) return propagate(found);
  return change;
}

// Whether that long record was checked; if not, it is to be.
bool Projection::is_known(std::uint64_t position, LongRecords* longs) {
  if (longs == nullptr) return false;
  if (std::ranges::binary_search(longs->checked, position)) return true;
  longs->unchecked.push_back(position);
  return false;
}

Result<Projection::Change> Projection::prepare(std::string_view key, std::uint64_t hash) const {
  LongRecords longs;
  for (;;) {
    Result<Change> change = prepare(key, hash, &longs);
    if (!change || !change->is_unchecked) return change;
    if (Result<void> checked = check(longs); !checked) return propagate(checked);
  }
}

Result<void> Projection::check(LongRecords& longs) const {
  std::string buffer;
  for (const std::uint64_t position : longs.unchecked) {
    if (Result<LocatedRecord> located = space_.read(position, buffer); !located) return propagate(located);
    longs.checked.push_back(position);
  }
  longs.unchecked.clear();
  std::ranges::sort(longs.checked);
  return {};
}

void Projection::replaces(Change& change, RecordType type, const RecordRef& ref) noexcept {
  change.live.reset();
  if (type != RecordType::Put) return;
  change.live = space_.position_in_last(ref.offset);
  change.live_len = ref.len;
  change.live_segment = &space_.last();
}

void Projection::apply(const Change& prepared, RecordType type, const RecordRef& ref) noexcept {
  apply_in(space_.last(), &prepared, type, ref);
}

void Projection::apply_in(SpaceSegment& segment, const Change* prepared, RecordType type,
                          const RecordRef& ref) noexcept {
  space_.count(segment, type, ref.len);
  if (prepared != nullptr) change(segment, *prepared, type, segment.extents.position(ref.offset), ref.len);
}

}  // namespace datawal::kv
