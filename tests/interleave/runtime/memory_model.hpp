#pragma once
// The memory model of C++, as far as a run that goes step by step can show it: a load may take any store that coherence allows,
// not only the newest; and two accesses of which neither happens before the other, one of them a plain one and one of them a
// store, are a data race.
//
// Stores of one place are ordered as they are made, and a load takes no store that is yet to be made: what only another order or
// a promise of that kind would show is not seen.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "interleave/runtime/clock.hpp"

namespace datawal::interleave {

using Site = std::uintptr_t;  ///< where in the program: a return address

/// Of one thread.
struct ThreadView {
  Knowledge known;
  Knowledge to_acquire;  ///< what relaxed loads have seen: an acquire fence makes it known
  Knowledge released;    ///< what was known at the last release fence: relaxed stores carry it
};

class MemoryModel {
 public:
  /// Forgets everything: the next run.
  void begin_run() noexcept;

  // Atomic objects. `now` is what memory holds.

  /// How many stores a load may take.
  [[nodiscard]] std::uint32_t choices(const ThreadView& view, std::uintptr_t at, std::uint64_t now, int order);
  /// Takes one of them; 0 is the newest.
  /// @return its value; `hash` gets which one it is
  std::uint64_t load(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint32_t choice, int order,
                     std::uint64_t& hash);
  /// @param hash  of the store, for load()
  void store(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint64_t now, std::uint64_t value,
             int order, std::uint64_t hash);
  /// Reads the newest and stores behind it.
  void exchange(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint64_t now, std::uint64_t value,
                int order, std::uint64_t hash);
  /// Reads the newest.
  void look(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint64_t now, int order);
  void fence(ThreadView& view, int order);

  // Plain and atomic accesses of memory, for races.

  struct Race {
    Site other = 0;
    std::uint32_t other_thread = 0;
    bool is_freed = false;  ///< the memory was given back
    bool is_other_store = false;
  };
  /// @return whether it races with an earlier one
  bool access(const ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::size_t size, bool is_store,
              bool is_atomic, Site site, Race& race);
  void freed(std::uintptr_t at, std::size_t size, std::uint32_t thread);

 private:
  struct Store {
    std::uint64_t value = 0;
    Epoch made{};
    bool is_sequential = false;
    std::uint64_t hash = 0;
    Knowledge carried{};  ///< what an acquiring load of it learns
  };
  struct Taken {
    Epoch when;
    std::uint32_t store = 0;
  };
  struct Place {
    std::uint64_t run = 0;
    std::vector<Store> stores;
    std::vector<Taken> taken;
  };
  struct Slot {
    std::uint32_t time = 0;  ///< 0: free
    std::uint8_t thread = 0;
    std::uint8_t bytes = 0;  ///< a bit for each
    bool is_store = false;
    bool is_atomic = false;
    Site site = 0;
  };
  struct Cell {
    std::uint64_t run = 0;
    bool is_freed = false;
    Slot slots[4];
  };
  static constexpr std::size_t cell_bytes = 8;
  static constexpr std::size_t cells_per_page = 512;
  struct Page {
    Cell cells[cells_per_page];
  };

  Place& place_of(std::uintptr_t at, std::uint64_t now);
  static std::uint32_t oldest_choice(const Place& place, const ThreadView& view, const Knowledge& sequential,
                                     int order);
  static void learn(ThreadView& view, const Knowledge& carried, int order) noexcept;
  void add(Place& place, ThreadView& view, std::uint32_t thread, std::uint64_t value, int order, std::uint64_t hash,
           const Knowledge* continued);
  Cell& cell_of(std::uintptr_t at);

  std::uint64_t run_ = 1;
  Knowledge sequential_;  ///< what all sequentially consistent fences so far have made visible
  std::unordered_map<std::uintptr_t, Place> places_;
  std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages_;
  struct Recent {
    std::uintptr_t number = 0;
    Page* page = nullptr;
  };
  static constexpr std::size_t recent_count = 512;
  Recent recent_[recent_count];
};

}  // namespace datawal::interleave
