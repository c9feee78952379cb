#include "interleave/runtime/memory_model.hpp"

#include <algorithm>

#include "interleave/runtime/memory.hpp"
#include "interleave/runtime/scheduler.hpp"

namespace datawal::interleave {

namespace {

bool acquires(int order) noexcept {
  return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME || order == __ATOMIC_ACQ_REL ||
         order == __ATOMIC_SEQ_CST;
}
bool releases(int order) noexcept {
  return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

}  // namespace

void MemoryModel::begin_run() noexcept {
  ++run_;
  sequential_ = {};
}

// The history of a place. What it held when the run began, or what a part of the program that is not watched has stored, everybody
// knows of.
MemoryModel::Place& MemoryModel::place_of(std::uintptr_t at, std::uint64_t now) {
  const memory::HostScope host;
  Place& place = places_[at];
  if (place.run != run_) {
    place.run = run_;
    place.stores.clear();
    place.taken.clear();
  }
  if (place.stores.empty() || place.stores.back().value != now) {
    Store unwatched{.value = now, .hash = now};
    if (!place.stores.empty()) unwatched.carried = place.stores.back().carried;
    place.stores.push_back(unwatched);
  }
  return place;
}

std::uint32_t MemoryModel::oldest_choice(const Place& place, const ThreadView& view, const Knowledge& sequential,
                                         int order) {
  auto oldest = static_cast<std::uint32_t>(place.stores.size() - 1);
  VectorClock visible = view.known.visible;
  const bool is_sequential = order == __ATOMIC_SEQ_CST;
  if (is_sequential) visible.join(sequential.visible);
  while (oldest > 0) {
    const Store& store = place.stores[oldest];
    if (visible.covers(store.made) || (is_sequential && store.is_sequential)) break;
    --oldest;
  }
  // Nor one that is older than what an earlier load took.
  for (const Taken& taken : place.taken) {
    if (taken.store > oldest && view.known.happened.covers(taken.when)) oldest = taken.store;
  }
  return oldest;
}

std::uint32_t MemoryModel::choices(const ThreadView& view, std::uintptr_t at, std::uint64_t now, int order) {
  const Place& place = place_of(at, now);
  const auto newest = static_cast<std::uint32_t>(place.stores.size() - 1);
  return newest == 0 ? 1 : newest - oldest_choice(place, view, sequential_, order) + 1;
}

void MemoryModel::learn(ThreadView& view, const Knowledge& carried, int order) noexcept {
  if (acquires(order)) {
    view.known.join(carried);
  } else {
    view.to_acquire.join(carried);
  }
}

std::uint64_t MemoryModel::load(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint32_t choice,
                                int order, std::uint64_t& hash) {
  const memory::HostScope host;
  Place& place = places_.at(at);
  const auto number = static_cast<std::uint32_t>(place.stores.size() - 1) - choice;
  const Store& store = place.stores[number];
  if (number != 0) {
    const Epoch now{thread, view.known.happened.of(thread)};
    const auto mine = [&](const Taken& taken) { return taken.when.thread == thread && taken.store == number; };
    if (std::ranges::none_of(place.taken, mine)) place.taken.push_back({now, number});
  }
  hash = store.hash;
  learn(view, store.carried, order);
  return store.value;
}

void MemoryModel::add(Place& place, ThreadView& view, std::uint32_t thread, std::uint64_t value, int order,
                      std::uint64_t hash, const Knowledge* continued) {
  Store store{.value = value,
              .made = {thread, view.known.happened.of(thread)},
              .is_sequential = order == __ATOMIC_SEQ_CST,
              .hash = hash,
              .carried = releases(order) ? view.known : view.released};
  if (continued != nullptr) store.carried.join(*continued);
  place.stores.push_back(store);
  view.known.tick(thread);
}

void MemoryModel::store(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint64_t now,
                        std::uint64_t value, int order, std::uint64_t hash) {
  Place& place = place_of(at, now);
  const memory::HostScope host;
  add(place, view, thread, value, order, hash, nullptr);
}

void MemoryModel::exchange(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint64_t now,
                           std::uint64_t value, int order, std::uint64_t hash) {
  Place& place = place_of(at, now);
  const memory::HostScope host;
  const Knowledge carried = place.stores.back().carried;
  learn(view, carried, order);
  add(place, view, thread, value, order, hash, &carried);
}

void MemoryModel::look(ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::uint64_t now, int order) {
  (void)place_of(at, now);
  std::uint64_t ignored = 0;
  (void)load(view, thread, at, 0, order, ignored);
}

void MemoryModel::fence(ThreadView& view, int order) {
  if (acquires(order)) view.known.join(view.to_acquire);
  if (order == __ATOMIC_SEQ_CST) {
    view.known.visible.join(sequential_.visible);
    sequential_.visible.join(view.known.happened);
  }
  if (releases(order)) view.released = view.known;
}

MemoryModel::Cell& MemoryModel::cell_of(std::uintptr_t at) {
  const std::uintptr_t number = at / (cell_bytes * cells_per_page);
  Recent& recent = recent_[number % recent_count];
  if (recent.page == nullptr || recent.number != number) [[unlikely]] {
    const Quiet quiet;
    const memory::HostScope host;
    std::unique_ptr<Page>& page = pages_[number];
    if (!page) page = std::make_unique<Page>();
    recent = {number, page.get()};
  }
  Cell& cell = recent.page->cells[at / cell_bytes % cells_per_page];
  if (cell.run != run_) {
    cell.run = run_;
    cell.is_freed = false;
    for (Slot& slot : cell.slots) slot.time = 0;
  }
  return cell;
}

bool MemoryModel::access(const ThreadView& view, std::uint32_t thread, std::uintptr_t at, std::size_t size,
                         bool is_store, bool is_atomic, Site site, Race& race) {
  const VectorClock& happened = view.known.happened;
  const std::uintptr_t end = at + size;
  for (std::uintptr_t begin = at; begin < end;) {
    const std::uintptr_t first = begin % cell_bytes;
    const std::uintptr_t length = std::min(cell_bytes - first, end - begin);
    const auto bytes = static_cast<std::uint8_t>(((1U << length) - 1U) << first);
    Cell& cell = cell_of(begin);
    if (cell.is_freed) {
      race = {.other = cell.slots[0].site, .other_thread = cell.slots[0].thread, .is_freed = true};
      return true;
    }
    Slot* place = nullptr;
    for (Slot& slot : cell.slots) {
      const bool is_known = slot.time == 0 || happened.covers({slot.thread, slot.time});
      const bool conflicts = !is_known && (slot.bytes & bytes) != 0 && (slot.is_store || is_store) &&
                             !(slot.is_atomic && is_atomic);
      if (conflicts) {
        race = {.other = slot.site, .other_thread = slot.thread, .is_other_store = slot.is_store};
        return true;
      }
      const bool is_same = slot.thread == thread && slot.bytes == bytes && slot.is_store == is_store &&
                           slot.is_atomic == is_atomic;
      if (is_same) {
        place = &slot;
        break;
      }
      if (slot.time == 0 || (is_known && slot.bytes == bytes && (is_store || !slot.is_store) && !is_atomic)) {
        if (place == nullptr) place = &slot;
      }
    }
    if (place == nullptr) place = &cell.slots[site % 4];
    *place = {.time = std::max(happened.of(thread), 1U),
              .thread = static_cast<std::uint8_t>(thread),
              .bytes = bytes,
              .is_store = is_store,
              .is_atomic = is_atomic,
              .site = site};
    begin += length;
  }
  return false;
}

void MemoryModel::freed(std::uintptr_t at, std::size_t size, std::uint32_t thread) {
  constexpr std::size_t most = 4096;  // of a larger block the beginning
  for (std::uintptr_t begin = at; begin < at + std::min(size, most); begin += cell_bytes) {
    Cell& cell = cell_of(begin);
    cell.is_freed = true;
    cell.slots[0].thread = static_cast<std::uint8_t>(thread);
    cell.slots[0].site = 0;
  }
}

}  // namespace datawal::interleave
