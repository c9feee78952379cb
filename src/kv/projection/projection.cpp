#include "kv/projection/projection.hpp"

#include <algorithm>
#include <utility>

#include "kv/projection/answers.hpp"
#include "kv/projection/projection_parts.hpp"

namespace datawal::kv {

Projection::Projection(std::shared_ptr<log::SegmentRegistry> segments, ReadPath read_path)
    : Projection(std::move(segments), read_path, process_hash_seed()) {}

Projection::Projection(std::shared_ptr<log::SegmentRegistry> segments, ReadPath read_path, std::uint64_t seed,
                       std::uint64_t memory_limit)
    : seed_(seed), address_space_(std::move(segments), read_path) {
  directory_.limit_memory(memory_limit);
}

// As kv::locate, without a lock.
template <class Confirmed>
Result<bool> Projection::look_up(std::string_view key, Confirmed&& confirmed) const {
  std::string buffer;
  ReaderEpochs::Guard reading;
  return kv::locate(
      directory_, key, hash_of(key), [&](std::uint64_t address) { return address_space_.read(address, buffer); },
      [&](const LocatedRecord& located, std::uint64_t) { confirmed(located); },
      [&] { reading.enter(address_space_.readers()); });
}

Answer<std::optional<std::string>> Projection::get(std::string_view key) const {
  return value_of([&](auto&& confirmed) { return look_up(key, confirmed); });
}

Answer<std::optional<std::size_t>> Projection::get(std::string_view key, std::span<char> room) const {
  return copy_value(room, [&](auto&& confirmed) { return look_up(key, confirmed); });
}

Answer<std::optional<StoredValue>> Projection::find_value(std::string_view key) const {
  return stored_value_of([&](auto&& confirmed) { return look_up(key, confirmed); });
}

Result<std::optional<RecordRef>> Projection::find(std::string_view key) const {
  return ref_of([&](auto&& confirmed) { return look_up(key, confirmed); });
}

Result<Projection::Change> Projection::prepare(std::string_view key, std::uint64_t hash, LongRecords* longs) const {
  Result<Change> change;
  change->hash = hash;
  if (Result<void> held = directory_.hold(hash); !held) return propagate(held);
  if (!directory_.may_contain(hash)) return change;
  std::string buffer;
  Result<bool> found = kv::locate(
      directory_, key, hash,
      [&](std::uint64_t address) {
        Result<LocatedRecord> located = address_space_.read_or_head<AddressSpace::long_record>(address, buffer);
        if (located && !located->is_checked) [[unlikely]] {
          const std::optional<std::uint32_t> crc = checked_crc(address, longs);
          change->is_unchecked |= !crc;
          located->ref.crc = crc.value_or(0);
        }
        return located;
      },
      [&](const LocatedRecord& located, std::uint64_t address) {
        change->live = address;
        change->live_len = located.ref.len;
        change->live_crc = located.ref.crc;
        change->live_txid = located.ref.txid;
        change->live_segment = located.segment;
      });
  if (!found) change = propagate(found);
  return change;
}

// Of a long record that was checked; one that was not is to be.
std::optional<std::uint32_t> Projection::checked_crc(std::uint64_t address, LongRecords* longs) {
  if (longs == nullptr) return std::nullopt;
  const auto found = std::ranges::lower_bound(longs->checked, address, {}, &LongRecords::Checked::address);
  if (found != longs->checked.end() && found->address == address) return found->crc;
  longs->unchecked.push_back(address);
  return std::nullopt;
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
  for (const std::uint64_t address : longs.unchecked) {
    Result<LocatedRecord> located = address_space_.read(address, buffer);
    if (!located) return propagate(located);
    longs.checked.push_back({.address = address, .crc = located->ref.crc});
  }
  longs.unchecked.clear();
  std::ranges::sort(longs.checked, {}, &LongRecords::Checked::address);
  return {};
}

std::optional<RecordRef> Projection::live_ref(const Change& change) const noexcept {
  if (!change.live) return std::nullopt;
  return RecordRef{.segment = change.live_segment->id,
                   .offset = address_space_.offset_of(*change.live),
                   .len = change.live_len,
                   .txid = change.live_txid,
                   .crc = change.live_crc};
}

void Projection::replaces(Change& change, RecordType type, const RecordRef& ref) noexcept {
  change.live.reset();
  if (type != RecordType::Put) return;
  change.live = address_space_.address_in_last(ref.offset);
  change.live_len = ref.len;
  change.live_crc = ref.crc;
  change.live_txid = ref.txid;
  change.live_segment = &address_space_.last();
}

void Projection::apply(const Change& prepared, RecordType type, const RecordRef& ref) noexcept {
  apply_in(address_space_.last(), &prepared, type, ref);
}

void Projection::apply_in(SegmentFile& segment, const Change* prepared, RecordType type,
                          const RecordRef& ref) noexcept {
  address_space_.count(segment, type, ref.len);
  segment.chain.add(ref.txid, ref.len, ref.crc);
  if (prepared != nullptr) change(segment, *prepared, type, segment.extents.address(ref.offset), ref.len);
}

}  // namespace datawal::kv
