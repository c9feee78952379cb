#pragma once
// What consumers were told will stay.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <datawal/record.hpp>

#include "crash/scenario.hpp"

namespace datawal::crash {

/// The holds of a store, and the records that they keep.
class Held {
 public:
  /// The hold `name` is about to be set to `txid`, or dropped: from now on either may be so.
  void attempt(const std::string& name, std::optional<std::uint64_t> txid);
  /// It was acknowledged.
  void done(const std::string& name, std::optional<std::uint64_t> txid);

  /// These are there now: of them no hold lets one go.
  void there_are(const std::vector<Record>& records);

  /// Compares with what a recovery found. Behind it, that is so for good.
  void check(const std::string& directory, const std::vector<Record>& records, World& world);

  [[nodiscard]] std::uint64_t hash() const noexcept;

 private:
  /// What is certain to be held from; nullopt: nothing.
  [[nodiscard]] std::optional<std::uint64_t> floor() const;

  using Txid = std::optional<std::uint64_t>;     // nullopt: there is no such hold
  std::map<std::string, std::set<Txid>> holds_;  // what each may be
  std::set<std::uint64_t> kept_;                 // txids
};

}  // namespace datawal::crash
