#include "kv/projection.hpp"

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

void Projection::apply(const Change& prepared, RecordType type, const RecordRef& ref) noexcept {
  apply_in(space_.last(), &prepared, type, ref);
}

void Projection::apply_in(SpaceSegment& segment, const Change* prepared, RecordType type,
                          const RecordRef& ref) noexcept {
  space_.count(segment, type, ref.len);
  if (prepared != nullptr) change(segment, *prepared, type, segment.extents.position(ref.offset), ref.len);
}

}  // namespace datawal::kv
