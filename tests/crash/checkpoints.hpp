#pragma once
// The checkpoints that were asked for: each whole or absent, and a store of its own.

#include <string>
#include <vector>

#include "crash/notes.hpp"
#include "crash/scenario.hpp"

namespace datawal::crash {

class Checkpoints {
 public:
  /// One of a log with these records is about to be made: the directory for it.
  [[nodiscard]] std::string attempt(const Notes& log);
  /// The directory of the newest that was made; empty if there is none.
  [[nodiscard]] std::string newest() const;
  /// The call has succeeded.
  void made() noexcept { copies_.back().is_made = true; }

  void lose_power() noexcept {
    for (Copy& copy : copies_) copy.notes.lose_power();
  }

  /// Looks at each behind a recovery of the log; unless that was the last one, appends to the newest.
  void check(World& world);

  [[nodiscard]] std::uint64_t hash() const noexcept;

 private:
  struct Copy {
    std::string directory;
    Notes notes;
    bool is_made = false;  // for good
  };
  /// Whether it is there, and sound.
  static bool check(Copy& copy, World& world);
  static void go_on(Copy& copy, World& world);

  std::vector<Copy> copies_;
};

}  // namespace datawal::crash
