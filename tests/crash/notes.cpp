#include "crash/notes.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <datawal/format.hpp>
#include <datawal/segment.hpp>

namespace datawal::crash {

std::string payload_of(std::uint64_t number, std::size_t size) {
  std::string payload = "#" + std::to_string(number) + "#";
  std::uint64_t state = number + 1;
  while (payload.size() < size) {
    state = mixed(state, payload.size());
    payload += static_cast<char>('!' + state % 90);
  }
  payload.resize(size);
  return payload;
}

void Notes::attempt(Given given) {
  ++number_;
  records_.push_back(std::make_shared<const Given>(std::move(given)));
}

void Notes::refused(std::size_t count) {
  refused_.assign(records_.end() - static_cast<std::ptrdiff_t>(count), records_.end());
  records_.resize(records_.size() - count);
}

void Notes::synced() noexcept {
  durable_ = kept_ = records_.size();
  refused_.clear();
}

void Notes::dropping(const std::vector<std::uint64_t>& beginnings) {
  beginnings_.insert(beginnings_.end(), beginnings.begin(), beginnings.end());
}

void Notes::lose_what_came_after(const Notes& before) noexcept {
  kept_ = durable_ = before.durable_;
  recovered_ = before.recovered_;
  power_lost_ = true;
}

bool Notes::is_given(std::size_t place, const Record& record, std::size_t count) const {
  const auto matches = [&](const GivenRef& given) {
    return given && given->type == record.type && given->key == record.key && given->payload == record.payload;
  };
  if (record.txid != place + 1) return false;
  if (place < records_.size() && matches(records_[place])) return true;
  // What was refused may stand where its successor, or nothing, stands by now.
  const std::size_t refused_place = std::max(kept_, durable_);
  const std::size_t refused_end = refused_place + refused_.size();
  return place >= refused_place && place < refused_end && count <= refused_end &&
         matches(refused_[place - refused_place]);
}

std::size_t Notes::prefix_of(const std::vector<Record>& records) const noexcept {
  const bool is_whole = !compacted_ && beginnings_.back() == 1;
  if (is_whole || records.empty()) return records.size();
  return static_cast<std::size_t>(records.back().txid);
}

std::size_t Notes::place_of(const std::vector<Record>& records, std::size_t i) const noexcept {
  if (compacted_) return static_cast<std::size_t>(records[i].txid) - 1;
  const bool has_dropped = std::ranges::find(beginnings_, records.front().txid) != beginnings_.end();
  return i + static_cast<std::size_t>(has_dropped ? records.front().txid - 1 : beginnings_.front() - 1);
}

// A compaction keeps every one of them.
void Notes::check_raw(const std::vector<Record>& records, World& world) const {
  std::size_t i = 0;
  for (std::size_t place = 0; place < std::min(prefix_of(records), records_.size()); ++place) {
    while (i < records.size() && records[i].txid <= place) ++i;
    const bool is_there = i < records.size() && records[i].txid == place + 1;
    if (!is_there && records_[place]->type == RecordType::Raw) {
      world.violated(Invariant::prefix_is_unaltered, "the Raw record " + std::to_string(place + 1) + " is missing");
    }
  }
}

void Notes::check(const std::vector<Record>& records, World& world) const {
  const std::size_t count = prefix_of(records);
  const std::string counts = std::to_string(count) + " found, " + std::to_string(records_.size()) + " given, " +
                             std::to_string(kept_) + " taken, " + std::to_string(durable_) + " synced";
  if (count < recovered_) {
    world.violated(Invariant::recovered_stays, counts + ", " + std::to_string(recovered_) + " recovered before");
  } else if (count < durable_) {
    world.violated(Invariant::acknowledged_is_there, counts);
  }
  if (!power_lost_ && count < kept_) world.violated(Invariant::kill_loses_nothing, counts);
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::size_t place = place_of(records, i);
    const bool is_in_order = records[i].txid > std::exchange(previous, records[i].txid);
    if (is_in_order && is_given(place, records[i], count)) continue;
    const bool is_extra = place >= records_.size();
    world.violated(is_extra ? Invariant::nothing_is_fabricated : Invariant::prefix_is_unaltered,
                   counts + "; wrong at " + std::to_string(i) + ", txid " + std::to_string(records[i].txid));
    return;
  }
}

void Notes::found(const std::vector<Record>& records, World& world) {
  check(records, world);
  if (compacted_) check_raw(records, world);
  static const GivenRef unknown = std::make_shared<const Given>();
  records_.resize(prefix_of(records), unknown);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const std::size_t place = place_of(records, i);
    if (place >= records_.size()) continue;  // of a mutant
    GivenRef& there = records_[place];
    Given given{record.type, record.key, record.payload};
    if (*there != given) there = std::make_shared<const Given>(std::move(given));
  }
  recovered_ = durable_ = kept_ = records_.size();
  refused_.clear();
  power_lost_ = false;
  if (!records.empty() && !compacted_) beginnings_.assign(1, records.front().txid);
}

std::map<std::string, std::string> Notes::fold() const {
  std::map<std::string, std::string> contents;
  for (const GivenRef& given : records_) {
    if (given->type == RecordType::Put) contents[given->key] = given->payload;
    if (given->type == RecordType::Delete) contents.erase(given->key);
  }
  return contents;
}

std::uint64_t Notes::hash() const noexcept {
  std::uint64_t hash = mixed(mixed(mixed(records_.size(), kept_), durable_), recovered_);
  for (const std::uint64_t beginning : beginnings_) hash = mixed(hash, beginning);
  return mixed(mixed(hash, number_), (refused_.empty() ? 0U : 2U) + (power_lost_ ? 1U : 0U));
}

void TornTails::expect(const safeatomic::sim::SimFileSystem& machine, const std::string& directory, bool is_on_disk) {
  std::vector<std::uint32_t> ids;
  for (const std::string& name : machine.peek_names(directory)) {
    if (const std::optional<std::uint32_t> id = segment::parse_filename(name)) ids.push_back(*id);
  }
  if (ids.empty()) return;
  std::ranges::sort(ids);
  std::uint64_t last_txid = 0;
  std::string content;
  std::string_view rest;
  for (const std::uint32_t id : ids) {
    content = machine.peek(directory + "/" + segment::path({}, id).string()).value_or("");
    rest = content;
    // A frame whose txid does not ascend is no record of this log, but an older file's.
    for (format::DecodeOutcome outcome = format::decode_next(rest); outcome && outcome.record.txid > last_txid;
         outcome = format::decode_next(rest)) {
      last_txid = outcome.record.txid;
      rest.remove_prefix(outcome.record.len);
    }
  }
  const std::size_t data = rest.find_last_not_of('\0');
  if (data == std::string_view::npos) return;
  tails_.push_back(
      {.prefix = segment::path({}, ids.back()).string() + ".torn-" + std::to_string(content.size() - rest.size()),
       .bytes = std::string(rest.substr(0, data + 1)),
       .is_durable = is_on_disk});
}

void TornTails::check(const std::string& directory, World& world) {
  if (tails_.empty()) return;
  const std::vector<std::string> names = world.machine.peek_names(directory);
  for (Tail& tail : tails_) {
    tail.is_durable = true;
    const bool is_kept = std::ranges::any_of(names, [&](const std::string& name) {
      return name.starts_with(tail.prefix) && world.machine.peek(std::filesystem::path(directory) / name) == tail.bytes;
    });
    if (!is_kept) {
      world.violated(Invariant::cut_bytes_are_kept, std::to_string(tail.bytes.size()) + " bytes of " + tail.prefix);
    }
  }
}

}  // namespace datawal::crash
