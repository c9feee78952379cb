#pragma once
// Followers of a log that remember on another machine how far they have come, and what they were told.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "crash/notes.hpp"
#include "crash/scenario.hpp"

namespace datawal::crash {

/// What a follower has wrong on purpose.
enum class FollowerBug : std::uint8_t {
  none,
  takes_all_for_durable,  ///< the one that asks for what is durable is shown everything
  knows_by_place_alone,   ///< a record with the same place and txid is the same record
};

class Followers {
 public:
  explicit Followers(FollowerBug bug = FollowerBug::none) noexcept : bug_(bug) {}

  /// Both go on as far as there is anything. The other machine never fails.
  void look(const std::string& directory, World& world);

  /// These are the records of the log: what was told is true, but for what was taken back, if it is looked for.
  void compare(const std::vector<Record>& records, World& world) const;
  /// The same right behind a look: one was told them all, the other one the first `durable` at least.
  void compare_whole(const std::vector<Record>& records, std::size_t durable, World& world) const;

  [[nodiscard]] std::uint64_t hash() const noexcept;

 private:
  struct Account {
    bool only_durable = false;
    std::string cursor{};                   // the file it has saved
    std::map<std::uint64_t, Given> told{};  // by txid
  };
  void look(Account& account, const std::string& directory, World& world) const;

  FollowerBug bug_;
  std::array<Account, 2> accounts_ = {Account{.only_durable = true}, Account{.only_durable = false}};
};

}  // namespace datawal::crash
