#include "crash/held.hpp"

#include <algorithm>
#include <utility>

#include "format/holds.hpp"

namespace datawal::crash {

void Held::attempt(const std::string& name, std::optional<std::uint64_t> txid) {
  std::set<Txid>& states = holds_[name];
  if (states.empty()) states.insert(std::nullopt);
  states.insert(txid);
  const std::optional<std::uint64_t> lowest = floor();
  std::erase_if(kept_, [&](std::uint64_t kept) { return !lowest || kept <= *lowest; });
}

void Held::done(const std::string& name, std::optional<std::uint64_t> txid) { holds_[name] = {txid}; }

std::optional<std::uint64_t> Held::floor() const {
  std::optional<std::uint64_t> lowest;
  for (const auto& [name, states] : holds_) {
    if (states.contains(std::nullopt)) continue;
    const std::uint64_t certain = **states.rbegin();  // the others keep more
    lowest = std::min(lowest.value_or(certain), certain);
  }
  return lowest;
}

void Held::there_are(const std::vector<Record>& records) {
  const std::optional<std::uint64_t> lowest = floor();
  if (!lowest) return;
  for (const Record& record : records) {
    if (record.txid > *lowest) kept_.insert(record.txid);
  }
}

void Held::check(const std::string& directory, const std::vector<Record>& records, World& world) {
  std::set<std::uint64_t> there;
  for (const Record& record : records) there.insert(record.txid);
  const std::uint64_t last = there.empty() ? 0 : *there.rbegin();
  for (const std::uint64_t txid : kept_) {
    if (txid <= last && !there.contains(txid)) {
      world.violated(Invariant::held_is_there, "txid " + std::to_string(txid));
    }
  }
  if (holds_.empty()) return;
  format::DecodedHolds found{.file = format::HoldsFile::whole};
  if (const std::optional<std::string> text = world.machine.peek(directory + "/.holds")) {
    found = format::decode_holds(*text);
  }
  if (found.file != format::HoldsFile::whole) {
    world.violated(Invariant::held_is_there, "the file of the holds is damaged");
    return;
  }
  for (auto& [name, states] : holds_) {
    const auto at = std::ranges::find(found.holds, name, &Hold::name);
    const Txid now = at == found.holds.end() ? Txid() : Txid(at->txid);
    if (!states.contains(now)) {
      world.violated(Invariant::held_is_there,
                     "the hold " + name + " is " + (now ? std::to_string(*now) : std::string("gone")));
    }
    states = {now};
  }
  kept_.clear();
  there_are(records);
}

std::uint64_t Held::hash() const noexcept {
  std::uint64_t hash = kept_.size();
  for (const std::uint64_t txid : kept_) hash = mixed(hash, txid);
  for (const auto& [name, states] : holds_) {
    hash = mixed(hash, static_cast<std::uint64_t>(name.front()));
    for (const Txid& txid : states) hash = mixed(hash, txid ? *txid + 1 : 0);
  }
  return hash;
}

}  // namespace datawal::crash
